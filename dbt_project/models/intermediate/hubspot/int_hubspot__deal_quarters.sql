-- a deal belongs to every scorecard quarter in which it was open at some time. What it is there is what it was on the quarter's last day
with quarters as (
    select distinct
        quarter_start,
        quarter_end,
        least(quarter_end, {{ today() }}) as last_day
    from {{ ref('int_calendar__days') }}
    where quarter_start <= {{ today() }}
)

select
    deals.* replace (
        accounts.person_key as person_key,
        spans.is_in_pipeline as is_in_pipeline,
        spans.amount as amount
    ),
    quarters.quarter_start,
    coalesce(spans.closed_on, quarters.last_day) as occurred_on,
    case spans.deal_state when 'open' then 'in_progress' else spans.deal_state end as state_in_quarter
from {{ ref('int_hubspot__deals') }} as deals
inner join {{ ref('int_hubspot__deal_spans') }} as spans on deals.deal_id = spans.deal_id
inner join quarters
    on
        spans.from_day <= quarters.last_day
        and spans.until_day > quarters.last_day
        and quarters.last_day >= least(coalesce(deals.created_day, spans.closed_on), coalesce(spans.closed_on, deals.created_day))
        and (spans.deal_state = 'open' or spans.closed_on >= quarters.quarter_start)
left join {{ ref('int_people__accounts') }} as accounts
    on accounts.source = 'hubspot' and spans.owner_id = accounts.account_id
