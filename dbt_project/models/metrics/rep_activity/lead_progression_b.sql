select
    'lead_progression_b' as metric_id,
    person_key,
    occurred_on,
    1 as numerator,
    1 as denominator,
    case
        when is_deleted then 'deleted'
        when person_key is null and rep_email is null then 'no_rep'
    end as reason,
    {{ receipt() }}
from {{ ref('int_rep_progressions') }}
where progression = 'B'
