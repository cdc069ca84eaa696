select
    'lead_progression_c' as metric_id,
    person_key,
    occurred_on,
    1 as numerator,
    1 as denominator,
    case
        when is_deleted then 'deleted'
    end as reason,
    {{ receipt() }}
from {{ ref('int_copper__progressions') }}
where progression = 'C'
