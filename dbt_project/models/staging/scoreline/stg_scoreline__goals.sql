select
    sequence,
    line_id,
    valid_from,
    operator,
    target,
    target_2,
    band,
    tolerance,
    per,
    reason
from {{ source('config', 'goals') }}
