select
    id as company_id,
    company_name,
    company_type as company_type_id,
    create_date as created_at,
    last_activity_date as last_activity_at,
    coalesce(is_active, false) as is_active
from {{ source('raw_autotask', 'companies') }}
