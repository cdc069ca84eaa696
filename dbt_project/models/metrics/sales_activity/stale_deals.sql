select
    'stale_deals' as metric_id,
    person_key,
    snapshot_day as occurred_on,
    case when record_type <> 'snapshot' then 1 else 0 end as numerator,
    1 as denominator,
    case
        when is_deleted then 'deleted'
        when record_type <> 'snapshot' and not is_stale then 'not_stale'
    end as reason,
    {{ receipt() }}
from {{ ref('int_crm__watched_deals') }}
-- a day on which nothing counts is a zero: the row of the whole pipeline says so
qualify
    record_type <> 'snapshot'
    or count(*) filter (where record_type <> 'snapshot' and reason is null) over (partition by snapshot_day) = 0
