select
    'mrr_deals_closed' as metric_id,
    person_key,
    closed_on as occurred_on,
    1 as numerator,
    1 as denominator,
    case
        when is_deleted then 'deleted'
        when closed_on is null then 'no_date'
        when not is_in_pipeline then 'other_pipeline'
        when is_renewal then 'renewal'
        when list_contains(implausible, 'mrr') then 'implausible_amount'
        when mrr is null then 'no_mrr'
        when is_other_currency then 'other_currency'
        when is_other_currency is null then 'no_currency'
    end as reason,
    {{ receipt() }}
from {{ ref('int_hubspot__deals') }}
where deal_state = 'won'
