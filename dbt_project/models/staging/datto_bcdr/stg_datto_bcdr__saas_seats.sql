select
    snapshot_date as snapshot_day,
    customer_id,
    name as seat_name,
    seat_type,
    seat_state,
    is_billable,
    date_added as added_at,
    error as load_error,
    coalesce(main_id, '') as seat_key,
    error is null as is_loaded
from {{ source('raw_datto_bcdr', 'saas_seats') }}
