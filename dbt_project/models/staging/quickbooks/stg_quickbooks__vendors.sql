select
    id as vendor_id,
    display_name as vendor_name,
    company_name,
    email,
    currency,
    created_at,
    updated_at,
    {{ plausible('balance', 'money') }} as open_amount,
    {{ implausible_fields({'open_amount': ('balance', 'money')}) }} as implausible,
    coalesce(is_active, false) as is_active,
    coalesce(is_1099, false) as is_1099,
    coalesce(has_tax_id, false) as has_tax_id,
    coalesce(is_1099, false) and not coalesce(has_tax_id, false) as lacks_w9
from {{ source('raw_quickbooks', 'vendors') }}
