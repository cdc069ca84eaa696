-- since when a line is judged by another goal, is of other people, is computed by other SQL or has a new normal, for the marks on its chart
-- and for where its usual range begins again. Goals come from goals.csv; SQL and settings by what the builds recorded, so what changed
-- before the first recording is not known. A one-off goal (kind exception) does not count as a change: its week says so itself
with standing as (
    select
        *,
        lead(valid_from) over (partition by line_id order by valid_from) as next_from
    from {{ ref('int_goals__rows') }}
    where kind = 'standing'
),

steps as (
    select
        line_id,
        valid_from as changed_on,
        operator,
        target,
        target_2,
        per,
        band,
        tolerance,
        reason
    from standing

    union all by name

    -- a goal that ended without another
    select
        line_id,
        valid_to + 1 as changed_on
    from standing
    where valid_to + 1 <> coalesce(next_from, date '9999-12-31')
),

worded as (
    select
        steps.*,
        lines.valid_from,
        {{ goal_text('steps', 'lines.unit') }} as goal,
        hash(steps.operator, steps.target, steps.target_2, steps.per, steps.band, steps.tolerance) as rule
    from steps
    inner join {{ ref('int_scorecard__lines') }} as lines on steps.line_id = lines.line_id
),

goals as (
    select
        *,
        lag(goal) over (partition by line_id order by changed_on) as goal_was
    from worded
    qualify rule <> coalesce(lag(rule) over (partition by line_id order by changed_on), 0)
),

versions as (
    select
        line_id,
        {{ local_day('dbt_valid_from') }} as changed_on,
        -- a new release may compute fingerprints differently: that alone is not another definition
        sql_fingerprint <> lag(sql_fingerprint) over by_time
        and {{ algorithm_of('sql_fingerprint') }} = {{ algorithm_of('lag(sql_fingerprint) over by_time') }} as is_other_sql,
        settings_fingerprint <> lag(settings_fingerprint) over by_time
        and {{ algorithm_of('settings_fingerprint') }} = {{ algorithm_of('lag(settings_fingerprint) over by_time') }} as are_other_settings
    from {{ ref('scorecard_definitions') }}
    window by_time as (partition by line_id order by dbt_valid_from)
),

-- days from which on other people count for a line (scorecard_lines.csv); an edit without a date is among the settings
people as (
    select
        line_id,
        counts_from as changed_on
    from {{ ref('int_scorecard__line_people') }}

    union distinct

    select
        line_id,
        counts_until + 1 as changed_on
    from {{ ref('int_scorecard__line_people') }}
    where counts_until < date '9999-12-31'
),

changes as (
    select
        line_id,
        changed_on,
        if(goal_was is null, 'first_goal', 'goal') as kind,
        case
            when goal_was is null then 'first goal ' || goal
            when goal = goal_was then 'goal ' || goal || ' with another tolerance'
            else 'goal ' || goal_was || ' → ' || coalesce(goal, 'none')
        end as note,
        nullif(trim(reason), '') as reason
    from goals
    -- the goal with which a line begins is not a change
    where changed_on > valid_from and coalesce(goal, goal_was) is not null

    union all

    select distinct
        line_id,
        changed_on,
        'sql' as kind,
        'SQL changed' as note,
        null as reason
    from versions
    where is_other_sql

    union all

    select distinct
        line_id,
        changed_on,
        'settings' as kind,
        'settings changed' as note,
        null as reason
    from versions
    where are_other_settings

    union all

    select
        people.line_id,
        people.changed_on,
        'people' as kind,
        'people changed' as note,
        null as reason
    from people
    inner join {{ ref('int_scorecard__lines') }} as lines on people.line_id = lines.line_id
    where people.changed_on > lines.valid_from

    union all

    -- confirmed in the portal
    select
        line_id,
        starts_on as changed_on,
        'normal' as kind,
        'new normal' as note,
        nullif(trim(reason), '') as reason
    from {{ ref('stg_scoreline__normals') }}
)

select
    changes.line_id,
    changes.changed_on,
    -- a goal holds from the first period that begins under it, SQL from the build on
    case
        when changes.kind in ('goal', 'first_goal') and changes.changed_on > periods.period_start then cast(periods.period_end + 1 as date)
        else periods.period_start
    end as period_start,
    changes.kind,
    changes.note,
    changes.reason,
    upper(changes.note[1]) || changes.note[2:] || if(changes.kind in ('goal', 'first_goal', 'people', 'normal'), ' from ', ' on ')
    || {{ day_text('changes.changed_on') }} || coalesce(': ' || rtrim(changes.reason, '.'), '') || '.' as sentence
from changes
inner join {{ ref('int_scorecard__lines') }} as lines on changes.line_id = lines.line_id
inner join {{ ref('int_calendar__periods') }} as periods
    on
        lines.cadence = periods.cadence
        and changes.changed_on between periods.period_start and periods.period_end
where changes.changed_on <= {{ today() }}
