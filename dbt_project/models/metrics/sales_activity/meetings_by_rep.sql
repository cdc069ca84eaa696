select
    'meetings_by_rep' as metric_id,
    person_key,
    start_day as occurred_on,
    1 as numerator,
    1 as denominator,
    case
        when is_deleted then 'deleted'
        when start_day is null then 'no_date'
        when outcome = 'CANCELED' then 'canceled'
        when outcome = 'RESCHEDULED' then 'rescheduled'
        when not has_begun then 'not_yet'
        when not has_owner then 'no_owner'
        -- it may have been canceled
        when no_outcome_because = 'outcomes_missing' then no_outcome_because
    end as reason,
    {{ receipt() }}
from {{ ref('int_hubspot__meeting_people') }}
