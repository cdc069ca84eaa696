select
    'ad_spend' as metric_id,
    cast(null as text) as person_key,
    occurred_on,
    coalesce(company_spend, 0) as numerator,
    1 as denominator,
    reason,
    campaign_name as segment,
    {{ receipt() }}
from {{ ref('int_marketing__ad_spend') }}
