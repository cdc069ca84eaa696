select
    'vendors_not_onboarded' as metric_id,
    cast(null as text) as person_key,
    occurred_on,
    1 as numerator,
    1 as denominator,
    reason,
    {{ receipt() }}
from {{ ref('int_accounting__vendor_offers') }}
where is_last_of_week
