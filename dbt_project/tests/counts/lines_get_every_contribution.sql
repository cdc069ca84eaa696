{{ config(meta={'dagster': {'ref': {'name': 'int_scorecard__contributions'}}}) }}

-- a line that counts everybody gets each dated record of its metric exactly once
with metric_rows as (
    {% for name in metric_models() %}
    select
        '{{ name }}' as metric_id,
        count(*) filter (where source <> 'manual') as n
    from {{ ref(name) }}
    where occurred_on is not null
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

line_rows as (
    select
        line_id,
        count(*) filter (where source <> 'manual') as n
    from {{ ref('int_scorecard__contributions') }}
    group by line_id
)

select
    lines.line_id,
    metric_rows.n as sent_rows,
    line_rows.n as kept_rows
from {{ ref('int_scorecard__lines') }} as lines
inner join metric_rows on lines.metric_id = metric_rows.metric_id
left join line_rows on lines.line_id = line_rows.line_id
where
    len(lines.people_keys) = 0
    and not lines.is_fed_by_hand
    and metric_rows.n <> coalesce(line_rows.n, 0)
