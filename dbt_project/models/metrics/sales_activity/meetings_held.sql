select
    'meetings_held' as metric_id,
    person_key,
    start_day as occurred_on,
    1 as numerator,
    1 as denominator,
    case
        when is_deleted then 'deleted'
        when is_same_meeting then 'same_meeting'
        when start_day is null then 'no_date'
        when not has_begun then 'not_yet'
        when coalesce(outcome, '') <> 'COMPLETED' then coalesce(lower(outcome), no_outcome_because)
    end as reason,
    {{ receipt() }}
from {{ ref('int_hubspot__meetings') }}
