select
    'activity_response_time' as metric_id,
    person_key,
    asked_on as occurred_on,
    coalesce(hours, 0) as numerator,
    1 as denominator,
    reason,
    {{ receipt() }}
from {{ ref('int_hubspot__responses') }}
