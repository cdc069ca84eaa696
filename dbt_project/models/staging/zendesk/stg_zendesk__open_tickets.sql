select
    snapshot_date as snapshot_day,
    ticket_id,
    snapshot_at,
    status,
    priority,
    via_channel as channel,
    assignee_id,
    group_id,
    created_at
from {{ source('raw_zendesk', 'open_tickets') }}
