select
    id as form_id,
    name as form_name,
    form_type,
    created_at,
    updated_at,
    archived_at,
    coalesce(archived, false) as is_deleted
from {{ source('raw_hubspot', 'forms') }}
