select
    'deals_total' as metric_id,
    person_key,
    occurred_on,
    1 as numerator,
    1 as denominator,
    case
        when is_deleted then 'deleted'
        when not is_in_pipeline then 'other_pipeline'
    end as reason,
    {{ receipt() }}
from {{ ref('int_hubspot__deal_quarters') }}
