select
    'leads_sequencing' as metric_id,
    cast(null as text) as person_key,
    occurred_on,
    leads_in_progress as numerator,
    1 as denominator,
    not_sequencing_because as reason,
    {{ receipt() }}
from {{ ref('int_outreach__campaigns') }}
