select
    id as billing_code_id,
    name as billing_code_name,
    use_type as use_type_id,
    coalesce(is_active, false) as is_active
from {{ source('raw_autotask', 'billing_codes') }}
