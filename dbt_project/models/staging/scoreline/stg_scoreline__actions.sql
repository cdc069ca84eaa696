select
    action_id,
    line_id,
    period_start,
    what,
    owner,
    due_on,
    state as action_state,
    entered_at,
    entered_by
from {{ source('config', 'actions') }}
