select
    id as customer_id,
    display_name as customer_name,
    company_name,
    parent_id as parent_customer_id,
    email,
    currency,
    created_at,
    updated_at,
    {{ plausible('balance', 'money') }} as open_amount,
    {{ implausible_fields({'open_amount': ('balance', 'money')}) }} as implausible,
    coalesce(is_active, false) as is_active,
    coalesce(is_job, false) as is_sub_customer
from {{ source('raw_quickbooks', 'customers') }}
