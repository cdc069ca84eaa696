select
    id as account_id,
    name as account_name,
    full_name,
    parent_id as parent_account_id,
    classification,
    account_type,
    account_sub_type,
    currency,
    created_at,
    updated_at,
    {{ plausible('current_balance', 'money') }} as current_balance,
    {{ implausible_fields({'current_balance': ('current_balance', 'money')}) }} as implausible,
    coalesce(is_active, false) as is_active
from {{ source('raw_quickbooks', 'accounts') }}
