select
    'ftas_attended' as metric_id,
    person_key,
    start_day as occurred_on,
    1 as numerator,
    1 as denominator,
    case
        when is_deleted then 'deleted'
        when start_day is null then 'no_date'
        when not has_begun then 'not_yet'
        when outcome is null then no_outcome_because
        when outcome <> 'COMPLETED' then lower(outcome)
        when not has_owner then 'no_owner'
    end as reason,
    {{ receipt() }}
from {{ ref('int_hubspot__meeting_people') }}
where is_first_appointment
