select
    deal_id,
    property,
    value,
    set_at,
    source_type,
    {{ local_day('set_at') }} as set_day
from {{ source('raw_hubspot', 'deal_history') }}
