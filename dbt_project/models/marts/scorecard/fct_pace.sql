-- how the running periods compare with their goals, by the share of working time that has passed. Time passes up to where the
-- numbers are complete, not up to the clock: what happens after the last load is in neither of the two. Where the source is late, or a
-- finished period of the span was only read in part, the span shows what was read so far and has neither pace nor status. The same holds
-- where records that may or may not count could change the pace
with running as (
    select
        cadence,
        period_start,
        quarter_start,
        unnest(case when cadence = 'quarter' then ['quarter'] else [cadence, 'quarter'] end) as span
    from {{ ref('int_calendar__periods') }}
    where {{ today() }} between period_start and period_end
),

covered as (
    select
        line_id,
        case when is_manual or complete_through > {{ clock() }} then {{ clock() }} else complete_through end as reached_at,
        not is_manual and is_late as is_late
    from {{ ref('int_scorecard__coverage') }}
),

reach as (
    select
        line_id,
        reached_at,
        is_late,
        {{ local_time('reached_at') }} as reached_local
    from covered
),

hours as (
    select
        cast({{ setting('calendar.business_day_start', default='08:00:00') }} as time) as opens,
        cast({{ setting('calendar.business_day_end', default='17:00:00') }} as time) as closes
),

-- a line's own running period, and the quarter around it
spans as (
    select
        goals.line_id,
        running.span,
        goals.period_start,
        goals.period_end,
        case when running.span = goals.cadence then goals.period_label else goals.quarter_label end as span_label,
        goals.period_start = running.period_start as is_running,
        goals.operator,
        goals.target,
        goals.target_2,
        goals.band,
        goals.tolerance,
        goals.expected
    from {{ ref('int_goals__periods') }} as goals
    inner join running on goals.cadence = running.cadence and goals.quarter_start = running.quarter_start
    where running.span <> goals.cadence or goals.period_start = running.period_start
),

days as (
    select
        work.line_id,
        work.period_start,
        {{ week_start('work.day') }} as week_start,
        work.working_time,
        case
            when work.day < cast(reach.reached_local as date) then 1.0
            when work.day > cast(reach.reached_local as date) or reach.reached_local is null then 0.0
            else
                date_diff(
                    'second',
                    work.day + hours.opens,
                    greatest(work.day + hours.opens, least(work.day + hours.closes, reach.reached_local))
                )
                / date_diff('second', work.day + hours.opens, work.day + hours.closes)
        end as passed
    from {{ ref('int_scorecard__working_days') }} as work
    inner join reach on work.line_id = reach.line_id
    cross join hours
    where work.working_time > 0 and work.day >= {{ today() }} - 100
),

-- week by week, because what is needed is given per week; a week without a working day does not count
weeks as (
    select
        line_id,
        period_start,
        week_start,
        sum(working_time) as working_time,
        sum(working_time * passed) as time_passed,
        count(*) as working_days,
        sum(1 - passed) as days_left
    from days
    group by line_id, period_start, week_start
),

time_of_periods as (
    select
        line_id,
        period_start,
        sum(working_time) as working_time,
        sum(time_passed) as time_passed,
        sum(working_days) as working_days,
        sum(days_left) as days_left,
        sum(days_left / working_days) as weeks_left
    from weeks
    group by line_id, period_start
),

facts as (
    select
        spans.*,
        numbers.numerator,
        numbers.denominator,
        numbers.samples,
        numbers.is_awaited,
        numbers.n_unknown,
        case when numbers.n_unknown = 0 then 0 else numbers.most_unknown end as most_unknown,
        numbers.numerator is not null as is_pooled,
        numbers.period_start is not null as has_begun,
        coalesce(times.working_time, 0) as working_time,
        coalesce(times.time_passed, 0) as time_passed,
        coalesce(times.working_days, 0) as working_days,
        coalesce(times.days_left, 0) as days_left,
        coalesce(times.weeks_left, 0) as weeks_left,
        coalesce(times.time_passed / times.working_time, 0) as share_passed
    from spans
    left join {{ ref('int_scorecard__line_periods') }} as numbers
        on spans.line_id = numbers.line_id and spans.period_start = numbers.period_start
    left join time_of_periods as times on spans.line_id = times.line_id and spans.period_start = times.period_start
),

added as (
    select
        line_id,
        span,
        min(period_start) as period_start,
        max(period_end) as period_end,
        any_value(span_label) as period_label,
        count(*) filter (where has_begun) as periods_begun,
        count(numerator) as periods_with_number,
        coalesce(bool_or(is_awaited), false) as is_awaited,
        -- ratios and means pool, snapshots take their newest
        {{ pooled_sums('span') }},
        arg_max(numerator, period_start) filter (where numerator is not null) as last_numerator,
        arg_max(denominator, period_start) filter (where numerator is not null) as last_denominator,
        sum(n_unknown) as span_unknown,
        case when bool_and(most_unknown is not null) filter (where has_begun) then sum(most_unknown) end as span_most_unknown,
        arg_max(n_unknown, period_start) filter (where numerator is not null) as last_unknown,
        arg_max(coalesce(most_unknown, -1), period_start) filter (where numerator is not null) as last_most_unknown,
        -- without a working day there is no goal; a goal may be 0
        case when count(target) > 0 then sum(expected) end as expected,
        -- periods without a number are in neither side of the comparison
        sum(case when numerator is not null then expected * share_passed end) as expected_so_far,
        sum(case when numerator is not null then tolerance * share_passed end) as tolerance_so_far,
        sum(case when numerator is not null then time_passed end) as time_with_number,
        sum(working_time) as working_time,
        sum(time_passed) as time_passed,
        sum(working_days) as working_days,
        sum(days_left) as days_left,
        sum(weeks_left) as weeks_left,
        -- the comparison of the running period; its number too, where numbers of periods do not add up to one of the quarter
        any_value(operator) filter (where is_running) as goal_operator,
        any_value(band) filter (where is_running) as goal_band,
        any_value(target) filter (where is_running) as goal_target,
        any_value(target_2) filter (where is_running) as goal_target_2,
        any_value(tolerance) filter (where is_running) as goal_tolerance
    from facts
    group by line_id, span
),

measured as (
    select
        added.*,
        -- of a snapshot what its newest day does not know
        coalesce(case when lines.aggregation in ('last', 'last_ratio') then added.last_unknown else added.span_unknown end, 0) as n_unknown,
        case
            when lines.aggregation in ('last', 'last_ratio') then nullif(added.last_most_unknown, -1)
            else added.span_most_unknown
        end as most_unknown,
        lines.aggregation,
        lines.is_signed,
        lines.section,
        lines.metric_id,
        lines.unit,
        reach.reached_at,
        lines.aggregation = 'sum' as is_sum,
        reach.is_late or added.is_awaited as is_stale,
        added.goal_operator in ('>=', '>', '<=', '<') and lines.aggregation = 'sum' and not (reach.is_late or added.is_awaited) as is_paced,
        added.goal_operator in ('<=', '<') as is_ceiling,
        case when lines.aggregation = 'sum' then added.expected else added.goal_target end as target,
        case
            when lines.aggregation in ('last', 'last_ratio') then added.last_numerator
            else {{ pooled_numerator('span') }}
        end as value_numerator,
        case
            when lines.aggregation in ('last', 'last_ratio') then added.last_denominator
            else {{ pooled_denominator('span', adds_up=true) }}
        end as value_denominator,
        case when added.working_time > 0 then added.time_passed / added.working_time else 0 end as elapsed_share,
        case when added.span = 'quarter' then added.weeks_left else added.days_left end as units_left
    from added
    inner join {{ ref('int_scorecard__lines') }} as lines on added.line_id = lines.line_id
    inner join reach on added.line_id = reach.line_id
),

judged as (
    select
        *,
        cast(case when is_paced then coalesce(expected_so_far, 0) end as decimal(38, 9)) as expected_now,
        cast(
            case
                when is_paced
                    then greatest(
                            coalesce(tolerance_so_far, expected_so_far * coalesce(goal_band, 0.1), 0),
                            -- one appointment more or less does not decide the pace while there is time left
                            case when unit = 'count' and units_left > 0 then 1 else 0 end
                        )
            end as decimal(38, 9)
        ) as margin,
        -- before a tenth of the time has passed, any projection is noise
        elapsed_share < 0.1 as is_early
    from measured
),

told as (
    select
        *,
        {{ pace_of('value_numerator') }} as known_pace,
        {{ pace_of('(value_numerator + most_unknown)') }} as most_pace
    from judged
),

paced as (
    select
        *,
        case
            when n_unknown = 0 then known_pace
            when is_signed then null
            when known_pace = most_pace then known_pace
            -- unknown records can only add
            when known_pace in ('ahead', 'done') and not is_ceiling or known_pace in ('behind', 'over') and is_ceiling then known_pace
        end as pace,
        n_unknown = 0 or pace is not null as is_sure,
        {{ verdict('value_numerator', 'value_denominator', 'goal_') }} as known_status,
        {{ verdict('(value_numerator + most_unknown)', 'value_denominator', 'goal_') }} as most_status,
        case
            when is_stale then 'no_data'
            when is_sum then case when known_pace is not null and pace is null then 'no_data' end
            else {{ if_sure('known_status', 'most_status', 'goal_operator', 'n_unknown') }}
        end as status
    from told
)

select
    paced.line_id,
    paced.section,
    paced.metric_id,
    paced.span,
    paced.period_start,
    paced.period_end,
    paced.period_label,
    {{ quotient('paced.value_numerator', 'paced.value_denominator') }} as value,
    paced.goal_operator as operator,
    cast(paced.target as decimal(38, 6)) as target,
    case when not paced.is_sum then cast(paced.goal_target_2 as decimal(38, 6)) end as target_2,
    cast(paced.elapsed_share as decimal(9, 6)) as elapsed_share,
    cast(paced.working_days as integer) as working_days,
    cast(paced.days_left as decimal(9, 3)) as working_days_left,
    cast(case when paced.target is not null then paced.expected_now end as decimal(38, 6)) as expected_so_far,
    cast(
        case
            when paced.is_sum and not paced.is_stale and not paced.is_early and paced.is_sure and paced.time_with_number > 0
                then paced.value_numerator * paced.working_time / paced.time_with_number
        end as decimal(38, 6)
    ) as projected,
    cast(
        case
            when paced.is_paced and paced.is_sure and paced.units_left > 0 and paced.value_numerator is not null
                then greatest(paced.target - paced.value_numerator, 0) / paced.units_left
        end as decimal(38, 6)
    ) as needed,
    case when paced.is_paced then case when paced.span = 'quarter' then 'week' else 'working_day' end end as needed_per,
    case when paced.is_paced then cast(paced.units_left as decimal(9, 3)) end as units_left,
    paced.pace,
    paced.status,
    -- the quarter's average of finished weeks is judged beside it, and may say something else
    case
        when
            paced.span = 'quarter'
            and (
                weeks.quarter_status = 'below' and paced.pace in ('on_pace', 'ahead', 'done')
                or weeks.quarter_status = 'met' and paced.pace in ('behind', 'over')
            )
            then
                'The ' || weeks.quarter_weeks
                || case when weeks.quarter_weeks = 1 then ' finished week averages ' else ' finished weeks average ' end
                || {{ bound_text('weeks.quarter_value', 'paced.unit') }} || '. The pace counts the running week too'
                || case when paced.unit = 'count' then ', and one more or less is on pace.' else '.' end
    end as note,
    cast(paced.periods_with_number as integer) as periods_with_number,
    cast(paced.periods_begun as integer) as periods_begun,
    paced.reached_at as as_of
from paced
left join {{ ref('fct_scorecard_weekly') }} as weeks
    on paced.line_id = weeks.line_id and not weeks.is_finished
