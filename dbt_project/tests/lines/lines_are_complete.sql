{{ config(meta={'dagster': {'ref': {'name': 'scorecard_lines'}}}) }}

with lines as (
    select *
    from {{ ref('scorecard_lines') }}
),

people as (
    select *
    from {{ ref('int_scorecard__line_people') }}
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

    union all

    select line_id || ': people has ' || person_key || ' from ' || counts_from || ' until ' || counts_until
    from people
    where counts_until < counts_from

    union all

    -- each of their records would count twice
    select line_id || ': people names ' || person_key || ' twice for the same days'
    from people
    qualify counts_from <= max(counts_until) over (
            partition by line_id, person_key order by counts_from, position rows between unbounded preceding and 1 preceding
        )
)

{{ fail_naming('scorecard_lines.csv', 'problems') }}
