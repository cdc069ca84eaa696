select
    pipeline_id,
    id as stage_id,
    label as stage_label,
    display_order,
    probability,
    last_seen_at,
    coalesce(is_closed, false) as is_closed
from {{ source('raw_hubspot', 'deal_stages') }}
