with judged as (
    select
        periods.line_id,
        periods.section,
        periods.metric_id,
        periods.period_start as week_start,
        periods.period_label as week_label,
        periods.quarter_label,
        periods.quarter_start,
        periods.is_finished,
        periods.numerator,
        periods.denominator,
        periods.n,
        periods.state,
        periods.as_of,
        case when goals.target is not null then goals.operator end as operator,
        goals.target,
        goals.target_2,
        goals.band,
        goals.tolerance,
        goals.goal_note,
        goals.operator as standing_operator,
        goals.expected,
        goals.expected_2,
        goals.is_varying,
        periods.denominator > 0 as has_value,
        case
            when periods.denominator = 0 then 'not_applicable'
            else {{ goal_status('periods.numerator', 'periods.denominator', 'goals.') }}
        end as status
    from {{ ref('int_scorecard__line_periods') }} as periods
    left join {{ ref('int_goals__periods') }} as goals on periods.line_id = goals.line_id and periods.period_start = goals.period_start
    where periods.cadence = 'week'
),

marked as (
    select
        *,
        is_finished and coalesce(has_value, false) as is_pooled,
        is_finished and denominator = 0 as is_blank_ratio,
        -- a streak of weeks off track ends with every finished week that is anything else
        sum(case when is_finished and status <> 'below' then 1 else 0 end) over (partition by line_id order by week_start) as streak
    from judged
),

spans as (
    select
        *,
        lag(case when has_value then numerator end) over line_order as previous_numerator,
        lag(denominator) over line_order as previous_denominator,
        sum(case when is_pooled then numerator end) over in_quarter as quarter_numerator,
        sum(case when is_pooled then denominator end) over in_quarter as quarter_denominator,
        count(case when is_pooled then 1 end) over in_quarter as quarter_weeks,
        count(case when is_blank_ratio then 1 end) over in_quarter as quarter_blank_ratios,
        count(case when is_finished then 1 end) over in_quarter as quarter_weeks_expected,
        coalesce(bool_or(is_varying) over in_quarter, false) as quarter_goal_varies,
        count(case when is_pooled then expected end) over in_quarter as quarter_goal_weeks,
        sum(case when is_pooled then expected end) over in_quarter as quarter_expected,
        sum(case when is_pooled then expected_2 end) over in_quarter as quarter_expected_2,
        sum(case when is_pooled then tolerance end) over in_quarter as quarter_tolerance,
        -- the running week is not pooled: its row looks back on the same 13 finished weeks as the row before it
        case
            when is_finished then sum(case when is_pooled then numerator end) over last_13
            else sum(case when is_pooled then numerator end) over last_13_and_running
        end as trailing_numerator,
        case
            when is_finished then sum(case when is_pooled then denominator end) over last_13
            else sum(case when is_pooled then denominator end) over last_13_and_running
        end as trailing_denominator,
        count(case when is_finished and status = 'below' then 1 end) over in_streak as weeks_off_track
    from marked
    window
        line_order as (partition by line_id order by week_start),
        in_streak as (partition by line_id, streak order by week_start),
        in_quarter as (partition by line_id, quarter_start order by week_start rows unbounded preceding),
        last_13 as (partition by line_id order by week_start rows between 12 preceding and current row),
        last_13_and_running as (partition by line_id order by week_start rows between 13 preceding and current row)
),

-- the quarter is judged by the goal of the row's own week; where goals differ from week to week (per working day, one-off), by the mean
-- of the goals of its weeks. As the status divides nothing, the mean is their sum, and the value is taken times their number
quarters as (
    select
        *,
        case when quarter_goal_varies and quarter_goal_weeks > 0 then quarter_goal_weeks else 1 end as quarter_goal_times,
        case when quarter_goal_varies and quarter_goal_weeks > 0 then standing_operator else operator end as quarter_goal_operator,
        case when quarter_goal_varies and quarter_goal_weeks > 0 then quarter_expected else target end as quarter_goal_target,
        case when quarter_goal_varies and quarter_goal_weeks > 0 then quarter_expected_2 else target_2 end as quarter_goal_target_2,
        band as quarter_goal_band,
        case when quarter_goal_varies and quarter_goal_weeks > 0 then quarter_tolerance else tolerance end as quarter_goal_tolerance
    from spans
)

select
    line_id,
    section,
    metric_id,
    week_start,
    week_label,
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
    cast(quarter_weeks as integer) as quarter_weeks,
    cast(quarter_weeks_expected as integer) as quarter_weeks_expected,
    case
        when quarter_weeks = 0 and quarter_blank_ratios > 0 then 'not_applicable'
        else {{ goal_status('quarter_numerator * quarter_goal_times', 'quarter_denominator', 'quarter_goal_') }}
    end as quarter_status,
    {{ quotient('trailing_numerator', 'trailing_denominator') }} as trailing_13_value,
    cast(weeks_off_track as integer) as weeks_off_track,
    state,
    as_of
from quarters
