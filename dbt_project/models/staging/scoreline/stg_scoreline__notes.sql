select
    line_id,
    period_start,
    text as note,
    version,
    entered_at,
    entered_by
from {{ source('config', 'notes') }}
