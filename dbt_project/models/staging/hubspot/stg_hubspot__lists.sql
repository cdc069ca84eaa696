select
    id as list_id,
    name as list_name,
    size as list_size,
    processing_type
from {{ source('raw_hubspot', 'lists') }}
