-- which logged call of the CRM (Copper) is which call of the phone system. JustCall writes its calls into Copper too, so the same call may
-- be recorded twice: same person, same number (an unknown number contradicts nothing), start within copper.same_call_seconds. Each call
-- has at most one twin
{% set seconds = 'cast(' ~ setting('copper.same_call_seconds', '120') ~ ' as bigint)' -%}
with comparable as (
    select *
    from {{ ref('int_phone__recorded_calls') }}
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
)

select * from in_order
union all
select * from nearest
