select
    account_id,
    account_key,
    name as account_name,
    currency,
    org_name,
    org_domain,
    connection_id
from {{ source('raw_simplefin', 'accounts') }}
