select
    'failed_saas_48h' as metric_id,
    cast(null as text) as person_key,
    occurred_on,
    1 as numerator,
    1 as denominator,
    reason,
    {{ receipt() }}
from {{ ref('int_devices__saas_clients') }}

union all

select
    'failed_saas_48h' as metric_id,
    cast(null as text) as person_key,
    occurred_on,
    1 as numerator,
    1 as denominator,
    reason,
    {{ receipt() }}
from {{ ref('int_devices__saas_seats') }}
