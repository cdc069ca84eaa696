{#-
    The facts of one cadence (week, month, quarter): every period of its lines against the goal, and what the periods come to over the
    quarter, the last thirteen and in a row. A period whose data does not reach its end (or the clock, while it runs) shows what was
    read so far and is not judged; until it is whole it is neither pooled nor expected.
-#}
{% macro scorecard_fact(cadence) -%}
{#- months of a sum make up their quarter; of weeks it is the mean that is compared with the week's goal -#}
{%- set adds_up = cadence == 'month' -%}
with goals_of_periods as (
    select
        periods.*,
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
        -- what is judged: nothing of a period that is not whole
        case when coalesce(periods.state, '') <> 'stale' then periods.numerator end as judged_numerator,
        case when coalesce(periods.state, '') <> 'stale' then periods.denominator end as judged_denominator
    from {{ ref('int_scorecard__line_periods') }} as periods
    left join {{ ref('int_goals__periods') }} as goals on periods.line_id = goals.line_id and periods.period_start = goals.period_start
    where periods.cadence = '{{ cadence }}'
),

judged as (
    select
        *,
        {{ verdict('judged_numerator', 'judged_denominator', '') }} as known_status,
        {{ verdict('(judged_numerator + most_unknown)', 'judged_denominator', '') }} as most_status,
        {{ if_sure('known_status', 'most_status', 'operator', 'n_unknown') }} as status,
        is_finished and {{ is_poolable() }} as is_pooled,
        is_finished and not coalesce(is_awaited, false) as is_expected
    from goals_of_periods
)
{%- if cadence == 'quarter' %}

select
    line_id,
    section,
    metric_id,
    quarter_label,
    period_start as quarter_start,
    period_end as quarter_end,
    is_finished,
    {{ quotient('numerator', 'denominator') }} as value,
    cast(n as bigint) as n,
    cast(n_unknown as bigint) as n_unknown,
    partial_note,
    operator,
    target,
    target_2,
    goal_note,
    status,
    state,
    as_of
from judged
{%- else %},

marked as (
    select
        *,
        -- a streak of periods off track ends with every finished one that is anything else
        sum(case when is_finished and status <> 'below' then 1 else 0 end) over (partition by line_id order by period_start) as streak
    from judged
),

sums as (
    select
        *,
        lag(case when denominator > 0 then numerator end) over line_order as previous_numerator,
        lag(denominator) over line_order as previous_denominator,
        {{ pooled_sums('quarter', 'over in_quarter') }},
        count(case when is_pooled then 1 end) over in_quarter as quarter_periods,
        count(case when is_expected then 1 end) over in_quarter as quarter_periods_expected,
        sum(case when is_pooled then n_unknown end) over in_quarter as quarter_unknown,
        sum(case when is_pooled then most_unknown end) over in_quarter as quarter_most_unknown,
        -- the running period is not pooled: its row looks back on the same 13 finished ones as the row before it
        {{ pooled_sums('last_13', 'over last_13') }},
        {{ pooled_sums('last_13_and_running', 'over last_13_and_running') }},
        count(case when is_finished and status = 'below' then 1 end) over in_streak as periods_off_track,
        -- goals of the periods that have a number of their own
        coalesce(bool_or(is_varying) over in_quarter, false) as quarter_goal_varies,
        count(case when is_pooled and denominator > 0 then expected end) over in_quarter as quarter_goal_periods,
        sum(case when is_pooled and denominator > 0 then expected end) over in_quarter as quarter_expected,
        sum(case when is_pooled and denominator > 0 then expected_2 end) over in_quarter as quarter_expected_2,
        sum(case when is_pooled and denominator > 0 then tolerance end) over in_quarter as quarter_tolerance
    from marked
    window
        line_order as (partition by line_id order by period_start),
        in_streak as (partition by line_id, streak order by period_start),
        in_quarter as (partition by line_id, quarter_start order by period_start rows unbounded preceding),
        last_13 as (partition by line_id order by period_start rows between 12 preceding and current row),
        last_13_and_running as (partition by line_id order by period_start rows between 13 preceding and current row)
),

spans as (
    select
        *,
        {{ pooled_numerator('quarter') }} as span_numerator,
        {{ pooled_denominator('quarter', adds_up) }} as span_denominator,
        case when is_finished then {{ pooled_numerator('last_13') }} else {{ pooled_numerator('last_13_and_running') }} end
            as trailing_numerator,
        case when is_finished then {{ pooled_denominator('last_13') }} else {{ pooled_denominator('last_13_and_running') }} end
            as trailing_denominator,
        quarter_goal_varies and quarter_goal_periods > 0 as is_judged_by_mean_goal
    from sums
),

-- the quarter is judged by the goal of the row's own period; where goals differ from one to the next (per working day, one-off), by the
-- mean of their goals. As the status divides nothing, the mean is their sum, and the value is taken times their number
quarters as (
    select
        *,
        case when is_judged_by_mean_goal then quarter_goal_periods else 1 end as goal_times,
        span_numerator * goal_times as span_numerator_times,
        case when is_judged_by_mean_goal then standing_operator else operator end as quarter_goal_operator,
        case when is_judged_by_mean_goal then quarter_expected else target end as quarter_goal_target,
        case when is_judged_by_mean_goal then quarter_expected_2 else target_2 end as quarter_goal_target_2,
        band as quarter_goal_band,
        case when is_judged_by_mean_goal then quarter_tolerance else tolerance end as quarter_goal_tolerance
    from spans
),

judged_quarters as (
    select
        *,
        {{ verdict('span_numerator_times', 'span_denominator', 'quarter_goal_') }} as known_quarter_status,
        {{ verdict('(span_numerator_times + quarter_most_unknown * goal_times)', 'span_denominator', 'quarter_goal_') }}
            as most_quarter_status
    from quarters
)

select
    line_id,
    section,
    metric_id,
    period_start as {{ cadence }}_start,
    {%- if cadence == 'month' %}
    period_end as month_end,
    {%- endif %}
    period_label as {{ cadence }}_label,
    is_finished,
    {{ quotient('numerator', 'denominator') }} as value,
    numerator,
    denominator,
    cast(n as bigint) as n,
    cast(n_unknown as bigint) as n_unknown,
    partial_note,
    operator,
    target,
    target_2,
    band,
    tolerance,
    goal_note,
    status,
    {{ quotient('previous_numerator', 'previous_denominator') }} as previous_value,
    quarter_label,
    {{ quotient('span_numerator', 'span_denominator') }} as quarter_value,
    cast(quarter_periods as integer) as quarter_{{ cadence }}s,
    cast(quarter_periods_expected as integer) as quarter_{{ cadence }}s_expected,
    {%- if cadence == 'week' %}
    {{ if_sure('known_quarter_status', 'most_quarter_status', 'quarter_goal_operator', 'quarter_unknown') }} as quarter_status,
    {{ quotient('trailing_numerator', 'trailing_denominator') }} as trailing_13_value,
    cast(periods_off_track as integer) as weeks_off_track,
    {%- endif %}
    state,
    as_of
from judged_quarters
{%- endif %}
{%- endmacro %}
