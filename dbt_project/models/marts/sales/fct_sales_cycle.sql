-- how long won deals took from their creation, by the calendar quarter of the win
select
    {{ calendar_quarter_start('day') }} as quarter_start,
    {{ calendar_quarter_label('day') }} as quarter_label,
    count(*) as won,
    cast(sum(numerator) / count(*) as decimal(38, 9)) as mean_days,
    cast(median(numerator) as decimal(38, 9)) as median_days
from {{ ref('int_sales__events') }}
where measure = 'sales_cycle_days' and day <= {{ today() }}
group by all
