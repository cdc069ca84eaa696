select
    'bills_pending_approval' as metric_id,
    cast(null as text) as person_key,
    occurred_on,
    1 as numerator,
    1 as denominator,
    count_reason as reason,
    {{ receipt() }}
from {{ ref('int_accounting__pending_bills') }}
where is_last_of_week
