{{ config(meta={'dagster': {'ref': {'name': 'int_scorecard__contributions'}}}) }}

-- a line that counts everybody gets each record of its metric exactly once, from the day on which the line began
with metric_rows as (
    {% for name in metric_models() %}
    select
        '{{ name }}' as metric_id,
        cast(occurred_on as date) as occurred_on
    from {{ ref(name) }}
    where occurred_on is not null and source <> 'manual'
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

sent as (
    select
        lines.line_id,
        count(*) as n
    from {{ ref('int_scorecard__lines') }} as lines
    inner join metric_rows
        on
            lines.metric_id = metric_rows.metric_id
            and {{ is_tracked('lines.cadence', 'metric_rows.occurred_on', 'lines.valid_from') }}
    where len(lines.people_keys) = 0 and not lines.is_fed_by_hand
    group by lines.line_id
),

kept as (
    select
        line_id,
        count(*) filter (where source <> 'manual') as n
    from {{ ref('int_scorecard__contributions') }}
    group by line_id
)

select
    sent.line_id,
    sent.n as sent_rows,
    kept.n as kept_rows
from sent
left join kept on sent.line_id = kept.line_id
where sent.n <> coalesce(kept.n, 0)
