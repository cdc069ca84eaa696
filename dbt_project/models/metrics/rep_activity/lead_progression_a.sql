select
    'lead_progression_a' as metric_id,
    person_key,
    occurred_on,
    1 as numerator,
    1 as denominator,
    case
        when is_deleted then 'deleted'
    end as reason,
    {{ receipt() }}
from {{ ref('int_copper__progressions') }}
where progression = 'A'
