select
    'leads_generated' as metric_id,
    person_key,
    coalesce(became_lead_day, created_day) as occurred_on,
    1 as numerator,
    1 as denominator,
    case
        when is_deleted then 'deleted'
        when coalesce(became_lead_day, created_day) is null then 'no_date'
        when became_lead_day is null and lifecycle_stage is null then 'no_lead_stage'
    end as reason,
    original_source as segment,
    {{ receipt() }}
from {{ ref('int_contacts') }}
