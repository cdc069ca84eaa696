select
    portal_id,
    time_zone,
    upper(nullif(trim(company_currency), '')) as company_currency,
    ui_domain
from {{ source('raw_hubspot', 'account') }}
