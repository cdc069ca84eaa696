{{ config(meta={'dagster': {'ref': {'name': 'int_goals__rows'}}}) }}

with problems as (
    select distinct goals.line_id || ' is not a line of scorecard_lines.csv' as problem
    from {{ ref('int_goals__rows') }} as goals
    left join {{ ref('scorecard_lines') }} as lines on goals.line_id = lines.line_id
    where lines.line_id is null
)

{{ fail_naming('goals.csv', 'problems') }}
