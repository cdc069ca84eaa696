with meetings as (
    select
        *,
        {{ in_setting('meeting_type', 'hubspot.first_appointment_types') }} as is_first_appointment,
        {{ in_setting('meeting_type', 'hubspot.coi_meeting_types') }} as is_coi,
        is_first_appointment and not is_deleted as is_appointment,
        -- one meeting in the calendars of two colleagues is two records: the first of them names both
        case
            when calendar_uid is not null and started_at is not null
                then first_value(meeting_id) over (partition by calendar_uid, started_at, is_deleted order by created_at, meeting_id)
            else meeting_id
        end as event_id
    from {{ ref('stg_hubspot__meetings') }}
),

met as (
    select
        meetings.event_id,
        meetings.created_at,
        meetings.started_at,
        meetings.outcome,
        meetings.is_appointment,
        links.contact_id
    from meetings
    inner join {{ ref('int_hubspot__activity_contacts') }} as links
        on links.activity_type = 'meeting' and meetings.meeting_id = links.activity_id
),

-- what is set for a contact after their first appointment was moved is the same appointment again, until it has taken place
reschedules as (
    select distinct later.event_id
    from met as later
    inner join met as moved
        on
            later.contact_id = moved.contact_id
            and later.event_id <> moved.event_id
            and later.created_at > moved.created_at
            and moved.is_appointment
            and moved.outcome = 'RESCHEDULED'
    left join met as held
        on
            moved.contact_id = held.contact_id
            and moved.created_at < held.created_at
            and later.created_at > held.started_at
            and held.is_appointment
            and coalesce(held.outcome, '') not in ('RESCHEDULED', 'CANCELED', 'NO_SHOW')
    where later.is_appointment and held.event_id is null
)

select
    meetings.meeting_id,
    meetings.event_id,
    meetings.owner_id,
    meetings.attendee_owner_ids,
    accounts.person_key,
    meetings.meeting_type,
    meetings.outcome,
    -- a meeting may have no outcome; that not one has, nobody believes
    case
        when meetings.outcome is null
            then case when max(meetings.outcome) over () is null then 'outcomes_missing' else 'no_outcome' end
    end as no_outcome_because,
    min(meetings.created_day) over (partition by meetings.event_id) as created_day,
    meetings.start_day,
    coalesce(meetings.started_at <= {{ clock() }}, false) as has_begun,
    meetings.is_deleted,
    meetings.is_first_appointment,
    meetings.is_coi,
    reschedules.event_id is not null as is_reschedule,
    -- one colleague with two records of an event: the second is none
    row_number() over (
        partition by meetings.event_id, accounts.person_key order by meetings.created_at, meetings.meeting_id
    ) > 1 as is_same_meeting,
    'hubspot' as source,
    'meeting' as record_type,
    -- a team that counts each record once counts an event once
    case when is_same_meeting then meetings.meeting_id else meetings.event_id end as record_id,
    {{ hubspot_url('0-47', 'meetings.meeting_id') }} as record_url,
    coalesce(nullif(trim(meetings.title), ''), 'Meeting ' || meetings.meeting_id) as record_label
from meetings
left join reschedules on meetings.event_id = reschedules.event_id
left join {{ ref('int_people__accounts') }} as accounts
    on accounts.source = 'hubspot' and meetings.owner_id = accounts.account_id
