-- what was done, by kind, period and owner; beside it what counts towards the goals per rep and working day. Goals are those of
-- goals.csv, each day judged by the goal in force; days and people without one are in neither side of an attainment
{% set goals = [('calls', 'calls_by_rep'), ('emails', 'emails_by_rep'), ('meetings', 'meetings_by_rep')] -%}
with kinds as (
    {% for kind in ['calls', 'emails', 'meetings', 'tasks', 'notes'] -%}
    select
        '{{ kind }}' as kind,
        {{ loop.index }} as sort_order,
        {{ read_state() }}
    {{ tables_needed(['stg_hubspot__' ~ kind, 'stg_copper__activities']) }}
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

recorded as (
    select
        spans.period_key,
        spans.part,
        coalesce(owners.shown_key, 'all') as owner_key,
        activities.activity_type || 's' as kind,
        count(*) as records
    from {{ ref('int_crm__activities') }} as activities
    inner join {{ ref('int_sales__owners') }} as owners on activities.owner_key = owners.owner_key
    inner join {{ ref('int_sales__spans') }} as spans
        on activities.day between spans.first_day and spans.last_day and activities.local_at < spans.until
    where not activities.is_deleted and activities.is_ours
    group by grouping sets (
        (spans.period_key, spans.part, owners.shown_key, activities.activity_type), (spans.period_key, spans.part, activities.activity_type)
    )
),

-- the working days of the people of a goal's line, each with what is expected of it; nothing before the goal began
days as (
    {% for kind, metric_id in goals -%}
    select
        '{{ kind }}' as kind,
        line_people.person_key,
        days.day,
        cast(least(coalesce(people.weekly_hours, 40), 40) / 40 as decimal(18, 6)) as working_days,
        case goals.per when 'person_week' then goals.target / 5 else goals.target end as target
    from {{ ref('scorecard_lines') }} as lines
    inner join {{ ref('int_scorecard__line_people') }} as line_people on lines.line_id = line_people.line_id
    inner join {{ ref('people') }} as people on line_people.person_key = people.person_key
    inner join {{ ref('int_calendar__days') }} as days
        on
            days.day between line_people.counts_from and line_people.counts_until
            and days.day between coalesce(people.active_from, days.day) and coalesce(people.active_to, days.day)
            and days.is_business_day and days.day <= {{ today() }}
    left join {{ ref('int_goals__rows') }} as goals
        on
            lines.line_id = goals.line_id and goals.per in ('person_day', 'person_week')
            and days.day between goals.valid_from and coalesce(goals.valid_to, date '9999-12-31')
    where lines.metric_id = '{{ metric_id }}'
    qualify row_number() over (
            partition by line_people.person_key, days.day order by goals.kind = 'exception' desc, goals.valid_from desc
        ) = 1
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

expected as (
    select *
    from days
    where target is not null
),

-- the first day on which a person has a goal of the kind: what was done before is held against nothing
held_since as (
    select
        kind,
        person_key,
        min(day) as first_day
    from expected
    group by kind, person_key
),

targets as (
    select
        spans.period_key,
        coalesce(owners.shown_key, 'all') as owner_key,
        days.kind,
        sum(days.working_days) filter (where days.target is not null) as working_days,
        sum(days.target * days.working_days) as target,
        count(*) = count(days.target) as is_whole,
        min(days.day) filter (where days.target is not null) as goal_since,
        count(distinct days.day) filter (where days.target is not null) as goal_days,
        count(distinct days.day) as period_days
    from days
    inner join {{ ref('int_sales__spans') }} as spans on spans.part = 'period' and days.day between spans.first_day and spans.last_day
    inner join {{ ref('int_sales__owners') }} as owners on days.person_key = owners.owner_key
    group by grouping sets ((spans.period_key, owners.shown_key, days.kind), (spans.period_key, days.kind))
),

counted as (
    {% for kind, metric_id in goals -%}
    select
        '{{ kind }}' as kind,
        person_key,
        occurred_on as day
    from {{ ref(metric_id) }}
    where counted
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

towards as (
    select
        spans.period_key,
        coalesce(owners.shown_key, 'all') as owner_key,
        counted.kind,
        count(*) as counted
    from counted
    inner join held_since
        on counted.kind = held_since.kind and counted.person_key = held_since.person_key and counted.day >= held_since.first_day
    inner join {{ ref('int_sales__owners') }} as owners on counted.person_key = owners.owner_key
    inner join {{ ref('int_sales__spans') }} as spans on spans.part = 'period' and counted.day between spans.first_day and spans.last_day
    group by grouping sets ((spans.period_key, owners.shown_key, counted.kind), (spans.period_key, counted.kind))
)

select
    periods.period_key,
    owners.owner_key,
    kinds.kind,
    cast(kinds.sort_order as bigint) as sort_order,
    -- 0 in a span that was not read to its end is unknown
    case when recorded.records > 0 or not {{ ends_after_reading('periods', 'kinds') }} then coalesce(recorded.records, 0) end as records,
    case
        when targets.target is not null and (towards.counted > 0 or not {{ ends_after_reading('periods', 'kinds') }})
            then coalesce(towards.counted, 0)
    end as counted,
    cast(targets.target as decimal(38, 9)) as target,
    -- a goal that covers a part of the period says nothing about the whole, and what was read of a part nothing about the goal
    cast(
        case
            when targets.target > 0 and targets.is_whole and not {{ ends_after_reading('periods', 'kinds') }}
                then coalesce(towards.counted, 0) / targets.target
        end as decimal(38, 9)
    ) as attainment,
    cast(targets.working_days as decimal(38, 9)) as working_days,
    case when not targets.is_whole then targets.goal_since end as goal_since,
    case when not targets.is_whole and targets.goal_since is not null then targets.goal_days end as goal_days,
    case when not targets.is_whole and targets.goal_since is not null then targets.period_days end as period_days,
    case when periods.then_first is not null then coalesce(before.records, 0) end as then_records
from {{ ref('int_sales__periods') }} as periods
cross join {{ ref('dim_sales_owners') }} as owners
cross join kinds
left join recorded
    on
        recorded.part = 'period' and periods.period_key = recorded.period_key and owners.owner_key = recorded.owner_key
        and kinds.kind = recorded.kind
left join recorded as before
    on
        before.part = 'then' and periods.period_key = before.period_key and owners.owner_key = before.owner_key
        and kinds.kind = before.kind
left join targets
    on periods.period_key = targets.period_key and owners.owner_key = targets.owner_key and kinds.kind = targets.kind
left join towards
    on periods.period_key = towards.period_key and owners.owner_key = towards.owner_key and kinds.kind = towards.kind
