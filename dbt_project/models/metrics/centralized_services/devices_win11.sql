select
    'devices_win11' as metric_id,
    cast(null as text) as person_key,
    occurred_on,
    1 as numerator,
    1 as denominator,
    case
        when left_out_because is not null then left_out_because
        when is_windows is null then 'no_system'
    end as reason,
    client_name as segment,
    {{ receipt() }}
from {{ ref('int_devices__managed') }}
where windows_version = '11' or is_windows is null or record_type = 'snapshot'
