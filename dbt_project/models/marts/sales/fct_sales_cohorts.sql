-- deals by the quarter in which they were made: which part of them was won at an age of n days. Where some are open and younger
-- than that, the part can still grow
with deals as (
    select
        deals.opened_on,
        {{ calendar_quarter_start('deals.opened_on') }} as cohort_start,
        deals.deal_state,
        deals.closed_on - deals.opened_on as closed_at_age,
        -- a deal is as old as it was when the CRM was last read
        days.snapshot_day - deals.opened_on as age
    from {{ ref('int_crm__deals') }} as deals
    inner join {{ ref('int_crm__days') }} as days on days.kind = 'deals' and days.is_now
    where
        not deals.is_deleted and not deals.is_disqualified and deals.deal_state <> 'moved' and deals.opened_on <= days.snapshot_day
),

ages as (
    select unnest([30, 60, 90, 120, 180, 360]) as age_days
)

select
    deals.cohort_start,
    {{ calendar_quarter_label('deals.cohort_start') }} as cohort_label,
    count(*) as deals,
    count(*) filter (where deals.deal_state = 'won') as won,
    count(*) filter (where deals.deal_state = 'lost') as lost,
    count(*) filter (where deals.deal_state = 'open') as still_open,
    cast(ages.age_days as bigint) as age_days,
    count(*) filter (where deals.deal_state = 'won' and deals.closed_at_age <= ages.age_days) as won_by_age,
    count(*) filter (where deals.deal_state <> 'open' or deals.age >= ages.age_days) as observed,
    cast(
        case
            when max(deals.age) >= ages.age_days
                then count(*) filter (where deals.deal_state = 'won' and deals.closed_at_age <= ages.age_days) / count(*)
        end as decimal(38, 9)
    ) as share,
    bool_or(deals.deal_state = 'open' and deals.age < ages.age_days) as is_censored
from deals
cross join ages
group by deals.cohort_start, ages.age_days
