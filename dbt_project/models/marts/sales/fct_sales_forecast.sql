-- the open deals by the month in which they are planned to close: by the probability of their stage, and by what became of the company's
-- own deals in that stage. A deal whose planned day has passed is in no month: it is overdue
with deals as (
    select
        open_deals.*,
        history.own_rate,
        case
            when open_deals.is_overdue then null
            else {{ month_start('open_deals.close_day') }}
        end as month_start
    from {{ ref('fct_sales_open_deals') }} as open_deals
    left join {{ ref('int_crm__deals') }} as deals on open_deals.deal_id = deals.deal_id
    left join {{ ref('fct_sales_stage_history') }} as history
        on deals.pipeline_id = history.pipeline_id and deals.stage_id = history.stage_id
    where open_deals.is_now
)

select
    month_start,
    case
        when is_overdue then 'Overdue'
        when month_start is null then 'No close date'
        else {{ day_text('month_start', 'month') }}
    end as label,
    is_overdue,
    count(*) as deals,
    -- null where none of them has an amount that can be added
    cast(sum(amount) as decimal(38, 9)) as value,
    cast(sum(weighted) as decimal(38, 9)) as weighted_stage,
    -- where too few deals were in a stage the CRM's probability is taken
    cast(sum(amount * coalesce(own_rate, probability)) as decimal(38, 9)) as weighted_history,
    count(*) filter (where amount is null) as missing_amount
from deals
group by month_start, is_overdue
