{{ config(meta={'dagster': {'ref': {'name': 'int_scorecard__metrics'}}}) }}

with read_by as (
    select
        metric_id,
        unnest(sources) as source
    from {{ ref('int_scorecard__metrics') }}
),

problems as (
    select read_by.metric_id || ' reads ' || read_by.source || ', which is not a registered source' as problem
    from read_by
    left join {{ ref('stg_scoreline__sources') }} as sources on read_by.source = sources.source
    where sources.source is null
)

{{ fail_naming('meta of the metric models', 'problems') }}
