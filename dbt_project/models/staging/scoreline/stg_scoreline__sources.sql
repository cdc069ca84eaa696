select
    source,
    label as source_label,
    freshness_hours,
    kind
from {{ source('config', 'sources') }}
