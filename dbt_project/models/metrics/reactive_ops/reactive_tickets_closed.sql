select
    'reactive_tickets_closed' as metric_id,
    completed_person_key as person_key,
    completed_day as occurred_on,
    1 as numerator,
    1 as denominator,
    not_closed_because as reason,
    client as segment,
    {{ receipt() }}
from {{ ref('int_desk__service_tickets') }}
where completed_day is not null
