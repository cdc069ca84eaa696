select
    'new_inventory_value_q1' as metric_id,
    cast(null as text) as person_key,
    day as occurred_on,
    value as numerator,
    1 as denominator,
    reason,
    {{ receipt() }}
from {{ ref('int_figures__records') }}
where query_name = 'new_inventory_value' and is_newest and day is not null
