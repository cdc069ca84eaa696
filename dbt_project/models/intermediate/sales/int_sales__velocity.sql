-- how much money a day moves through the pipeline: open deals × average deal × win rate ÷ cycle, with the rates of the twelve months
-- before the day
with days as (
    select
        snapshot_day,
        any_value(source) as source,
        any_value(is_now) as is_now,
        any_value(is_known) as is_known,
        count(*) filter (where record_type <> 'snapshot' and not is_deleted) as open_deals
    from {{ ref('int_crm__open_deals') }}
    group by snapshot_day
),

rates as (
    select
        days.snapshot_day,
        avg(events.numerator) filter (where events.measure = 'avg_deal') as avg_deal,
        avg(events.numerator) filter (where events.measure = 'win_rate') as win_rate,
        avg(events.numerator) filter (where events.measure = 'sales_cycle_days') as cycle_days,
        count(*) filter (where events.measure = 'sales_cycle_days') as won
    from days
    inner join {{ ref('int_sales__events') }} as events
        on
            events.measure in ('avg_deal', 'win_rate', 'sales_cycle_days')
            and events.day between {{ year_before('days.snapshot_day') }} and days.snapshot_day
    group by days.snapshot_day
)

select
    days.snapshot_day,
    days.source,
    days.is_now,
    days.is_known,
    days.open_deals,
    rates.avg_deal,
    rates.win_rate,
    rates.cycle_days,
    rates.avg_deal * rates.win_rate / nullif(rates.cycle_days, 0) as per_deal_day,
    coalesce(rates.won, 0) || ' won in the 12 months to ' || {{ day_text('days.snapshot_day') }} as basis
from days
left join rates on days.snapshot_day = rates.snapshot_day
