select
    'avg_deal_size' as metric_id,
    person_key,
    closed_on as occurred_on,
    coalesce(amount, 0) as numerator,
    1 as denominator,
    case
        when is_deleted then 'deleted'
        when not is_in_pipeline then 'other_pipeline'
        when list_contains(implausible, 'amount') then 'implausible_amount'
        when amount is null then 'no_amount'
        when is_other_currency then 'other_currency'
        when is_other_currency is null then 'no_currency'
    end as reason,
    {{ receipt() }}
from {{ ref('int_hubspot__deals') }}
where deal_state = 'won'
