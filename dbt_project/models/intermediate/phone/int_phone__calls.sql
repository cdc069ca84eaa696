-- Calls of the sales people from the phone system (JustCall) and from what is logged in the CRM (Copper). JustCall writes its calls
-- into Copper too, so the same call may be there twice: same person, same other number (the last ten digits; one that is not known
-- contradicts nothing), start within copper.same_call_seconds. The phone system wins, each of its calls has one twin at most.
{% set seconds = 'cast(' ~ setting('copper.same_call_seconds', '120') ~ ' as bigint)' -%}
with people as (
    select
        person_key,
        lower(trim(email)) as email
    from {{ ref('people') }}
),

phone as (
    select
        'justcall' as source,
        cast(calls.call_id as text) as call_id,
        cast(calls.agent_id as text) as account_id,
        coalesce(accounts.person_key, people.person_key) as person_key,
        -- an agent may change the address: the one of now stands for all of the agent's calls
        coalesce(users.email, nullif(calls.agent_email, '')) as rep_email,
        calls.called_at as started_at,
        calls.call_day,
        calls.direction,
        calls.contact_number,
        calls.call_type = 'answered' as is_connected,
        calls.talk_seconds,
        calls.total_seconds,
        false as is_deleted,
        coalesce(nullif(trim(calls.contact_name), ''), calls.contact_number, 'Call ' || calls.call_id) as record_label
    from {{ ref('stg_justcall__calls') }} as calls
    left join {{ ref('stg_justcall__users') }} as users on calls.agent_id = users.agent_id
    left join {{ ref('int_people__accounts') }} as accounts
        on accounts.source = 'justcall' and cast(calls.agent_id as text) = accounts.account_id
    left join people on calls.agent_email = people.email
),

logged as (
    select
        'copper' as source,
        cast(activities.activity_id as text) as call_id,
        cast(activities.user_id as text) as account_id,
        accounts.person_key,
        users.email as rep_email,
        activities.happened_at as started_at,
        activities.activity_day as call_day,
        cast(null as text) as direction,
        activities.phone_number as contact_number,
        cast(null as boolean) as is_connected,
        cast(null as bigint) as talk_seconds,
        cast(null as bigint) as total_seconds,
        activities.is_deleted,
        types.activity_type_name || ' ' || activities.activity_id as record_label
    from {{ ref('stg_copper__activities') }} as activities
    inner join {{ ref('stg_copper__activity_types') }} as types
        on activities.category = types.category and activities.activity_type_id = types.activity_type_id
    left join {{ ref('stg_copper__users') }} as users on activities.user_id = users.user_id
    left join {{ ref('int_people__accounts') }} as accounts
        on accounts.source = 'copper' and cast(activities.user_id as text) = accounts.account_id
    where types.category = 'user' and not types.is_disabled and {{ in_setting('types.activity_type_name', 'copper.call_types') }}
),

calls as (
    select
        *,
        coalesce(person_key, rep_email) as rep,
        nullif(right(regexp_replace(contact_number, '\D', '', 'g'), 10), '') as number
    from phone
    union all
    select
        *,
        coalesce(person_key, rep_email) as rep,
        nullif(right(regexp_replace(contact_number, '\D', '', 'g'), 10), '') as number
    from logged
),

comparable as (
    select *
    from calls
    where rep is not null and started_at is not null and not is_deleted
),

-- a log entry follows its call: without a number it is taken to be about the call before it
guessed as (
    select
        logged_call.call_id,
        arg_max(phone_call.number, phone_call.started_at) as number
    from comparable as logged_call
    inner join comparable as phone_call
        on
            logged_call.rep = phone_call.rep
            and logged_call.started_at >= phone_call.started_at
            and logged_call.started_at <= phone_call.started_at + to_seconds({{ seconds }})
    where logged_call.source = 'copper' and logged_call.number is null and phone_call.source = 'justcall'
    group by logged_call.call_id
),

numbered as (
    select
        comparable.source,
        comparable.call_id,
        comparable.rep,
        comparable.started_at,
        coalesce(comparable.number, guessed.number) as number
    from comparable
    left join guessed on comparable.source = 'copper' and comparable.call_id = guessed.call_id
),

-- several calls with one number within minutes: the first there is the first here, and so on
gaps as (
    select
        *,
        coalesce(date_diff('second', lag(started_at) over one_number, started_at) > {{ seconds }}, true) as is_new
    from numbered
    where number is not null
    window one_number as (partition by rep, number order by started_at, source, call_id)
),

clusters as (
    select
        *,
        count(*) filter (where is_new) over (
            partition by rep, number order by started_at, source, call_id rows between unbounded preceding and current row
        ) as cluster
    from gaps
),

places as (
    select
        *,
        row_number() over (partition by source, rep, number, cluster order by started_at, call_id) as place
    from clusters
),

in_order as (
    select
        phone_call.call_id as phone_id,
        logged_call.call_id as logged_id
    from places as phone_call
    inner join places as logged_call
        on
            phone_call.rep = logged_call.rep
            and phone_call.number = logged_call.number
            and phone_call.cluster = logged_call.cluster
            and phone_call.place = logged_call.place
    where
        phone_call.source = 'justcall' and logged_call.source = 'copper'
        and abs(date_diff('second', phone_call.started_at, logged_call.started_at)) <= {{ seconds }}
),

remaining as (
    select comparable.*
    from comparable
    left join in_order on comparable.call_id = case comparable.source when 'justcall' then in_order.phone_id else in_order.logged_id end
    where in_order.phone_id is null
),

-- what is left, numbers that are not known among it: those two that are nearest to each other
apart as (
    select
        phone_call.call_id as phone_id,
        logged_call.call_id as logged_id,
        abs(date_diff('second', phone_call.started_at, logged_call.started_at)) as seconds_apart
    from remaining as phone_call
    inner join remaining as logged_call
        on
            phone_call.rep = logged_call.rep
            and logged_call.started_at >= phone_call.started_at - to_seconds({{ seconds }})
            and logged_call.started_at <= phone_call.started_at + to_seconds({{ seconds }})
    where
        phone_call.source = 'justcall' and logged_call.source = 'copper'
        and coalesce(phone_call.number = logged_call.number, true)
),

nearest as (
    select
        phone_id,
        logged_id
    from apart
    qualify
        row_number() over (partition by phone_id order by seconds_apart, logged_id) = 1
        and row_number() over (partition by logged_id order by seconds_apart, phone_id) = 1
),

twins as (
    select * from in_order
    union all
    select * from nearest
)

select
    calls.source,
    calls.call_id,
    calls.account_id,
    calls.person_key,
    calls.rep_email,
    calls.started_at,
    calls.call_day,
    calls.direction,
    calls.is_connected,
    calls.talk_seconds,
    calls.total_seconds,
    calls.is_deleted,
    coalesce(of_logged.phone_id is not null, false) as is_duplicate,
    coalesce(of_phone.logged_id, of_logged.phone_id) as twin_id,
    case when of_phone.logged_id is not null then 'copper' when of_logged.phone_id is not null then 'justcall' end as twin_source,
    'call' as record_type,
    calls.call_id as record_id,
    cast(null as text) as record_url,
    calls.record_label
from calls
left join twins as of_phone on calls.source = 'justcall' and calls.call_id = of_phone.phone_id
left join twins as of_logged on calls.source = 'copper' and calls.call_id = of_logged.logged_id
