select
    id as account_id,
    name as account_name,
    full_name,
    parent_id as parent_account_id,
    classification,
    account_type,
    account_sub_type,
    currency,
    current_balance,
    created_at,
    updated_at,
    coalesce(is_active, false) as is_active
from {{ source('raw_quickbooks', 'accounts') }}
