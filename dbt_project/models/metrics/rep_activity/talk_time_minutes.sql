-- only the phone system knows how long people talked
select
    'talk_time_minutes' as metric_id,
    person_key,
    call_day as occurred_on,
    cast(coalesce(talk_seconds, 0) as decimal(38, 9)) / 60 as numerator,
    1 as denominator,
    case
        when account_id is null then 'no_rep'
        when is_ahead then 'not_yet'
        -- a call that nobody answered has no talk time; of any other one it is unknown
        when talk_seconds is null and coalesce(is_connected, true) then 'no_duration'
    end as reason,
    {{ receipt() }}
from {{ ref('int_phone__calls') }}
where source = 'justcall'
