select
    'mql_count' as metric_id,
    person_key,
    occurred_on,
    coalesce(quantity, 0) as numerator,
    1 as denominator,
    reason,
    {{ receipt() }}
from {{ ref('int_marketing__funnel_entries') }}
where stage = 'mql'
