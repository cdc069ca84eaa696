select
    id as customer_id,
    display_name as customer_name,
    company_name,
    parent_id as parent_customer_id,
    email,
    currency,
    balance as open_amount,
    created_at,
    updated_at,
    coalesce(is_active, false) as is_active,
    coalesce(is_job, false) as is_sub_customer
from {{ source('raw_quickbooks', 'customers') }}
