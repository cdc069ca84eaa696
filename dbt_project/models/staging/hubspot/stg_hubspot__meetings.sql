select
    id as meeting_id,
    hubspot_owner_id as owner_id,
    hs_attendee_owner_ids as attendee_owner_ids,
    hs_activity_type as meeting_type,
    hs_meeting_title as title,
    nullif(trim(hs_i_cal_uid), '') as calendar_uid,
    hs_meeting_end_time as ended_at,
    created_at,
    updated_at,
    -- one spelling of canceled
    nullif(replace(regexp_replace(upper(trim(hs_meeting_outcome)), '[^A-Z0-9]+', '_', 'g'), 'CANCELLED', 'CANCELED'), '') as outcome,
    coalesce(hs_meeting_start_time, hs_timestamp) as started_at,
    {{ local_day('coalesce(hs_meeting_start_time, hs_timestamp)') }} as start_day,
    {{ local_day('created_at') }} as created_day,
    {{ is_gone(source('raw_hubspot', 'meetings')) }} as is_deleted
from {{ source('raw_hubspot', 'meetings') }}
