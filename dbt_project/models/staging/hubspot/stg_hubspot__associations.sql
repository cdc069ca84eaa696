select
    from_type,
    from_id,
    to_type,
    to_id
from {{ source('raw_hubspot', 'associations') }}
