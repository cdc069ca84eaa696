select
    id as call_id,
    hubspot_owner_id as owner_id,
    hs_call_disposition as outcome_id,
    hs_call_status as call_status,
    hs_call_title as title,
    hs_activity_type as activity_type,
    hs_object_source_label as logged_by,
    hs_timestamp as called_at,
    created_at,
    updated_at,
    {{ plausible('hs_call_duration', 'milliseconds') }} as duration_ms,
    {{ implausible_fields({'duration_ms': ('hs_call_duration', 'milliseconds')}) }} as implausible,
    upper(trim(hs_call_direction)) as direction,
    {{ local_day('hs_timestamp') }} as call_day,
    {{ is_gone(source('raw_hubspot', 'calls')) }} as is_deleted
from {{ source('raw_hubspot', 'calls') }}
