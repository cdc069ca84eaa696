-- the goal of each period of a line, up to the end of the running quarter. A period takes the goal in force on its first day, so a
-- later one never recolours it. A one-off goal (kind exception) replaces the line's standing goal;
-- a goal per working day or person grows and shrinks with the working time of the period
with in_force as (
    select
        lines.line_id,
        lines.unit,
        lines.cadence,
        periods.period_start,
        periods.period_end,
        periods.period_label,
        periods.quarter_label,
        periods.quarter_start,
        goals.operator,
        goals.target,
        goals.target_2,
        goals.band,
        goals.tolerance,
        goals.per,
        goals.kind,
        goals.reason
    from {{ ref('int_scorecard__lines') }} as lines
    inner join {{ ref('int_calendar__periods') }} as periods
        on
            lines.cadence = periods.cadence
            and periods.quarter_start <= {{ today() }}
            and (lines.valid_to is null or lines.valid_to >= periods.period_start)
            -- before a line is kept nothing is expected of it
            and (
                lines.valid_from is null
                or lines.valid_from <= case lines.cadence when 'week' then periods.period_start else periods.period_end end
            )
    inner join {{ ref('int_goals__rows') }} as goals
        on
            lines.line_id = goals.line_id
            and periods.period_start between goals.valid_from and coalesce(goals.valid_to, date '9999-12-31')
    qualify
        row_number() over (
            partition by lines.line_id, periods.period_start order by goals.kind = 'exception' desc, goals.valid_from desc
        ) = 1
),

worked as (
    select
        line_id,
        period_start,
        count(*) as days,
        sum(person_days) as person_days
    from {{ ref('int_scorecard__working_days') }}
    group by line_id, period_start
),

scaled as (
    select
        in_force.*,
        case in_force.per when 'day' then worked.days else worked.person_days end as working_days,
        -- a week of a person is five of their working days
        cast(
            case in_force.per
                when 'day' then worked.days
                when 'person_day' then worked.person_days
                when 'person_week' then worked.person_days * 0.2
                else 1
            -- wide: DuckDB multiplies two decimals of up to 18 digits into 18 digits
            end as decimal(20, 6)
        ) as factor
    from in_force
    left join worked on in_force.line_id = worked.line_id and in_force.period_start = worked.period_start
)

select
    line_id,
    cadence,
    period_start,
    period_end,
    period_label,
    quarter_label,
    quarter_start,
    operator,
    -- nobody works in the period: no goal, and nothing is expected
    case when factor > 0 then cast(target * factor as decimal(18, 6)) end as target,
    case when factor > 0 then cast(target_2 * factor as decimal(18, 6)) end as target_2,
    band,
    case when factor > 0 then cast(tolerance * factor as decimal(18, 6)) end as tolerance,
    cast(target * coalesce(factor, 0) as decimal(18, 6)) as expected,
    cast(target_2 * coalesce(factor, 0) as decimal(18, 6)) as expected_2,
    per,
    kind,
    case when per is not null then cast(coalesce(working_days, 0) as decimal(18, 6)) end as working_days,
    per is not null or kind = 'exception' as is_varying,
    nullif(concat_ws(
        '; ',
        case per
            when 'day' then {{ plain_number('target') }} || ' per working day'
            when 'person_day' then {{ plain_number('target') }} || ' per person and working day'
            when 'person_week' then {{ plain_number('target') }} || ' per person and week of five working days'
        end
        || ': ' || {{ plain_number('coalesce(working_days, 0)') }}
        || case when working_days = 1 then ' day of work' else ' days of work' end,
        case when kind = 'exception' then 'for this ' || cadence || ' only' || coalesce(': ' || nullif(trim(reason), ''), '') end
    ), '') as goal_note
from scaled
