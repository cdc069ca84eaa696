select
    line_id,
    valid_from,
    valid_to,
    operator,
    target,
    target_2,
    band,
    tolerance,
    per,
    kind,
    reason
from {{ ref('int_goals__rows') }}
