select
    'activities_total' as metric_id,
    person_key,
    day as occurred_on,
    1 as numerator,
    1 as denominator,
    case when is_deleted then 'deleted' end as reason,
    {{ receipt() }}
from {{ ref('int_crm__activities') }}
where activity_type <> 'email' and day is not null
