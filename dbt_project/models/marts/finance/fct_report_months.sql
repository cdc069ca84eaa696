select distinct
    report,
    occurred_on as month_start,
    accounting_method,
    currency,
    through_day,
    reason is null as is_counted
from {{ ref('int_finance__report_lines') }}
