-- how long contacts waited for us. A wait begins with a message of a contact (an e-mail to us, a call that nobody took) and ends with our
-- next word (an e-mail, a call of ours, a call of theirs that we took). Further messages of the contact belong to the same wait while it
-- is at most hubspot.response_days old; after that we did not answer, and the next message begins another wait
{% set response_days = "to_days(cast(" ~ setting('hubspot.response_days', '14') ~ " as integer))" -%}
with recursive messages as (
    select
        'email' as record_type,
        email_id as activity_id,
        sent_at as happened_at,
        sent_day as happened_on,
        person_key,
        -- null: nobody knows whose word it is
        is_incoming as is_theirs,
        case when is_incoming is null then 'no_direction' end as unknown_because,
        source,
        record_id,
        record_url,
        record_label
    from {{ ref('int_hubspot__emails') }}
    where not is_deleted and sent_at <= {{ clock() }} and coalesce(email_status, '') not in ('BOUNCED', 'FAILED', 'SCHEDULED', 'SENDING')

    union all

    select
        'call' as record_type,
        call_id as activity_id,
        called_at as happened_at,
        call_day as happened_on,
        person_key,
        case when is_connected then false else direction = 'INBOUND' end as is_theirs,
        case when not is_connected and direction is null then 'no_direction' end as unknown_because,
        source,
        record_id,
        record_url,
        record_label
    from {{ ref('int_hubspot__calls') }}
    where not is_deleted and called_at <= {{ clock() }}
),

of_contacts as (
    select
        messages.*,
        links.contact_id,
        -- how often we had spoken before: what a contact says in between has one number
        count(*) filter (where not messages.is_theirs) over (
            partition by links.contact_id order by messages.happened_at, messages.activity_id rows unbounded preceding
        ) as our_words,
        min(case when not messages.is_theirs then messages.happened_at end) over (
            partition by links.contact_id order by messages.happened_at, messages.activity_id
            rows between 1 following and unbounded following
        ) as replied_at,
        first_value(case when not messages.is_theirs then messages.person_key end ignore nulls) over (
            partition by links.contact_id order by messages.happened_at, messages.activity_id
            rows between 1 following and unbounded following
        ) as replied_by
    from messages
    inner join {{ ref('int_hubspot__activity_contacts') }} as links
        on messages.record_type = links.activity_type and messages.activity_id = links.activity_id
),

-- when each wait begins: with the first message after our last word, and then with the first that finds the wait before it too old
beginnings as (
    select
        contact_id,
        our_words,
        min(happened_at) as began_at
    from of_contacts
    where is_theirs
    group by contact_id, our_words

    union all

    select
        beginnings.contact_id,
        beginnings.our_words,
        min(of_contacts.happened_at) as began_at
    from beginnings
    inner join of_contacts
        on
            beginnings.contact_id = of_contacts.contact_id
            and beginnings.our_words = of_contacts.our_words
            and of_contacts.is_theirs
            and of_contacts.happened_at > beginnings.began_at + {{ response_days }}
    group by beginnings.contact_id, beginnings.our_words, beginnings.began_at
),

waits as (
    select
        of_contacts.*,
        -- of two messages of one instant the first is the wait
        beginnings.began_at is null or row_number() over (
            partition by of_contacts.contact_id, of_contacts.our_words, of_contacts.happened_at order by of_contacts.activity_id
        ) > 1 as is_same_wait,
        of_contacts.replied_at <= of_contacts.happened_at + {{ response_days }} as is_answered
    from of_contacts
    left join beginnings
        on
            of_contacts.contact_id = beginnings.contact_id
            and of_contacts.our_words = beginnings.our_words
            and of_contacts.happened_at = beginnings.began_at
    where of_contacts.is_theirs or of_contacts.unknown_because is not null
),

-- a message to several contacts is one message: the first of them to get an answer decides
answered as (
    select
        *,
        {{ local_time('happened_at') }} as asked_time,
        {{ local_time('replied_at') }} as replied_time
    from waits
    qualify
        row_number() over (
            partition by record_type, activity_id
            order by coalesce(is_answered, false) desc, is_same_wait asc, replied_at asc, contact_id asc
        ) = 1
),

open_hours as (
    select
        answered.record_type,
        answered.activity_id,
        sum(
            greatest(
                date_diff(
                    'second',
                    greatest(answered.asked_time, days.day + cast({{ setting('calendar.business_day_start') }} as time)),
                    least(answered.replied_time, days.day + cast({{ setting('calendar.business_day_end') }} as time))
                ),
                0
            )
        ) as business_seconds
    from answered
    inner join {{ ref('int_calendar__days') }} as days
        on days.is_business_day and days.day between answered.happened_on and cast(answered.replied_time as date)
    where answered.is_answered
    group by answered.record_type, answered.activity_id
)

select
    answered.activity_id,
    coalesce(case when answered.is_answered then answered.replied_by end, answered.person_key) as person_key,
    answered.happened_on as asked_on,
    answered.happened_at as asked_at,
    case when answered.is_answered then answered.replied_at end as replied_at,
    case
        when answered.is_answered
            then cast(date_diff('second', answered.happened_at, answered.replied_at) as decimal(38, 9)) / 3600
    end as hours,
    case when answered.is_answered then cast(coalesce(open_hours.business_seconds, 0) as decimal(38, 9)) / 3600 end as business_hours,
    case
        when answered.unknown_because is not null then answered.unknown_because
        when answered.is_same_wait then 'same_wait'
        when not coalesce(answered.is_answered, false) then 'unanswered'
    end as reason,
    answered.source,
    answered.record_type,
    answered.record_id,
    answered.record_url,
    answered.record_label
from answered
left join open_hours on answered.record_type = open_hours.record_type and answered.activity_id = open_hours.activity_id
