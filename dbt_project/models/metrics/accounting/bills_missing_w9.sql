select
    'bills_missing_w9' as metric_id,
    cast(null as text) as person_key,
    occurred_on,
    1 as numerator,
    1 as denominator,
    reason,
    {{ receipt() }}
from {{ ref('int_accounting__bills_w9') }}
where is_last_of_week
