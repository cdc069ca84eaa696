select
    'cash_flow' as metric_id,
    cast(null as text) as person_key,
    occurred_on,
    amount as numerator,
    1 as denominator,
    reason,
    {{ receipt() }}
from {{ ref('int_finance__report_lines') }}
where report = 'cash_flow' and group_key = 'CashIncrease'
