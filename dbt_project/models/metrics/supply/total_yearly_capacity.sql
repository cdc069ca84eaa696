select
    'total_yearly_capacity' as metric_id,
    cast(null as text) as person_key,
    snapshot_date as occurred_on,
    value as numerator,
    1 as denominator,
    reason,
    {{ receipt() }}
from {{ ref('int_figures__records') }}
where query_name = 'yearly_capacity'
