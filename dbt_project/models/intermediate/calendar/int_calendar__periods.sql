-- the weeks, months and quarters by which lines are kept; a month's quarter is the calendar's, a week's the one of 13 weeks
select distinct
    'week' as cadence,
    week_start as period_start,
    week_start + 6 as period_end,
    week_label as period_label,
    quarter_label,
    quarter_start
from {{ ref('int_calendar__days') }}

union all

select distinct
    'month' as cadence,
    month_start as period_start,
    month_end as period_end,
    month_label as period_label,
    calendar_quarter_label as quarter_label,
    calendar_quarter_start as quarter_start
from {{ ref('int_calendar__days') }}

union all

select distinct
    'quarter' as cadence,
    quarter_start as period_start,
    quarter_end as period_end,
    quarter_label as period_label,
    quarter_label,
    quarter_start
from {{ ref('int_calendar__days') }}
