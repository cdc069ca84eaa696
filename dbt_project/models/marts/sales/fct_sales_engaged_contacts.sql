-- the twenty contacts with the most activities in a period, by owner. It holds names: pages only show them to people who may see
-- them
with done as (
    select
        spans.period_key,
        coalesce(owners.shown_key, 'all') as owner_key,
        links.contact_id,
        count(*) as activities,
        max(activities.day) as last_day
    from {{ ref('int_hubspot__activity_contacts') }} as links
    inner join {{ ref('int_crm__activities') }} as activities
        on
            activities.source = 'hubspot' and links.activity_type = activities.activity_type and links.activity_id = activities.activity_id
            and not activities.is_deleted
    inner join {{ ref('int_sales__owners') }} as owners on activities.owner_key = owners.owner_key
    inner join {{ ref('int_sales__spans') }} as spans
        on spans.part = 'period' and activities.day between spans.first_day and spans.last_day
    group by grouping sets ((spans.period_key, owners.shown_key, links.contact_id), (spans.period_key, links.contact_id))
),

companies as (
    select
        links.from_id as contact_id,
        min(companies.company_name) as company_name
    from {{ ref('stg_hubspot__associations') }} as links
    inner join {{ ref('int_crm__companies') }} as companies on links.to_id = companies.company_id
    where links.from_type = 'contact' and links.to_type = 'company' and not companies.is_deleted
    group by links.from_id
)

select
    done.period_key,
    done.owner_key,
    cast(
        row_number() over (
            partition by done.period_key, done.owner_key order by done.activities desc, done.last_day desc, done.contact_id asc
        ) as bigint
    ) as rank,
    done.contact_id,
    contacts.record_label as contact_name,
    contacts.record_url,
    companies.company_name,
    owners.owner_name as contact_owner_name,
    done.activities,
    done.last_day
from done
inner join {{ ref('int_crm__contacts') }} as contacts on done.contact_id = contacts.contact_id and not contacts.is_deleted
left join {{ ref('int_sales__owners') }} as owners on contacts.owner_key = owners.owner_key
left join companies on done.contact_id = companies.contact_id
qualify rank <= 20
