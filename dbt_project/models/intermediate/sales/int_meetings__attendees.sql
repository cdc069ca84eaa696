-- how many people a meeting had: colleagues and contacts, a merged contact once
select
    attendees.meeting_id,
    count(distinct attendees.attendee_type || coalesce(aliases.contact_id, attendees.attendee_id)) as attendees
from {{ ref('stg_hubspot__meeting_attendees') }} as attendees
left join {{ ref('int_contacts__aliases') }} as aliases
    on attendees.attendee_type = 'contact' and attendees.attendee_id = aliases.alias_id
group by attendees.meeting_id
