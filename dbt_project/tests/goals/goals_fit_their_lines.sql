{{ config(meta={'dagster': {'ref': {'name': 'int_goals__rows'}}}) }}

-- a goal that can't apply would be silently no goal, or one that nobody meant
with goals as (
    select
        goals.*,
        goals.line_id || ' from ' || goals.valid_from as goal,
        lines.cadence,
        lines.aggregation,
        lines.people_keys
    from {{ ref('int_goals__rows') }} as goals
    inner join {{ ref('int_scorecard__lines') }} as lines on goals.line_id = lines.line_id
),

first_days as (
    select
        goals.goal,
        min(periods.period_start) as period_start
    from goals
    inner join {{ ref('int_calendar__periods') }} as periods
        on goals.cadence = periods.cadence and goals.valid_from <= periods.period_start
    group by goals.goal
),

-- the last period that a goal holds for, where it is a one-off or no other goal takes over: calendar quarters are not those of 13 weeks
last_periods as (
    select
        goals.goal,
        goals.cadence,
        goals.valid_to,
        max(periods.period_start) as period_start,
        max(periods.period_end) as period_end
    from goals
    inner join {{ ref('int_calendar__periods') }} as periods
        on goals.cadence = periods.cadence and periods.period_start between goals.valid_from and goals.valid_to
    left join goals as followers on goals.line_id = followers.line_id and followers.valid_from = goals.valid_to + 1
    where goals.kind = 'exception' or goals.cadence <> 'week' and followers.line_id is null
    group by goals.goal, goals.cadence, goals.valid_to
),

problems as (
    select goal || ': per ' || per || ' needs a metric that is a sum, this one is of kind ' || aggregation as problem
    from goals
    where per is not null and aggregation <> 'sum'

    union all

    select goal || ': per ' || per || ' needs people in scorecard_lines.csv, whose working days are counted'
    from goals
    where per in ('person_day', 'person_week') and len(people_keys) = 0

    union all

    -- a period takes the goal in force on its first day
    select
        goals.goal || ' to ' || goals.valid_to || ': no ' || goals.cadence || ' begins in this time, so it is never in force; the next '
        || goals.cadence || ' begins on ' || first_days.period_start
    from goals
    inner join first_days on goals.goal = first_days.goal
    where
        goals.valid_to < first_days.period_start
        -- a goal of the portal may end another one before its first period
        and not goals.is_followed

    union all

    select
        goal || ' to ' || valid_to || ': it would hold for the ' || cadence || ' from ' || period_start || ' to ' || period_end
        || ', which is mostly outside; name the days of the ' || cadence || 's that are meant'
    from last_periods
    where 2 * (valid_to - period_start + 1) < period_end - period_start + 1

    union all

    select
        exceptions.goal || ': the exception says ' || exceptions.operator || ' where the goal from ' || standing.valid_from || ' says '
        || standing.operator || '; an exception changes the number, not the comparison'
    from goals as exceptions
    inner join goals as standing
        on
            exceptions.line_id = standing.line_id
            and standing.kind = 'standing'
            and exceptions.valid_from <= coalesce(standing.valid_to, date '9999-12-31')
            and exceptions.valid_to >= standing.valid_from
    where exceptions.kind = 'exception' and exceptions.operator <> standing.operator
)

{{ fail_naming('goals.csv', 'problems') }}
