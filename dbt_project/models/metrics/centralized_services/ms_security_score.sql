select
    'ms_security_score' as metric_id,
    cast(null as text) as person_key,
    occurred_on,
    coalesce(current_score, 0) as numerator,
    coalesce(max_score, 0) as denominator,
    reason,
    {{ receipt() }}
from {{ ref('int_devices__secure_scores') }}
