select
    id as owner_id,
    first_name,
    last_name,
    type as owner_type,
    user_id,
    team_name,
    lower(trim(email)) as email,
    coalesce(archived, false) as is_archived
from {{ source('raw_hubspot', 'owners') }}
