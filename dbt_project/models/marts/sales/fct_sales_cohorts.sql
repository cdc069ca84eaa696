-- deals by the quarter in which they were made: which part of them was won at an age of n days. Where some are open and younger
-- than that, the part can still grow
with deals as (
    select
        opened_on,
        {{ calendar_quarter_start('opened_on') }} as cohort_start,
        deal_state,
        closed_on - opened_on as closed_at_age,
        {{ today() }} - opened_on as age
    from {{ ref('int_crm__deals') }}
    where not is_deleted and not is_disqualified and deal_state <> 'moved' and opened_on <= {{ today() }}
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
