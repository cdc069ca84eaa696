select
    'pipeline_value' as metric_id,
    person_key,
    snapshot_day as occurred_on,
    coalesce(amount, 0) as numerator,
    1 as denominator,
    case
        when is_deleted then 'deleted'
        when is_implausible then 'implausible_amount'
        when record_type <> 'snapshot' and amount is null then 'no_amount'
        when is_other_currency then 'other_currency'
        when record_type <> 'snapshot' and is_other_currency is null then 'no_currency'
    end as reason,
    {{ receipt() }}
from {{ ref('int_crm__open_deals') }}
-- a day on which nothing counts is a zero: the row of the whole pipeline says so; with an unknown amount it is not known to be one
qualify
    record_type <> 'snapshot'
    or bool_and(
        record_type = 'snapshot' or coalesce(reason not in ('implausible_amount', 'other_currency', 'no_currency'), false)
    ) over (partition by snapshot_day)
