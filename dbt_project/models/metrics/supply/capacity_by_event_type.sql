-- the same capacity, one record per event type
with per_type as (
    select
        snapshot_date,
        source,
        coalesce(nullif(trim(category), ''), 'without a type') as event_type,
        sum(value) as capacity,
        count(*) as n,
        min(reason) as reason
    from {{ ref('int_figures__records') }}
    where query_name = 'yearly_capacity' and (reason is null or reason = 'nothing_returned')
    group by all
)

select
    'capacity_by_event_type' as metric_id,
    cast(null as text) as person_key,
    snapshot_date as occurred_on,
    capacity as numerator,
    1 as denominator,
    reason is null as counted,
    reason,
    source,
    'event_type' as record_type,
    event_type as record_id,
    cast(null as text) as record_url,
    event_type || ' (' || n || case when n = 1 then ' event)' else ' events)' end as record_label
from per_type
