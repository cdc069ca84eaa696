-- the revenue target of the running month, quarter and year, and what has been won towards it. The target is the sum of its months, each
-- with the goal of its own time. Time passes up to where the CRM was read; while it is late, nothing is expected of what was won so far.
-- Nothing won in a span that was not read to its end is unknown, and so is the sum of deals without a single amount
with spans as (
    {% for span, text in [
        ('month', day_text(today(), 'month')),
        ('quarter', calendar_quarter_label(today())),
        ('year', "strftime(" ~ today() ~ ", '%Y')"),
    ] -%}
    select
        '{{ span }}' as span,
        cast({{ loop.index }} as bigint) as sort_order,
        {{ text }} as span_label,
        cast(date_trunc('{{ span }}', {{ today() }}) as date) as first_day,
        cast(date_trunc('{{ span }}', {{ today() }}) + interval 1 {{ span }} - interval 1 day as date) as last_day
    from {{ ref('int_crm__chosen') }}
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

months as (
    select distinct
        spans.span,
        days.month_start
    from spans
    inner join {{ ref('int_calendar__days') }} as days on days.day between spans.first_day and spans.last_day
),

goals as (
    select
        months.span,
        months.month_start,
        goals.target
    from months
    inner join {{ ref('scorecard_lines') }} as lines on lines.metric_id = 'revenue_target_attainment'
    inner join {{ ref('int_goals__rows') }} as goals
        on lines.line_id = goals.line_id and months.month_start between goals.valid_from and coalesce(goals.valid_to, date '9999-12-31')
    qualify row_number() over (
            partition by months.span, months.month_start order by goals.kind = 'exception' desc, goals.valid_from desc
        ) = 1
),

targets as (
    select
        months.span,
        case when count(*) = count(goals.target) then sum(goals.target) end as target
    from months
    left join goals on months.span = goals.span and months.month_start = goals.month_start
    group by months.span
),

read as (
    select {{ read_state() }}
    {{ tables_needed(['int_crm__deals']) }}
),

won as (
    select
        spans.span,
        sum(events.numerator) filter (where events.measure = 'won_value') as won_value,
        count(*) filter (where events.measure = 'deals_won') as won_deals
    from spans
    inner join {{ ref('int_sales__events') }} as events
        on events.measure in ('won_value', 'deals_won') and events.day between spans.first_day and spans.last_day
    group by spans.span
),

known as (
    select
        spans.span,
        case
            when won.won_deals > 0 then won.won_value
            when not {{ ends_after_reading('spans', 'read') }} then 0
        end as won_value,
        case when won.won_deals > 0 or not {{ ends_after_reading('spans', 'read') }} then coalesce(won.won_deals, 0) end as won_deals
    from spans
    cross join read
    left join won on spans.span = won.span
),

worked as (
    select
        spans.span,
        count(*) filter (where days.is_business_day) as days,
        -- the running day is not over
        case
            when count(reach.reached_at) > 0
                then count(*) filter (where days.is_business_day and days.day < cast(reach.reached_at as date))
        end as days_passed,
        coalesce(bool_or(reach.is_late), true) as is_late
    from spans
    left join {{ ref('int_crm__reach') }} as reach on true
    inner join {{ ref('int_calendar__days') }} as days on days.day between spans.first_day and spans.last_day
    group by spans.span
)

select
    spans.span,
    spans.sort_order,
    spans.span_label,
    spans.first_day,
    spans.last_day,
    cast(targets.target as decimal(38, 9)) as target,
    cast(known.won_value as decimal(38, 9)) as won_value,
    known.won_deals,
    cast(known.won_value / nullif(targets.target, 0) as decimal(38, 9)) as attainment,
    cast(worked.days_passed / nullif(worked.days, 0) as decimal(38, 9)) as working_share,
    cast(
        case when not worked.is_late then targets.target * worked.days_passed / nullif(worked.days, 0) end as decimal(38, 9)
    ) as expected,
    cast(targets.target - known.won_value as decimal(38, 9)) as gap
from spans
inner join targets on spans.span = targets.span
inner join worked on spans.span = worked.span
inner join known on spans.span = known.span
