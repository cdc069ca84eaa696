select
    line_id,
    starts_on,
    reason,
    entered_at,
    entered_by
from {{ source('config', 'normals') }}
