select
    id as agent_id,
    name as full_name,
    role,
    timezone as time_zone,
    deleted_at as left_at,
    lower(trim(email)) as email,
    deleted_at is null as is_current
from {{ source('raw_justcall', 'users') }}
