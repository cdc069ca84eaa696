select
    id as company_id,
    name as company_name,
    domain,
    industry,
    numberofemployees as employees,
    lifecyclestage as lifecycle_stage,
    hubspot_owner_id as owner_id,
    hs_merged_object_ids as merged_ids,
    created_at,
    updated_at,
    {{ local_day('created_at') }} as created_day,
    {{ is_gone(source('raw_hubspot', 'companies')) }} as is_deleted
from {{ source('raw_hubspot', 'companies') }}
