-- wide enough for every record a vendor may hold; a day outside simply has no business-day rule
with days as (
    select cast(series.generated as date) as day
    from generate_series(timestamp '2000-01-01', cast({{ today() }} + 800 as timestamp), interval 1 day) as series (generated)
),

labelled as (
    select
        days.day,
        {{ week_start('days.day') }} as week_start,
        {{ week_label('days.day') }} as week_label,
        {{ quarter_label('days.day') }} as quarter_label,
        {{ quarter_start('days.day') }} as quarter_start,
        {{ quarter_end('days.day') }} as quarter_end,
        {{ month_start('days.day') }} as month_start,
        cast(last_day(days.day) as date) as month_end,
        strftime(days.day, '%Y-%m') as month_label,
        {{ calendar_quarter_start('days.day') }} as calendar_quarter_start,
        {{ calendar_quarter_label('days.day') }} as calendar_quarter_label,
        isodow(days.day) <= 5 and holidays.holiday is null as is_business_day
    from days
    left join {{ ref('holidays') }} as holidays on days.day = holidays.holiday
)

select
    *,
    min(case when is_business_day then day end) over (order by day rows between 1 following and unbounded following) as next_business_day
from labelled
