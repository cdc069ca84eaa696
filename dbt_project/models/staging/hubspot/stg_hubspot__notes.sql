select
    id as note_id,
    hubspot_owner_id as owner_id,
    hs_note_body as body,
    hs_timestamp as noted_at,
    created_at,
    updated_at,
    {{ local_day('hs_timestamp') }} as note_day,
    {{ local_day('created_at') }} as created_day,
    {{ is_gone(source('raw_hubspot', 'notes')) }} as is_deleted
from {{ source('raw_hubspot', 'notes') }}
