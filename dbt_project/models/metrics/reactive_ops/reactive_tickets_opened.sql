select
    'reactive_tickets_opened' as metric_id,
    assigned_person_key as person_key,
    opened_day as occurred_on,
    1 as numerator,
    1 as denominator,
    not_opened_because as reason,
    client as segment,
    {{ receipt() }}
from {{ ref('int_desk__service_tickets') }}
