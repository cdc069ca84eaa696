-- leads of a period by first touch, and what they have become by now; a rate of fewer than ten leads says nothing
with leads as (
    select
        spans.period_key,
        owners.shown_key as owner_key,
        contacts.original_source,
        contacts.mql_day is not null or contacts.sql_day is not null or contacts.opportunity_day is not null
        or contacts.customer_day is not null as is_mql,
        contacts.sql_day is not null or contacts.opportunity_day is not null or contacts.customer_day is not null as is_sql,
        contacts.customer_day is not null as is_customer
    from {{ ref('int_crm__contacts') }} as contacts
    inner join {{ ref('int_sales__owners') }} as owners on contacts.owner_key = owners.owner_key
    inner join {{ ref('int_sales__spans') }} as spans
        on spans.part = 'period' and contacts.lead_day between spans.first_day and spans.last_day
    where not contacts.is_deleted
)

select
    period_key,
    coalesce(owner_key, 'all') as owner_key,
    original_source,
    {{ words('original_source') }} as source_label,
    count(*) as leads,
    count(*) filter (where is_mql) as mqls,
    count(*) filter (where is_sql) as sqls,
    count(*) filter (where is_customer) as customers,
    cast(case when count(*) >= 10 then count(*) filter (where is_customer) / count(*) end as decimal(38, 9)) as customer_rate
from leads
group by grouping sets ((period_key, owner_key, original_source), (period_key, original_source))
