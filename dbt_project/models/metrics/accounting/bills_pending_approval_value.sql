select
    'bills_pending_approval_value' as metric_id,
    cast(null as text) as person_key,
    occurred_on,
    coalesce(amount, 0) as numerator,
    1 as denominator,
    value_reason as reason,
    {{ receipt() }}
from {{ ref('int_accounting__pending_bills') }}
where is_last_of_week
