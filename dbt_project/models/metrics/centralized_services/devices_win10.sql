select
    'devices_win10' as metric_id,
    cast(null as text) as person_key,
    occurred_on,
    1 as numerator,
    1 as denominator,
    left_out_because as reason,
    client_name as segment,
    {{ receipt() }}
from {{ ref('int_devices__managed') }}
where windows_version = '10' or record_type = 'snapshot'
