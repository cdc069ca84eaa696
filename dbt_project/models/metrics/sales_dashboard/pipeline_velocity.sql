-- a ratio over 1: a day without a win in the twelve months before has no velocity, which is not a velocity of 0
select
    'pipeline_velocity' as metric_id,
    cast(null as text) as person_key,
    snapshot_day as occurred_on,
    coalesce(open_deals * per_deal_day, 0) as numerator,
    1 as denominator,
    case when per_deal_day is null then 'nothing_won' end as reason,
    per_deal_day is not null as counted,
    source,
    'snapshot' as record_type,
    cast(snapshot_day as text) as record_id,
    cast(null as text) as record_url,
    open_deals || ' open, ' || basis as record_label
from {{ ref('int_sales__velocity') }}
