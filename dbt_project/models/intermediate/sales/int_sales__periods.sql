-- the time filters of the sales pages, decided here and nowhere else. Weeks are compared with the same weekdays 52 weeks before, months
-- and years with the same dates (29 February with the 28th); all time has no year before it, so its badge holds the last twelve months
-- against the twelve before. A comparison that begins before the first record would be a false one: it is left out. A period that runs
-- is compared up to the time of day to which the CRM was read, on both sides: seven hours of a Monday with seven hours of a Monday
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

reached as (
    select
        named.* exclude (then_first, then_last),
        least(cast(named.now_last + 1 as timestamp), coalesce(reach.reached_at, cast(named.now_last + 1 as timestamp))) as now_until,
        -- read to its end, or recently enough while it runs; without a CRM nothing is read
        case
            when reach.is_late is null then true
            when named.now_last < {{ today() }} then coalesce(reach.reached_at >= named.now_last + 1, false)
            else not reach.is_late
        end as is_whole,
        reach.is_late is not null and reach.reached_at is null as is_unread,
        -- nobody writes down anything on New Year's Day: a few days without a record do not make a gap
        case when named.then_first >= named.first_record_day - 6 then named.then_first end as then_first,
        case when named.then_first >= named.first_record_day - 6 then named.then_last end as then_last
    from named
    left join {{ ref('int_crm__reach') }} as reach on true
),

compared as (
    select
        *,
        then_last + (now_until - cast(now_last as timestamp)) as then_until
    from reached
)

select
    period_key,
    label,
    sort_order,
    -- a company that began this year has no days before
    greatest(first_day, least(first_record_day, last_day)) as first_day,
    last_day,
    {{ span_text('greatest(first_day, least(first_record_day, last_day))', 'last_day') }} as description,
    is_whole,
    now_first,
    now_last,
    now_until,
    then_first,
    then_last,
    then_until,
    case
        when is_unread then 'not compared, the CRM was not read yet'
        when not is_whole then 'not compared, the CRM is read to ' || {{ local_time_text('now_until') }}
        when then_first is null then null
        when period_key = 'all' then 'last 12 months against the 12 before'
        else
            'against ' || {{ span_text('then_first', 'then_last') }}
            || case when now_until < now_last + 1 then ' until ' || strftime(then_until, '%H:%M') else '' end
    end as comparison
from compared
