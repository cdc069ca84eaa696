select
    source,
    table_name,
    record_id,
    column_name,
    said,
    noted_at,
    dates,
    load_id
from {{ source('ledger', 'unread') }}
