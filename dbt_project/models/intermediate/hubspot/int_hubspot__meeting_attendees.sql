-- how many people a meeting had: colleagues and contacts, a merged contact once
select
    meetings.event_id,
    count(distinct attendees.attendee_type || coalesce(aliases.contact_id, attendees.attendee_id)) as attendees
from {{ ref('stg_hubspot__meeting_attendees') }} as attendees
inner join {{ ref('int_hubspot__meetings') }} as meetings on attendees.meeting_id = meetings.meeting_id
left join {{ ref('int_hubspot__contact_aliases') }} as aliases
    on attendees.attendee_type = 'contact' and attendees.attendee_id = aliases.alias_id
group by meetings.event_id
