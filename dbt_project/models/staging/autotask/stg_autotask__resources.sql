select
    id as resource_id,
    first_name,
    last_name,
    resource_type,
    title,
    lower(trim(email)) as email,
    coalesce(is_active, false) as is_active
from {{ source('raw_autotask', 'resources') }}
