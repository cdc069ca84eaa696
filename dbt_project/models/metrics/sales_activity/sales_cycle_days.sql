select
    'sales_cycle_days' as metric_id,
    person_key,
    closed_on as occurred_on,
    greatest(coalesce(closed_on - created_day, 0), 0) as numerator,
    1 as denominator,
    case
        when is_deleted then 'deleted'
        when not is_in_pipeline then 'other_pipeline'
        when created_day is null then 'no_date'
    end as reason,
    {{ receipt() }}
from {{ ref('int_hubspot__deals') }}
where deal_state = 'won'
