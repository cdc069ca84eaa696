select
    portal_id,
    time_zone,
    company_currency,
    ui_domain
from {{ source('raw_hubspot', 'account') }}
