{{ config(meta={'dagster': {'ref': {'name': 'fct_sales_records'}}}) }}

-- the records behind a measure of the sales pages add up to its number, for every period and owner
with periods as (
    select
        period_key,
        first_day,
        last_day
    from {{ ref('dim_sales_periods') }}
),

named as (
    select
        owner_key,
        day,
        numerator,
        case when measure in ('calls', 'meetings', 'tasks', 'notes') then 'activities' else measure end as measure
    from {{ ref('fct_sales_records') }}
    where measure <> 'companies' and not starts_with(measure, 'funnel_')
),

added as (
    select
        periods.period_key,
        coalesce(records.owner_key, 'all') as owner_key,
        records.measure,
        sum(records.numerator) as numerator
    from named as records
    inner join periods on records.day between periods.first_day and periods.last_day
    group by grouping sets ((periods.period_key, records.owner_key, records.measure), (periods.period_key, records.measure))
)

select
    kpis.period_key,
    kpis.owner_key,
    kpis.measure,
    kpis.numerator,
    added.numerator as of_records
from {{ ref('fct_sales_kpis') }} as kpis
left join added on kpis.period_key = added.period_key and kpis.owner_key = added.owner_key and kpis.measure = added.measure
where
    kpis.measure in ('activities', 'emails', 'new_contacts', 'leads', 'mqls', 'sqls', 'web_visits', 'form_fills', 'deals_created')
    and kpis.numerator is not null
    and kpis.numerator <> coalesce(added.numerator, 0)
