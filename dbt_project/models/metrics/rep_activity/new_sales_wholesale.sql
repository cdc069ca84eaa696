select
    'new_sales_wholesale' as metric_id,
    person_key,
    won_on as occurred_on,
    coalesce(amount, 0) as numerator,
    1 as denominator,
    case
        when is_deleted then 'deleted'
        when not is_revenue then 'other_pipeline'
        when sale_type is null then 'no_sale_type'
        when sale_type <> 'wholesale' then 'other_sale_type'
        when list_contains(implausible, 'amount') then 'implausible_amount'
        when amount is null then 'no_amount'
        when is_other_currency then 'other_currency'
        when is_other_currency is null then 'no_currency'
    end as reason,
    {{ receipt() }}
from {{ ref('int_copper__sales') }}
