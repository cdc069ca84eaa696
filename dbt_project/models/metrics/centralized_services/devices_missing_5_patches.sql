select
    'devices_missing_5_patches' as metric_id,
    cast(null as text) as person_key,
    occurred_on,
    1 as numerator,
    1 as denominator,
    case
        when left_out_because is not null then left_out_because
        when not has_patch_data then 'no_patch_data'
        when missing_patches <= 5 then 'ok'
    end as reason,
    client_name as segment,
    {{ receipt() }}
from {{ ref('int_devices__managed') }}
