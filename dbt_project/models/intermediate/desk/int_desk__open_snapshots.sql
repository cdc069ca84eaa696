-- what was open on each day; of a day without a row only the ledger knows whether nothing was open or nobody looked
with zendesk as (
    select
        'zendesk' as source,
        'ticket' as record_type,
        snapshots.snapshot_day,
        snapshots.snapshot_at,
        cast(snapshots.ticket_id as text) as record_id,
        snapshots.status,
        snapshots.created_at,
        snapshots.channel,
        snapshots.priority,
        agents.email as assignee_email,
        case
            when {{ in_setting('snapshots.channel', 'zendesk.excluded_channels') }} then 'excluded_channel'
            when snapshots.status is null then 'no_status'
            when not {{ in_setting('snapshots.status', 'zendesk.open_statuses') }} then 'status'
        end as reason
    from {{ ref('stg_zendesk__open_tickets') }} as snapshots
    left join {{ ref('stg_zendesk__agents') }} as agents on snapshots.assignee_id = agents.agent_id
),

intercom as (
    select
        'intercom' as source,
        'conversation' as record_type,
        snapshots.snapshot_day,
        snapshots.snapshot_at,
        snapshots.conversation_id as record_id,
        snapshots.state as status,
        snapshots.created_at,
        snapshots.channel,
        snapshots.priority,
        admins.email as assignee_email,
        case
            when not {{ in_setting('snapshots.state', 'intercom.open_states') }} then 'status'
            when not {{ in_setting('snapshots.delivered_as', 'intercom.counted_deliveries') }} then 'not_customer_initiated'
        end as reason
    from {{ ref('stg_intercom__open_conversations') }} as snapshots
    left join {{ ref('stg_intercom__admins') }} as admins on snapshots.admin_id = admins.admin_id
),

together as (
    select * from zendesk
    union all
    select * from intercom
)

select
    together.* replace (
        coalesce(together.reason, case when tickets.reason = 'not_customer_initiated' then 'not_customer_initiated' end) as reason
    ),
    date_diff('hour', together.created_at, together.snapshot_at) as age_hours,
    coalesce(together.reason, case when tickets.reason = 'not_customer_initiated' then tickets.reason end) is null as is_open,
    tickets.person_key,
    tickets.record_url,
    coalesce(tickets.record_label, '#' || together.record_id) as record_label
from together
left join {{ ref('int_desk__support_tickets') }} as tickets on together.source = tickets.source and together.record_id = tickets.record_id
