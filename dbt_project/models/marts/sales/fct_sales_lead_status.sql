-- the present status of a period's leads
select
    spans.period_key,
    coalesce(owners.shown_key, 'all') as owner_key,
    coalesce(contacts.lead_status, 'NONE') as lead_status,
    case when contacts.lead_status is null then 'No status' else {{ words('contacts.lead_status') }} end as status_label,
    count(*) as contacts
from {{ ref('int_crm__contacts') }} as contacts
inner join {{ ref('int_sales__owners') }} as owners on contacts.owner_key = owners.owner_key
inner join {{ ref('int_sales__spans') }} as spans
    on spans.part = 'period' and contacts.lead_day between spans.first_day and spans.last_day
where not contacts.is_deleted
group by grouping sets (
    (spans.period_key, owners.shown_key, contacts.lead_status), (spans.period_key, contacts.lead_status)
)
