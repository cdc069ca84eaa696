with meetings as (
    select
        *,
        {{ in_setting('meeting_type', 'hubspot.first_appointment_types') }} as is_first_appointment,
        {{ in_setting('meeting_type', 'hubspot.coi_meeting_types') }} as is_coi,
        is_first_appointment and not is_deleted and outcome = 'RESCHEDULED' as is_moved
    from {{ ref('stg_hubspot__meetings') }}
),

met as (
    select
        meetings.meeting_id,
        meetings.created_at,
        memberships.contact_id is not null as is_listed,
        -- when this contact's first appointment was first moved; what is set for them afterwards is the same appointment again
        min(case when meetings.is_moved then meetings.created_at end) over (partition by links.contact_id) as first_moved_at
    from meetings
    inner join {{ ref('int_activities__contacts') }} as links on links.activity_type = 'meeting' and meetings.meeting_id = links.activity_id
    left join {{ ref('int_warm_list__memberships') }} as memberships
        on
            links.contact_id = memberships.contact_id
            and meetings.created_day >= memberships.from_day
            and meetings.created_day < memberships.until_day
),

per_meeting as (
    select
        meeting_id,
        bool_or(is_listed) as is_listed,
        coalesce(bool_or(created_at > first_moved_at), false) as is_reschedule
    from met
    group by meeting_id
)

select
    meetings.meeting_id,
    meetings.owner_id,
    meetings.attendee_owner_ids,
    accounts.person_key,
    meetings.meeting_type,
    meetings.outcome,
    meetings.created_day,
    meetings.start_day,
    meetings.is_deleted,
    meetings.is_first_appointment,
    meetings.is_coi,
    coalesce(per_meeting.is_listed, false) as is_listed,
    coalesce(per_meeting.is_reschedule, false) as is_reschedule,
    'hubspot' as source,
    'meeting' as record_type,
    meetings.meeting_id as record_id,
    {{ hubspot_url('0-47', 'meetings.meeting_id') }} as record_url,
    coalesce(nullif(trim(meetings.title), ''), 'Meeting ' || meetings.meeting_id) as record_label
from meetings
left join per_meeting on meetings.meeting_id = per_meeting.meeting_id
left join {{ ref('int_people__accounts') }} as accounts
    on accounts.source = 'hubspot' and meetings.owner_id = accounts.account_id
