select
    id as group_id,
    name as group_name,
    coalesce(deleted, false) as is_deleted
from {{ source('raw_zendesk', 'groups') }}
