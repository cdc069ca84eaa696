select
    snapshot_date as snapshot_day,
    list_id,
    record_id as contact_id,
    membership_timestamp as joined_at,
    {{ local_day('membership_timestamp') }} as joined_day
from {{ source('raw_hubspot', 'list_members') }}
