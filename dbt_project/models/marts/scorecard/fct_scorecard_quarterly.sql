select
    periods.line_id,
    periods.section,
    periods.metric_id,
    periods.quarter_label,
    periods.period_start as quarter_start,
    periods.period_end as quarter_end,
    periods.is_finished,
    {{ quotient('periods.numerator', 'periods.denominator') }} as value,
    cast(periods.n as bigint) as n,
    case when goals.target is not null then goals.operator end as operator,
    goals.target,
    goals.target_2,
    goals.goal_note,
    case
        when periods.denominator = 0 then 'not_applicable'
        else {{ goal_status('periods.numerator', 'periods.denominator', 'goals.') }}
    end as status,
    periods.state,
    periods.as_of
from {{ ref('int_scorecard__line_periods') }} as periods
left join {{ ref('int_goals__periods') }} as goals on periods.line_id = goals.line_id and periods.period_start = goals.period_start
where periods.cadence = 'quarter'
