-- a deal belongs to every scorecard quarter in which it was open at some time
with quarters as (
    select distinct
        quarter_start,
        quarter_end
    from {{ ref('int_calendar__days') }}
    where quarter_start <= {{ today() }}
),

deals as (
    select
        *,
        -- imported deals can carry a close date before their creation
        least(coalesce(created_day, closed_on, {{ today() }}), coalesce(closed_on, date '9999-12-31')) as opened_on
    from {{ ref('int_deals') }}
)

select
    deals.*,
    quarters.quarter_start,
    least(coalesce(deals.closed_on, date '9999-12-31'), quarters.quarter_end, {{ today() }}) as occurred_on,
    case when deals.closed_on <= quarters.quarter_end then deals.deal_state else 'in_progress' end as state_in_quarter
from deals
inner join quarters
    on
        deals.opened_on <= quarters.quarter_end
        and (deals.closed_on is null or deals.closed_on >= quarters.quarter_start)
