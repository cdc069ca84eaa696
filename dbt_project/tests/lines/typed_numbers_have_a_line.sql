-- a number typed for a metric that no line takes by hand (or by a person of no such line) is shown nowhere: worth a look, no wrong number
{{ config(severity='warn', meta={'dagster': {'ref': {'name': 'int_manual__entries'}}}) }}

select
    entries.record_id,
    entries.metric_id,
    entries.typed_line_id,
    entries.person_key
from {{ ref('int_manual__entries') }} as entries
left join {{ ref('int_scorecard__contributions') }} as contributions
    on contributions.source = 'manual' and entries.record_id = contributions.record_id
where contributions.record_id is null
