select
    'ftas_set' as metric_id,
    person_key,
    created_day as occurred_on,
    1 as numerator,
    1 as denominator,
    case
        when is_deleted then 'deleted'
        when is_same_meeting then 'same_meeting'
        when created_day is null then 'no_date'
        when owner_id is null then 'no_owner'
        when is_reschedule then 'reschedule'
    end as reason,
    {{ receipt() }}
from {{ ref('int_hubspot__meetings') }}
where is_first_appointment
