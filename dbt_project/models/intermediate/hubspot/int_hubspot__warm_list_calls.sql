-- the calls that reached members of the warm list: a separate model, so that an account without the list only lacks its numbers
select
    reached.call_id,
    count(*) as listed_contacts,
    count(*) filter (where reached.is_decision_maker) as listed_decision_makers,
    count(*) filter (where reached.is_decision_maker and reached.is_first_of_day) as listed_first_conversations
from {{ ref('int_hubspot__call_contacts') }} as reached
inner join {{ ref('int_hubspot__warm_list_memberships') }} as memberships
    on
        reached.contact_id = memberships.contact_id
        and reached.call_day >= memberships.from_day
        and reached.call_day < memberships.until_day
group by reached.call_id
