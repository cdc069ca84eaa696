-- only weeks that the line has a row for: what is in the future or before the line's history is not a receipt of any number
with bounds as (
    select
        line_id,
        min(period_start) as first_day,
        max(period_end) as last_day
    from {{ ref('int_scorecard__line_periods') }}
    group by line_id
)

select
    contributions.line_id,
    contributions.period_start,
    contributions.week_start,
    {{ week_label('contributions.week_start') }} as week_label,
    contributions.metric_id,
    contributions.person_key,
    people.full_name as person_name,
    contributions.occurred_on,
    contributions.numerator,
    contributions.denominator,
    contributions.counted,
    contributions.reason,
    contributions.source,
    contributions.record_type,
    contributions.record_id,
    contributions.record_url,
    contributions.record_label
from {{ ref('int_scorecard__contributions') }} as contributions
inner join bounds
    on
        contributions.line_id = bounds.line_id
        and contributions.occurred_on between bounds.first_day and bounds.last_day
left join {{ ref('people') }} as people on contributions.person_key = people.person_key
