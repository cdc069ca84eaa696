select
    load_number,
    load_id,
    source,
    table_name,
    status as load_status,
    started_at,
    finished_at,
    complete_from,
    complete_through,
    rows_loaded,
    rows_total,
    newest_record,
    requests,
    waited_seconds,
    vendor_total,
    access_ends,
    error as error_text
from {{ source('ledger', 'loads') }}
