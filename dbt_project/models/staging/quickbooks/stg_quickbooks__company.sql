select
    id as company_id,
    company_name,
    country,
    fiscal_year_start_month,
    report_basis,
    is_multi_currency,
    home_currency
from {{ source('raw_quickbooks', 'company') }}
