select
    id as user_id,
    name as full_name,
    deleted_at as left_at,
    lower(trim(email)) as email,
    deleted_at is null as is_current
from {{ source('raw_copper', 'users') }}
