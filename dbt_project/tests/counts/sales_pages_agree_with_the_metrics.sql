{{ config(meta={'dagster': {'ref': {'name': 'fct_sales_kpis'}}}) }}

-- one metric has one value wherever it appears: the sales pages' figure for all time is what the metric's contributions add up to, and
-- what is open now is the metric's figure for today, or for the day that a late CRM was read to
with now_days as (
    select
        kind,
        snapshot_day
    from {{ ref('int_crm__days') }}
    where is_now
),

told as (
    {% for measure, metric_id, now_of in [
        ('won_value', 'revenue_target_attainment', none),
        ('win_rate', 'win_rate', none),
        ('avg_deal', 'avg_deal_size', none),
        ('sales_cycle_days', 'sales_cycle_days', none),
        ('leads', 'leads_generated', none),
        ('mqls', 'mql_count', none),
        ('sqls', 'sql_count', none),
        ('activities', 'activities_total', none),
        ('emails', 'emails_by_rep', none),
        ('pipeline_value', 'pipeline_value', 'deals'),
        ('open_deals', 'open_deals', 'deals'),
        ('contacts', 'contacts_total', 'contacts'),
        ('companies', 'companies_total', 'companies'),
    ] -%}
    select
        '{{ measure }}' as measure,
        coalesce(sum(contributions.numerator), 0) as numerator,
        coalesce(sum(contributions.denominator), 0) as denominator
    from {{ ref(metric_id) }} as contributions
    {% if now_of -%}
    inner join now_days on contributions.occurred_on = now_days.snapshot_day and now_days.kind = '{{ now_of }}'
    {% endif -%}
    where contributions.counted and contributions.occurred_on <= {{ today() }}
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
