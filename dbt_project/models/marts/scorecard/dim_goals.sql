select
    line_id,
    valid_from,
    valid_to,
    operator,
    target,
    target_2,
    band,
    reason
from {{ ref('goals') }}
