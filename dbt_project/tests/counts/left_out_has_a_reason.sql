select
    line_id,
    record_id,
    counted,
    reason
from {{ ref('fct_contributions') }}
where counted <> (reason is null)
