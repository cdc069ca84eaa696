select
    snapshot_date,
    vendor_id,
    coalesce(is_active, false) as is_active,
    is_1099,
    coalesce(has_tax_id, false) as has_tax_id
from {{ source('raw_quickbooks', 'vendor_states') }}
