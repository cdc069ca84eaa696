select
    'revenue' as metric_id,
    cast(null as text) as person_key,
    occurred_on,
    amount as numerator,
    1 as denominator,
    reason,
    {{ receipt() }}
from {{ ref('int_finance__report_lines') }}
where report = 'profit_and_loss' and group_key = 'Income'
