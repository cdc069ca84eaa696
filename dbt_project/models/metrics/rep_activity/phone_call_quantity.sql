select
    'phone_call_quantity' as metric_id,
    person_key,
    call_day as occurred_on,
    1 as numerator,
    1 as denominator,
    case
        when is_deleted then 'deleted'
        when is_ahead then 'not_yet'
        when is_duplicate then 'duplicate_call'
        when account_id is null then 'no_rep'
    end as reason,
    {{ receipt() }}
from {{ ref('int_phone__calls') }}
