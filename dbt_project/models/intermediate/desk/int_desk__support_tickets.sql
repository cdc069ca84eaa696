-- both platforms in one shape, so that a metric need not know which one a company uses
with zendesk as (
    select
        'zendesk' as source,
        'ticket' as record_type,
        cast(tickets.ticket_id as text) as record_id,
        tickets.created_at,
        -- the minutes count from here
        tickets.created_at as asked_at,
        tickets.created_at + to_minutes(cast(tickets.reply_minutes_calendar as bigint)) as first_reply_at,
        cast(tickets.reply_minutes_calendar as decimal(18, 3)) as first_reply_minutes,
        cast(tickets.reply_minutes_business as decimal(18, 3)) as first_reply_business_minutes,
        tickets.reply_minutes_calendar is null and (tickets.is_measured_before or len(tickets.implausible) > 0) as is_reply_unknown,
        coalesce(tickets.status in ('solved', 'closed'), false) as is_closed,
        tickets.status,
        {{ in_setting('tickets.status', 'zendesk.open_statuses') }} and not tickets.is_deleted as is_open,
        tickets.channel,
        tickets.priority,
        agents.email as assignee_email,
        tickets.reopens,
        tickets.is_deleted,
        case
            when tickets.is_deleted then 'deleted'
            when {{ lies_ahead('tickets.created_at') }} then 'not_yet'
            when {{ in_setting('tickets.channel', 'zendesk.excluded_channels') }} then 'excluded_channel'
            when submitters.agent_id is not null then 'not_customer_initiated'
        end as reason,
        account.web_url || '/agent/tickets/' || tickets.ticket_id as record_url,
        concat_ws(' ', '#' || tickets.ticket_id, tickets.subject) as record_label
    from {{ ref('stg_zendesk__tickets') }} as tickets
    left join {{ ref('stg_zendesk__agents') }} as agents on tickets.assignee_id = agents.agent_id
    -- whoever opened it is, or was, one of the company's
    left join {{ ref('stg_zendesk__agents') }} as submitters on tickets.submitter_id = submitters.agent_id
    left join {{ ref('stg_zendesk__account') }} as account on true
),

intercom as (
    select
        'intercom' as source,
        'conversation' as record_type,
        talks.conversation_id as record_id,
        talks.created_at,
        coalesce(talks.first_contact_reply_at, talks.created_at) as asked_at,
        talks.first_admin_reply_at as first_reply_at,
        cast(date_diff('second', asked_at, talks.first_admin_reply_at) / 60.0 as decimal(18, 3)) as first_reply_minutes,
        -- office hours: comparable with the business minutes of Zendesk, never with the minutes of the wall clock
        cast(talks.reply_office_seconds / 60.0 as decimal(18, 3)) as first_reply_business_minutes,
        -- its statistics may be missing as a whole; where they are there, so are their counters
        talks.first_admin_reply_at is null and talks.parts is null and talks.reopens is null as is_reply_unknown,
        coalesce(talks.state = 'closed', false) as is_closed,
        talks.state as status,
        {{ in_setting('talks.state', 'intercom.open_states') }} and not talks.is_deleted as is_open,
        talks.channel,
        talks.priority,
        admins.email as assignee_email,
        talks.reopens,
        talks.is_deleted,
        case
            when talks.is_deleted then 'deleted'
            when {{ lies_ahead('talks.created_at') }} then 'not_yet'
            when not {{ in_setting('talks.delivered_as', 'intercom.counted_deliveries') }} then 'not_customer_initiated'
            when
                lower({{ setting('intercom.count_ai_only', default='false') }}) <> 'true'
                and talks.ai_agent_participated and talks.first_admin_reply_at is null and talks.state = 'closed'
                then 'ai_only'
        end as reason,
        account.web_url || '/a/inbox/' || account.app_id || '/inbox/conversation/' || talks.conversation_id as record_url,
        concat_ws(' ', '#' || talks.conversation_id, talks.title) as record_label
    from {{ ref('stg_intercom__conversations') }} as talks
    left join {{ ref('stg_intercom__admins') }} as admins on talks.admin_id = admins.admin_id
    left join {{ ref('stg_intercom__account') }} as account on true
),

together as (
    select * from zendesk
    union all
    select * from intercom
)

select
    together.*,
    addresses.person_key,
    {{ local_day('together.created_at') }} as created_day,
    together.first_reply_at is null and not together.is_reply_unknown as is_unanswered
from together
left join {{ ref('int_people__addresses') }} as addresses
    on together.source = addresses.source and together.assignee_email = addresses.address
