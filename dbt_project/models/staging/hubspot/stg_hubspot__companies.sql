select
    id as company_id,
    name as company_name,
    domain,
    industry,
    lifecyclestage as lifecycle_stage,
    hubspot_owner_id as owner_id,
    hs_merged_object_ids as merged_ids,
    created_at,
    updated_at,
    {{ plausible('numberofemployees', 'count') }} as employees,
    {{ implausible_fields({'employees': ('numberofemployees', 'count')}) }} as implausible,
    {{ local_day('created_at') }} as created_day,
    {{ is_gone(source('raw_hubspot', 'companies')) }} as is_deleted
from {{ source('raw_hubspot', 'companies') }}
