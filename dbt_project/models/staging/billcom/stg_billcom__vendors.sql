select
    id as vendor_id,
    name as vendor_name,
    account_type,
    currency,
    upper(network_status) as network_status,
    upper(bank_account_status) as bank_account_status,
    upper(pay_by_type) as pay_by_type,
    upper(virtual_card_status) as virtual_card_status,
    created_time as created_at,
    updated_time as updated_at,
    coalesce(archived, false) as is_archived,
    coalesce(track_1099, false) as is_1099,
    coalesce(has_tax_id, false) as has_tax_id
from {{ source('raw_billcom', 'vendors') }}
