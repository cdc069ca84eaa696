-- every deal that is or was in the sales pipelines with what the numbers of the sales pages take from it
select
    deals.deal_id,
    deals.record_label as deal_name,
    deals.record_url,
    owners.shown_key as owner_key,
    owners.owner_name,
    deals.deal_state,
    coalesce(stages.stage_label, deals.stage_id, 'No stage') as stage_label,
    stages.stage_order,
    cast(deals.amount as decimal(38, 9)) as amount,
    deals.is_other_currency,
    deals.created_day,
    deals.closed_on,
    case when deals.deal_state = 'open' then deals.close_day end as close_day,
    case when deals.deal_state = 'won' then greatest(deals.closed_on - deals.created_day, 0) end as cycle_days,
    {{ words("coalesce(deals.original_source, 'NOT_GIVEN')") }} as original_source,
    case when deals.deal_state = 'lost' then coalesce(deals.lost_reason, 'Not given') end as lost_reason,
    case
        when deals.is_deleted then 'deleted'
        when deals.deal_state = 'moved' then 'other_pipeline'
        when deals.deal_state = 'lost' and deals.is_disqualified then 'disqualified'
        when deals.is_other_currency then 'other_currency'
        when deals.amount is null then 'no_amount'
        when deals.is_other_currency is null then 'no_currency'
    end as left_out_reason,
    deals.is_deleted
from {{ ref('int_crm__deals') }} as deals
left join {{ ref('int_crm__stages') }} as stages on deals.pipeline_id = stages.pipeline_id and deals.stage_id = stages.stage_id
left join {{ ref('int_crm__owners') }} as accounts on deals.source = accounts.source and deals.owner_id = accounts.owner_id
left join {{ ref('int_sales__owners') }} as owners
    on coalesce(accounts.owner_key, deals.source || ':' || nullif(deals.owner_id, ''), 'nobody') = owners.owner_key
