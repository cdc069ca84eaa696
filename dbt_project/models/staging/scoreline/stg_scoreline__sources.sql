select
    source,
    label as source_label,
    cadence,
    freshness_hours,
    kind
from {{ source('config', 'sources') }}
