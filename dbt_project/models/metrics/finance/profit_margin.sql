select
    'profit_margin' as metric_id,
    cast(null as text) as person_key,
    occurred_on,
    amount as numerator,
    income as denominator,
    reason,
    {{ receipt() }}
from {{ ref('int_finance__report_lines') }}
where report = 'profit_and_loss' and group_key = 'NetIncome'
