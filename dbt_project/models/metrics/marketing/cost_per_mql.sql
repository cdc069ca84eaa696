-- what was spent, divided by the leads of the same days
select
    'cost_per_mql' as metric_id,
    cast(null as text) as person_key,
    occurred_on,
    coalesce(company_spend, 0) as numerator,
    0 as denominator,
    reason,
    {{ receipt() }}
from {{ ref('int_marketing__ad_spend') }}

union all

select
    'cost_per_mql' as metric_id,
    person_key,
    occurred_on,
    0 as numerator,
    coalesce(quantity, 0) as denominator,
    reason,
    {{ receipt() }}
from {{ ref('int_marketing__funnel_entries') }}
where stage = 'mql'
