select
    'failed_continuity_7d' as metric_id,
    cast(null as text) as person_key,
    occurred_on,
    1 as numerator,
    1 as denominator,
    case
        when
            len({{ setting_list('datto_bcdr.continuity_service_plans') }}) > 0
            and not {{ in_setting('service_plan', 'datto_bcdr.continuity_service_plans') }}
            then 'other_service_plan'
        when left_out_because is not null then left_out_because
        when hours_since_good_backup <= 7 * 24 then 'ok'
    end as reason,
    client_name as segment,
    {{ receipt() }}
from {{ ref('int_devices__backup_assets') }}
