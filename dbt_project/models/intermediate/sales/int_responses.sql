-- how long contacts waited for us. A wait begins with the first message of a contact (an e-mail to us, a call that nobody took) that
-- follows our last word, and ends with our next one (an e-mail, a call of ours, a call of theirs that we took)
with messages as (
    select
        'email' as record_type,
        email_id as activity_id,
        sent_at as happened_at,
        sent_day as happened_on,
        person_key,
        is_incoming as is_theirs,
        source,
        record_id,
        record_url,
        record_label
    from {{ ref('int_emails') }}
    where not is_deleted and sent_at is not null and coalesce(email_status, '') not in ('BOUNCED', 'FAILED', 'SCHEDULED', 'SENDING')

    union all

    select
        'call' as record_type,
        call_id as activity_id,
        called_at as happened_at,
        call_day as happened_on,
        person_key,
        direction = 'INBOUND' and not is_connected as is_theirs,
        source,
        record_id,
        record_url,
        record_label
    from {{ ref('int_calls') }}
    where not is_deleted and called_at is not null and direction is not null
),

of_contacts as (
    select
        messages.*,
        links.contact_id,
        lag(messages.is_theirs) over of_contact as was_theirs,
        min(case when not messages.is_theirs then messages.happened_at end) over (
            partition by links.contact_id order by messages.happened_at, messages.activity_id
            rows between 1 following and unbounded following
        ) as replied_at,
        first_value(case when not messages.is_theirs then messages.person_key end ignore nulls) over (
            partition by links.contact_id order by messages.happened_at, messages.activity_id
            rows between 1 following and unbounded following
        ) as replied_by
    from messages
    inner join {{ ref('int_activities__contacts') }} as links
        on messages.record_type = links.activity_type and messages.activity_id = links.activity_id
    window of_contact as (partition by links.contact_id order by messages.happened_at, messages.activity_id)
),

waits as (
    select
        *,
        coalesce(was_theirs, false) as is_same_wait,
        replied_at <= happened_at + to_days(cast({{ setting('hubspot.response_days', '14') }} as integer)) as is_answered
    from of_contacts
    where is_theirs
),

-- a message to several contacts is one message: the first of them to get an answer tells
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
