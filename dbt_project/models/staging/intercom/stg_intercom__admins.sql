select
    id as admin_id,
    name as admin_name,
    removed_at,
    lower(trim(email)) as email,
    coalesce(has_inbox_seat, false) as has_inbox_seat,
    removed_at is null as is_current
from {{ source('raw_intercom', 'admins') }}
