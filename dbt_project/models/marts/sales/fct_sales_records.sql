-- the records behind the measures of the sales pages: one row per measure and record, by the rules of int_sales__events; the entries of
-- the funnel's stages and the companies beside them. Contacts have no names here, so that every page may list them
with activities as (
    select
        activity_type || ':' || activity_id as record_id,
        activity_type || 's' as kind,
        replace(record_label, 'Email ', 'E-mail ') as record_label,
        record_url
    from {{ ref('int_crm__activities') }}
),

contacts as (
    select
        contact_id as record_id,
        'Contact ' || contact_id as record_label,
        record_url,
        {{ words('original_source') }} as source_label,
        case when lead_status is null then 'No status' else {{ words('lead_status') }} end as status_label
    from {{ ref('int_crm__contacts') }}
),

deals as (
    select
        deal_id as record_id,
        deal_name as record_label,
        record_url,
        original_source as source_label,
        stage_label as status_label
    from {{ ref('fct_sales_deals') }}
),

-- whose record it is: joined by what is equal alone, because any other condition of an outer join compares each row with each
events as (
    select
        *,
        case when measure in ('activities', 'emails') then record_id end as activity_id,
        case when measure in ('new_contacts', 'leads', 'mqls', 'sqls', 'web_visits', 'form_fills') then record_id end as contact_id,
        case when measure = 'deals_created' then record_id end as deal_id
    from {{ ref('int_sales__events') }}
),

recorded as (
    select
        coalesce(activities.kind, events.measure) as measure,
        events.record_id,
        events.owner_key,
        events.day,
        events.numerator,
        coalesce(activities.record_label, contacts.record_label, deals.record_label) as record_label,
        coalesce(activities.record_url, contacts.record_url, deals.record_url) as record_url,
        coalesce(contacts.source_label, deals.source_label) as source_label,
        coalesce(contacts.status_label, deals.status_label) as status_label
    from events
    left join activities on events.activity_id = activities.record_id
    left join contacts on events.contact_id = contacts.record_id
    left join deals on events.deal_id = deals.record_id
    -- what becomes of deals is in fct_sales_deals
    where coalesce(events.activity_id, events.contact_id, events.deal_id) is not null

    union all

    select
        'companies' as measure,
        companies.company_id as record_id,
        owners.shown_key as owner_key,
        companies.created_day as day,
        cast(1 as decimal(38, 9)) as numerator,
        companies.company_name as record_label,
        cast(null as text) as record_url,
        {{ words('companies.industry') }} as source_label,
        cast(null as text) as status_label
    from {{ ref('int_crm__companies') }} as companies
    inner join {{ ref('int_sales__owners') }} as owners on companies.owner_key = owners.owner_key
    where not companies.is_deleted and companies.created_day is not null

    union all

    select
        'funnel_' || entries.stage as measure,
        entries.contact_id as record_id,
        owners.shown_key as owner_key,
        entries.entered_on as day,
        cast(1 as decimal(38, 9)) as numerator,
        contacts.record_label,
        contacts.record_url,
        contacts.source_label,
        case
            when entries.stage = 'customer' then 'Customer'
            when entries.is_passed then 'Passed'
            when entries.is_dropped then 'Dropped'
            else 'Still open'
        end as status_label
    from {{ ref('int_sales__funnel_entries') }} as entries
    inner join {{ ref('int_crm__contacts') }} as people on entries.contact_id = people.contact_id
    inner join {{ ref('int_sales__owners') }} as owners on people.owner_key = owners.owner_key
    inner join contacts on entries.contact_id = contacts.record_id
    where entries.entered_on is not null
)

select
    recorded.measure,
    recorded.record_id,
    recorded.owner_key,
    owners.owner_name,
    recorded.day,
    recorded.numerator,
    recorded.record_label,
    recorded.record_url,
    recorded.source_label,
    recorded.status_label
from recorded
inner join {{ ref('dim_sales_owners') }} as owners on recorded.owner_key = owners.owner_key
