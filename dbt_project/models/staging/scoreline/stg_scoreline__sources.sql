select
    source,
    label as source_label,
    cadence,
    freshness_hours
from {{ source('config', 'sources') }}
