select
    'deals_in_progress' as metric_id,
    person_key,
    occurred_on,
    1 as numerator,
    1 as denominator,
    case
        when is_deleted then 'deleted'
        when not is_in_pipeline then 'other_pipeline'
        when state_in_quarter <> 'in_progress' then state_in_quarter
    end as reason,
    {{ receipt() }}
from {{ ref('int_hubspot__deal_quarters') }}
