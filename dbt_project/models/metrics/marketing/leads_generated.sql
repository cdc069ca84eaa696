select
    'leads_generated' as metric_id,
    person_key,
    coalesce(lead_day, created_day) as occurred_on,
    1 as numerator,
    1 as denominator,
    case
        when is_deleted then 'deleted'
        when no_lead_because is not null then no_lead_because
        when lead_day is null then 'no_date'
    end as reason,
    original_source as segment,
    {{ receipt() }}
from {{ ref('int_hubspot__contacts') }}
