-- meetings that were set with members of the warm list
select distinct meetings.event_id
from {{ ref('int_hubspot__meetings') }} as meetings
inner join {{ ref('int_hubspot__activity_contacts') }} as links
    on links.activity_type = 'meeting' and meetings.meeting_id = links.activity_id
inner join {{ ref('int_hubspot__warm_list_memberships') }} as memberships
    on
        links.contact_id = memberships.contact_id
        and meetings.created_day >= memberships.from_day
        and meetings.created_day < memberships.until_day
