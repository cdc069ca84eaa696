-- companies by industry, size and the progress of deals with them: those created in the period, and all that existed at its end. If
-- deals were never read, their progress is unknown
{% set sizes = [(10, '1 to 10'), (50, '11 to 50'), (200, '51 to 200'), (1000, '201 to 1,000')] -%}
with unread as (
    select {{ never_read(['int_crm__deals', 'stg_hubspot__associations']) }} as has_no_deals
),

links as (
    select distinct
        coalesce(merged_deals.deal_id, links.from_id) as from_id,
        coalesce(merged_companies.company_id, links.to_id) as to_id
    from {{ ref('stg_hubspot__associations') }} as links
    left join {{ ref('int_hubspot__deal_aliases') }} as merged_deals on links.from_id = merged_deals.alias_id
    left join {{ ref('int_hubspot__company_aliases') }} as merged_companies on links.to_id = merged_companies.alias_id
    where links.from_type = 'deal' and links.to_type = 'company'
),

deals as (
    select
        links.to_id as company_id,
        count(distinct deals.deal_id) filter (where deals.deal_state = 'open') as open_deals,
        count(distinct deals.deal_id) filter (where deals.deal_state = 'won') as won_deals,
        count(distinct deals.deal_id) filter (where deals.deal_state <> 'moved') as deals,
        sum(deals.amount) filter (where deals.deal_state = 'won' and not deals.is_other_currency) as won_value
    from links
    inner join {{ ref('int_crm__deals') }} as deals on links.from_id = deals.deal_id and not deals.is_deleted
    group by links.to_id
),

companies as (
    select
        companies.company_id,
        owners.shown_key,
        companies.created_day,
        coalesce({{ words('companies.industry') }}, 'Not given') as industry,
        companies.industry is null as is_without_industry,
        case
            when companies.employees is null then 99
            {% for most, _ in sizes -%}
            when companies.employees <= {{ most }} then {{ loop.index }}
            {% endfor -%}
            else {{ sizes | length + 1 }}
        end as size_order,
        case
            when companies.employees is null then 'Not given'
            {% for most, label in sizes -%}
            when companies.employees <= {{ most }} then '{{ label }}'
            {% endfor -%}
            else 'Over 1,000'
        end as size,
        case
            when unread.has_no_deals then 99
            when deals.won_deals > 0 then 1
            when deals.open_deals > 0 then 2
            when deals.deals > 0 then 3
            else 4
        end as deals_order,
        case
            when unread.has_no_deals then 'Unknown'
            when deals.won_deals > 0 then 'Won'
            when deals.open_deals > 0 then 'Open deal'
            when deals.deals > 0 then 'Lost'
            else 'No deal yet'
        end as deals,
        case when not unread.has_no_deals then coalesce(deals.open_deals, 0) end as open_deals,
        case when not unread.has_no_deals then coalesce(deals.won_deals, 0) end as won_deals,
        case when not unread.has_no_deals then if(deals.won_deals > 0, deals.won_value, 0) end as won_value
    from {{ ref('int_crm__companies') }} as companies
    cross join unread
    inner join {{ ref('int_sales__owners') }} as owners on companies.owner_key = owners.owner_key
    left join deals on companies.company_id = deals.company_id
    where not companies.is_deleted
),

cut as (
    {% for dimension, name, place in [
        ('industry', 'industry', 'case when is_without_industry then 1 else 0 end'),
        ('size', 'size', 'size_order'),
        ('deals', 'deals', 'deals_order'),
    ] -%}
    select
        spans.period_key,
        coalesce(companies.shown_key, 'all') as owner_key,
        '{{ dimension }}' as dimension,
        companies.{{ name }} as name,
        any_value({{ place }}) as place,
        count(*) filter (where companies.created_day >= spans.first_day) as companies,
        count(*) as companies_total,
        sum(companies.open_deals) as open_deals,
        sum(companies.won_deals) as won_deals,
        sum(companies.won_value) as won_value
    from companies
    inner join {{ ref('int_sales__spans') }} as spans
        on spans.part = 'period' and coalesce(companies.created_day, date '0001-01-01') <= spans.last_day
    group by grouping sets ((spans.period_key, companies.shown_key, companies.{{ name }}), (spans.period_key, companies.{{ name }}))
    {{ 'union all' if not loop.last }}
    {% endfor %}
)

select
    period_key,
    owner_key,
    dimension,
    cast(
        row_number() over (partition by period_key, owner_key, dimension order by place asc, companies_total desc, name asc) as bigint
    ) as sort_order,
    name,
    companies,
    companies_total,
    cast(open_deals as bigint) as open_deals,
    cast(won_deals as bigint) as won_deals,
    cast(won_value as decimal(38, 9)) as won_value
from cut
