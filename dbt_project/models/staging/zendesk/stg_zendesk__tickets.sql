{%- set reply_minutes = 'coalesce(measured.reply_minutes_calendar, measured.reply_seconds_calendar / 60.0)' -%}
with parts as (
    select * from {{ source('raw_zendesk', 'tickets') }}
),

-- a deletion says little more than that; what the ticket was is in its other parts, and a later one may lack the metrics
said as (
    select *
    from parts
    qualify row_number() over (partition by id order by part = 'deleted', generated_timestamp desc) = 1
),

measured as (
    select *
    from parts
    where part = 'ticket'
),

deleted as (
    select
        id,
        generated_timestamp
    from parts
    where part = 'deleted'
)

select
    said.id as ticket_id,
    said.status,
    said.priority,
    said.type as ticket_type,
    said.via_channel as channel,
    said.assignee_id,
    said.requester_id,
    said.submitter_id,
    said.group_id,
    said.organization_id,
    said.brand_id,
    said.satisfaction_score,
    said.created_at,
    said.updated_at,
    measured.solved_at,
    {{ plausible('measured.reopens', 'count') }} as reopens,
    {{ plausible('measured.replies', 'count') }} as replies,
    {{ plausible('measured.first_resolution_minutes_calendar', 'minutes') }} as first_resolution_minutes_calendar,
    {{ plausible('measured.first_resolution_minutes_business', 'minutes') }} as first_resolution_minutes_business,
    {{ plausible('measured.full_resolution_minutes_calendar', 'minutes') }} as full_resolution_minutes_calendar,
    {{ plausible('measured.full_resolution_minutes_business', 'minutes') }} as full_resolution_minutes_business,
    {{ plausible('measured.agent_wait_minutes_calendar', 'minutes') }} as agent_wait_minutes_calendar,
    {{ plausible('measured.requester_wait_minutes_calendar', 'minutes') }} as requester_wait_minutes_calendar,
    {{ plausible('measured.on_hold_minutes_calendar', 'minutes') }} as on_hold_minutes_calendar,
    {{ plausible('measured.reply_minutes_business', 'minutes') }} as reply_minutes_business,
    {{ local_day('said.created_at') }} as created_day,
    -- the title of a deleted ticket is nobody's business any more
    case when deleted.id is null or deleted.generated_timestamp < said.generated_timestamp then said.subject end as subject,
    -- messaging tickets may have seconds only
    {{ plausible(reply_minutes, 'minutes') }} as reply_minutes_calendar,
    {{ implausible_fields({
        'reply_minutes': (reply_minutes, 'minutes')
    }) }} as implausible,
    -- without its metric set, or with one from before the ticket's last news, a reply may have gone out that the desk did not report
    measured.id is null or measured.generated_timestamp < said.generated_timestamp as is_measured_before,
    coalesce(deleted.generated_timestamp >= said.generated_timestamp, false) as is_deleted
from said
left join measured on said.id = measured.id
left join deleted on said.id = deleted.id
