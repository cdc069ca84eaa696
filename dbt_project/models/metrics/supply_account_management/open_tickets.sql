select
    'open_tickets' as metric_id,
    person_key,
    occurred_on,
    1 as numerator,
    1 as denominator,
    reason,
    {{ receipt() }}
from {{ ref('int_desk__open_records') }}
