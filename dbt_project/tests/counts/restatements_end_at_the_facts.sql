-- the newest change of a number says what the fact says, unless the number openly says now that it isn't settled
{{ config(severity='warn', meta={'dagster': {'ref': {'name': 'fct_restatements'}}}) }}

with newest as (
    select *
    from {{ ref('fct_restatements') }}
    qualify row_number() over (partition by line_id, period_start order by changed_at desc) = 1
)

select
    newest.line_id,
    newest.period_start,
    newest.value_now,
    facts.value
from newest
inner join {{ ref('fct_scorecard_weekly') }} as facts on newest.line_id = facts.line_id and newest.period_start = facts.week_start
where
    facts.state in ('live', 'manual')
    and newest.value_now is distinct from facts.value
    and (select recording.is_recorded from {{ ref('int_scorecard__recording') }} as recording)
