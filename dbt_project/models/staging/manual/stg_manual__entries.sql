select
    file,
    line,
    metric as typed_metric,
    person_key,
    week_start,
    note,
    entered_by,
    entered_at,
    reason as correction_reason,
    case file when 'portal' then 'in the portal' else 'in ' || file || ', line ' || line end as via,
    {{ plausible('value', 'number') }} as value,
    {{ implausible_fields({'value': ('value', 'number')}) }} as implausible,
    coalesce(occurred_on, week_start) as occurred_on
from {{ source('raw_manual', 'entries') }}
