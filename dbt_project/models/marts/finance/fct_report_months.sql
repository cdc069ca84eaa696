select
    report,
    occurred_on as month_start,
    accounting_method,
    currency,
    through_day,
    bool_and(coalesce(reason <> 'other_currency', true)) as is_counted
from {{ ref('int_finance__report_lines') }}
group by report, occurred_on, accounting_method, currency, through_day
