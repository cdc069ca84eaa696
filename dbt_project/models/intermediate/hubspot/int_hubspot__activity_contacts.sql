-- associations name a contact more than once when it was merged: one row is kept
select distinct
    links.from_type as activity_type,
    links.from_id as activity_id,
    coalesce(aliases.contact_id, links.to_id) as contact_id
from {{ ref('stg_hubspot__associations') }} as links
left join {{ ref('int_hubspot__contact_aliases') }} as aliases on links.to_id = aliases.alias_id
where links.from_type in ('call', 'meeting', 'email', 'note', 'task') and links.to_type = 'contact' and links.to_id is not null
