-- the queue comes from the campaigns, the mean a calendar day that it is divided by from the sending days
select
    'lead_queue_runway' as metric_id,
    cast(null as text) as person_key,
    occurred_on,
    leads_not_started as numerator,
    0 as denominator,
    not_queued_because as reason,
    {{ receipt() }}
from {{ ref('int_outreach__campaigns') }}

union all

select
    'lead_queue_runway' as metric_id,
    cast(null as text) as person_key,
    occurred_on,
    0 as numerator,
    part_of_calendar_mean as denominator,
    reason,
    {{ receipt() }}
from {{ ref('int_outreach__sending_days') }}
