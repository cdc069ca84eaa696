{{ config(meta={'dagster': {'ref': {'name': 'scorecard_lines'}}}) }}

with lines as (
    select *
    from {{ ref('scorecard_lines') }}
),

problems as (
    select lines.line_id || ': there is no model for the metric ' || coalesce(lines.metric_id, '(blank)') as problem
    from lines
    left join {{ ref('int_scorecard__metrics') }} as metrics on lines.metric_id = metrics.metric_id
    where metrics.metric_id is null

    union all

    select line_id || ': valid_from is blank or after valid_to'
    from lines
    where valid_from is null or valid_to < valid_from

    union all

    select line_id || ': feed is ' || feed || '; use manual or leave it blank'
    from lines
    where feed is not null and lower(trim(feed)) <> 'manual'

    union all

    select line_id || ': section, section_label or sort_order is blank'
    from lines
    where section is null or section_label is null or sort_order is null
)

{{ fail_naming('scorecard_lines.csv', 'problems') }}
