select
    pipeline_id,
    id as stage_id,
    label as stage_label,
    display_order,
    last_seen_at,
    {{ plausible('probability', 'percent') }} as probability,
    {{ implausible_fields({'probability': ('probability', 'percent')}) }} as implausible,
    coalesce(is_closed, false) as is_closed
from {{ source('raw_hubspot', 'deal_stages') }}
