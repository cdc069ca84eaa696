select
    'leads_in_queue' as metric_id,
    cast(null as text) as person_key,
    occurred_on,
    leads_not_started as numerator,
    1 as denominator,
    not_queued_because as reason,
    {{ receipt() }}
from {{ ref('int_outreach__campaigns') }}
