select
    'coi_created' as metric_id,
    person_key,
    coi_day as occurred_on,
    1 as numerator,
    1 as denominator,
    case
        when is_deleted then 'deleted'
        when owner_id is null then 'no_owner'
    end as reason,
    {{ receipt() }}
from {{ ref('int_hubspot__contacts') }}
where coi_day is not null
