select
    'failed_backups_48h' as metric_id,
    cast(null as text) as person_key,
    occurred_on,
    1 as numerator,
    1 as denominator,
    case
        when left_out_because is not null then left_out_because
        when hours_since_good_backup <= 48 then 'ok'
    end as reason,
    client_name as segment,
    {{ receipt() }}
from {{ ref('int_devices__backup_assets') }}
