select
    'same_day_close_rate_business' as metric_id,
    completed_person_key as person_key,
    completed_day as occurred_on,
    -- closed before its business day began (Friday evening, say) is at least as quick as on that day
    case when opened_business_day >= completed_day then 1 else 0 end as numerator,
    1 as denominator,
    not_closed_because as reason,
    client as segment,
    {{ receipt() }}
from {{ ref('int_desk__service_tickets') }}
where completed_day is not null
