-- the time filters of the sales pages, decided here and nowhere else. Weeks are compared with the same weekdays 52 weeks before, months
-- and years with the same dates (29 February with the 28th); all time has no year before it, so its badge holds the last twelve months
-- against the twelve before. A comparison that begins before the first record would be a false one: it is left out
with first_record as (
    select coalesce(min(day), {{ today() }}) as day
    from (
        select min(opened_on) as day from {{ ref('int_crm__deals') }}
        union all
        select min(day) as day from {{ ref('int_crm__activities') }}
        union all
        select min(created_day) as day from {{ ref('int_crm__contacts') }}
    )
),

named as (
    {% set day, week, month = today(), week_start(today()), month_start(today()) -%}
    {% set year = "cast(date_trunc('year', " ~ today() ~ ") as date)" -%}
    {% set year_ago = "cast({} - interval 1 year as date)" -%}
    {% set rows = [
        ('this_week', 'This week', week, day, week ~ ' - 364', day ~ ' - 364'),
        ('last_week', 'Last week', week ~ ' - 7', week ~ ' - 1', week ~ ' - 371', week ~ ' - 365'),
        ('mtd', 'Month to date', month, day, year_ago.format(month), year_ago.format(day)),
        ('ytd', 'Year to date', year, day, year_ago.format(year), year_ago.format(day)),
        (
            'last_year', 'Last year', year_ago.format(year), year ~ ' - 1',
            year_ago.format(year_ago.format(year)), year_ago.format(year) ~ ' - 1',
        ),
        ('all', 'All time', 'first_record.day', day, year_before(year_ago.format(day)), year_ago.format(day)),
    ] %}
    {% for period_key, label, first_day, last_day, then_first, then_last in rows -%}
    select
        '{{ period_key }}' as period_key,
        '{{ label }}' as label,
        cast({{ loop.index }} as bigint) as sort_order,
        cast({{ first_day }} as date) as first_day,
        cast({{ last_day }} as date) as last_day,
        cast({{ year_before(last_day) if period_key == 'all' else first_day }} as date) as now_first,
        cast({{ last_day }} as date) as now_last,
        cast({{ then_first }} as date) as then_first,
        cast({{ then_last }} as date) as then_last,
        first_record.day as first_record_day
    from first_record
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

compared as (
    select
        * exclude (then_first, then_last),
        -- nobody writes down anything on New Year's Day: a few days without a record are no gap
        case when then_first >= first_record_day - 6 then then_first end as then_first,
        case when then_first >= first_record_day - 6 then then_last end as then_last
    from named
)

select
    period_key,
    label,
    sort_order,
    -- a company that began this year has no days before
    greatest(first_day, least(first_record_day, last_day)) as first_day,
    last_day,
    {{ span_text('greatest(first_day, least(first_record_day, last_day))', 'last_day') }} as description,
    now_first,
    now_last,
    then_first,
    then_last,
    case
        when then_first is null then null
        when period_key = 'all' then 'last 12 months against the 12 before'
        else 'against ' || {{ span_text('then_first', 'then_last') }}
    end as comparison
from compared
