select
    'lead_queue_runway_capacity' as metric_id,
    cast(null as text) as person_key,
    occurred_on,
    case when not_queued_because is null then leads_not_started else 0 end as numerator,
    new_leads_a_day as denominator,
    case when new_leads_a_day = 0 then not_queued_because end as reason,
    {{ receipt() }}
from {{ ref('int_outreach__campaigns') }}

union all

-- nobody knows how much more the campaigns could send with these
select
    'lead_queue_runway_capacity' as metric_id,
    cast(null as text) as person_key,
    occurred_on,
    0 as numerator,
    0 as denominator,
    reason,
    {{ receipt() }}
from {{ ref('int_outreach__unknown_mailboxes') }}
