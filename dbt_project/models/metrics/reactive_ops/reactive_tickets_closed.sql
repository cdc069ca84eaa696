select
    'reactive_tickets_closed' as metric_id,
    completed_person_key as person_key,
    completed_day as occurred_on,
    1 as numerator,
    1 as denominator,
    case
        when is_deleted then 'deleted'
        when not is_reactive then 'wrong_queue'
        when not is_complete then 'not_complete'
    end as reason,
    client as segment,
    {{ receipt() }}
from {{ ref('int_desk__service_tickets') }}
where completed_day is not null
