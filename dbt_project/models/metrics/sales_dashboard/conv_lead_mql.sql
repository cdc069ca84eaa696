select
    'conv_lead_mql' as metric_id,
    person_key,
    entered_on as occurred_on,
    case when is_passed then 1 else 0 end as numerator,
    1 as denominator,
    case when entered_on is null then 'no_stage_date' end as reason,
    {{ receipt() }}
from {{ ref('int_sales__funnel_entries') }}
where stage = 'lead'
