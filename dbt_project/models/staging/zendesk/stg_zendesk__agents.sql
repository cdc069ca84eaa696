select
    id as agent_id,
    name as agent_name,
    role,
    lower(trim(email)) as email,
    removed_at,
    removed_at is null and role in ('agent', 'admin') and coalesce(active, true) and not coalesce(suspended, false) as is_current
from {{ source('raw_zendesk', 'agents') }}
