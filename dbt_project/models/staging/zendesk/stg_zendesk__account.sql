select
    subdomain,
    web_url
from {{ source('raw_zendesk', 'account') }}
