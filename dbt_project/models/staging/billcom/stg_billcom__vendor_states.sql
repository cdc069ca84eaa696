select
    snapshot_date,
    vendor_id,
    upper(network_status) as network_status,
    upper(bank_account_status) as bank_account_status,
    upper(pay_by_type) as pay_by_type,
    upper(virtual_card_status) as virtual_card_status,
    coalesce(archived, false) as is_archived,
    track_1099 as is_1099,
    coalesce(has_tax_id, false) as has_tax_id
from {{ source('raw_billcom', 'vendor_states') }}
