{{ config(meta={'dagster': {'ref': {'name': 'fct_sales_kpis'}}}) }}

-- one metric has one value wherever it appears: what the sales pages say of all time is what the metric's contributions add up to, and
-- what is open now is what the metric says of today
with told as (
    {% for measure, metric_id, moment in [
        ('won_value', 'revenue_target_attainment', 'all'),
        ('win_rate', 'win_rate', 'all'),
        ('avg_deal', 'avg_deal_size', 'all'),
        ('sales_cycle_days', 'sales_cycle_days', 'all'),
        ('leads', 'leads_generated', 'all'),
        ('mqls', 'mql_count', 'all'),
        ('sqls', 'sql_count', 'all'),
        ('activities', 'activities_total', 'all'),
        ('emails', 'emails_by_rep', 'all'),
        ('pipeline_value', 'pipeline_value', 'today'),
        ('open_deals', 'open_deals', 'today'),
        ('contacts', 'contacts_total', 'today'),
        ('companies', 'companies_total', 'today'),
    ] -%}
    select
        '{{ measure }}' as measure,
        coalesce(sum(numerator), 0) as numerator,
        coalesce(sum(denominator), 0) as denominator
    from {{ ref(metric_id) }}
    where counted and occurred_on {{ '<=' if moment == 'all' else '=' }} {{ today() }}
    {{ 'union all' if not loop.last }}
    {% endfor %}
)

select
    kpis.measure,
    kpis.numerator as sales_pages,
    told.numerator as metric
from {{ ref('fct_sales_kpis') }} as kpis
inner join told on kpis.measure = told.measure
-- Copper's deals are on the sales pages only; the metrics of the scorecard are HubSpot's
inner join {{ ref('int_crm__chosen') }} as crm on crm.source = 'hubspot'
where
    kpis.period_key = 'all' and kpis.owner_key = 'all'
    and (
        kpis.numerator <> told.numerator
        or (kpis.measure in ('win_rate', 'avg_deal', 'sales_cycle_days') and kpis.denominator <> told.denominator)
    )
