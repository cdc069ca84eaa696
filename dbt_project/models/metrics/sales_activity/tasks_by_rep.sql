select
    'tasks_by_rep' as metric_id,
    person_key,
    coalesce(completed_day, created_day) as occurred_on,
    1 as numerator,
    1 as denominator,
    case
        when is_deleted then 'deleted'
        when not is_completed then 'not_complete'
        when completed_day is null then 'no_date'
        when is_ahead then 'not_yet'
        when owner_id is null then 'no_owner'
    end as reason,
    {{ receipt() }}
from {{ ref('int_hubspot__tasks') }}
