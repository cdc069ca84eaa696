select
    file,
    line,
    metric as typed_metric,
    person_key,
    week_start,
    value,
    note,
    entered_by,
    entered_at,
    coalesce(occurred_on, week_start) as occurred_on
from {{ source('raw_manual', 'entries') }}
