select
    'forms_count' as metric_id,
    cast(null as text) as person_key,
    occurred_on,
    1 as numerator,
    1 as denominator,
    case
        when is_archived then 'archived'
    end as reason,
    {{ receipt() }}
from {{ ref('int_marketing__form_quarters') }}
