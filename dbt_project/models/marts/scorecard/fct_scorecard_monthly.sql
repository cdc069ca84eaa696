with judged as (
    select
        periods.*,
        case when goals.target is not null then goals.operator end as operator,
        goals.target,
        goals.target_2,
        goals.band,
        goals.tolerance,
        goals.goal_note,
        case
            when periods.denominator = 0 then 'not_applicable'
            else {{ goal_status('periods.numerator', 'periods.denominator', 'goals.') }}
        end as status,
        -- a month with a loss and no income has no margin of its own, yet its loss belongs to the quarter
        periods.is_finished and coalesce(periods.denominator >= 0, false) as is_pooled
    from {{ ref('int_scorecard__line_periods') }} as periods
    left join {{ ref('int_goals__periods') }} as goals on periods.line_id = goals.line_id and periods.period_start = goals.period_start
    where periods.cadence = 'month'
),

spans as (
    select
        *,
        lag(case when denominator > 0 then numerator end) over line_order as previous_numerator,
        lag(denominator) over line_order as previous_denominator,
        -- a calendar quarter's number: months of a sum add up, months of a ratio pool
        sum(case when is_pooled then numerator end) over in_quarter as quarter_numerator,
        case
            when aggregation = 'sum' then 1
            else sum(case when is_pooled then denominator end) over in_quarter
        end as quarter_denominator,
        count(case when is_pooled then 1 end) over in_quarter as quarter_months,
        count(case when is_finished then 1 end) over in_quarter as quarter_months_expected
    from judged
    window
        line_order as (partition by line_id order by period_start),
        in_quarter as (partition by line_id, quarter_start order by period_start rows unbounded preceding)
)

select
    line_id,
    section,
    metric_id,
    period_start as month_start,
    period_end as month_end,
    period_label as month_label,
    is_finished,
    {{ quotient('numerator', 'denominator') }} as value,
    numerator,
    denominator,
    cast(n as bigint) as n,
    operator,
    target,
    target_2,
    band,
    tolerance,
    goal_note,
    status,
    {{ quotient('previous_numerator', 'previous_denominator') }} as previous_value,
    quarter_label,
    {{ quotient('quarter_numerator', 'quarter_denominator') }} as quarter_value,
    cast(quarter_months as integer) as quarter_months,
    cast(quarter_months_expected as integer) as quarter_months_expected,
    state,
    as_of
from spans
