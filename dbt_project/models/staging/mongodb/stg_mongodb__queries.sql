select
    snapshot_date,
    query_name,
    status,
    row_count,
    error,
    definition
from {{ source('raw_mongodb', 'queries') }}
