{{ config(meta={'dagster': {'ref': {'name': 'fct_rep_activity_daily'}}}) }}

-- the page of the reps and the lines of the scorecard show the same numbers
{% set measures = {
    'email_quantity': 'emails', 'phone_call_quantity': 'calls', 'talk_time_minutes': 'talk_minutes',
    'lead_progression_a': 'progression_a', 'lead_progression_b': 'progression_b', 'lead_progression_c': 'progression_c',
    'new_sales_wholesale': 'new_sales_wholesale', 'new_sales_distribution': 'new_sales_distribution',
} -%}
with bounds as (
    select
        min(day) as first_day,
        max(day) as last_day
    from {{ ref('fct_rep_activity_daily') }}
),

totals as (
    {% for metric, column in measures.items() -%}
    select
        '{{ metric }}' as metric_id,
        (select sum({{ column }}) from {{ ref('fct_rep_activity_daily') }}) as page_total,
        (
            select coalesce(sum(contributions.numerator), 0)
            from {{ ref(metric) }} as contributions
            inner join bounds on contributions.occurred_on between bounds.first_day and bounds.last_day
            where contributions.counted
        ) as metric_total
    {{ 'union all' if not loop.last }}
    {% endfor %}
)

select *
from totals
where abs(page_total - metric_total) > 0.001
