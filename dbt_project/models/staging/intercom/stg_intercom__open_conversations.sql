select
    snapshot_date as snapshot_day,
    conversation_id,
    snapshot_at,
    priority,
    source_type as channel,
    delivered_as,
    created_at,
    waiting_since,
    snoozed_until,
    coalesce(state, 'open') as state,
    nullif(admin_assignee_id, '0') as admin_id,
    nullif(team_assignee_id, '0') as team_id
from {{ source('raw_intercom', 'open_conversations') }}
