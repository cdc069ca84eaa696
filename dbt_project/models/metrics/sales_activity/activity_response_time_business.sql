select
    'activity_response_time_business' as metric_id,
    person_key,
    asked_on as occurred_on,
    coalesce(business_hours, 0) as numerator,
    1 as denominator,
    reason,
    {{ receipt() }}
from {{ ref('int_hubspot__responses') }}
