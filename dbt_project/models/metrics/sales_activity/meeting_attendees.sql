select
    'meeting_attendees' as metric_id,
    meetings.person_key,
    meetings.start_day as occurred_on,
    coalesce(attendees.attendees, 0) as numerator,
    1 as denominator,
    case
        when meetings.is_deleted then 'deleted'
        when meetings.is_same_meeting then 'same_meeting'
        when meetings.start_day is null then 'no_date'
        when not meetings.has_begun then 'not_yet'
        when coalesce(meetings.outcome, '') <> 'COMPLETED' then coalesce(lower(meetings.outcome), meetings.no_outcome_because)
    end as reason,
    {{ receipt() }}
from {{ ref('int_hubspot__meetings') }} as meetings
left join {{ ref('int_hubspot__meeting_attendees') }} as attendees on meetings.event_id = attendees.event_id
