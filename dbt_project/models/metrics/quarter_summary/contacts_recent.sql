select
    'contacts_recent' as metric_id,
    person_key,
    created_day as occurred_on,
    1 as numerator,
    1 as denominator,
    case
        when is_deleted then 'deleted'
        when created_day is null then 'no_date'
    end as reason,
    {{ receipt() }}
from {{ ref('int_hubspot__contacts') }}
