-- the open records on the last day of each week that has a snapshot of every desk in use: one desk alone would be too few
with days as (
    select
        split_part(snapshot_table, '.', 1) as source,
        snapshot_day,
        {{ week_start('snapshot_day') }} as week_start
    from {{ ref('int_sources__snapshot_days') }}
    where snapshot_table in ('zendesk.open_tickets', 'intercom.open_conversations')
),

-- a desk is in use from its first snapshot on and, if it is no longer connected, to its last one
used as (
    select
        days.source,
        min(days.week_start) as first_week,
        case when bool_or(sources.is_not_connected) then max(days.week_start) else date '9999-12-31' end as last_week
    from days
    left join {{ ref('int_sources__states') }} as sources on days.source = sources.source
    group by days.source
),

desks as (
    select
        weeks.week_start,
        count(*) as n
    from (select distinct days.week_start from days) as weeks
    inner join used on weeks.week_start between used.first_week and used.last_week
    group by weeks.week_start
),

chosen as (
    select
        days.week_start,
        days.snapshot_day
    from days
    inner join desks on days.week_start = desks.week_start
    group by days.week_start, days.snapshot_day, desks.n
    having count(*) = desks.n
    qualify row_number() over (partition by days.week_start order by days.snapshot_day desc) = 1
)

select
    snapshots.snapshot_day as occurred_on,
    snapshots.person_key,
    snapshots.reason,
    snapshots.source,
    snapshots.record_type,
    snapshots.record_id,
    snapshots.record_url,
    snapshots.record_label
    || ' (' || coalesce(snapshots.status, 'status unknown') || ', ' || snapshots.age_hours // 24 || ' days)' as record_label
from {{ ref('int_desk__open_snapshots') }} as snapshots
inner join chosen on snapshots.snapshot_day = chosen.snapshot_day

union all

-- the snapshot itself, so that a day with nothing open is a zero and not a blank
select
    days.snapshot_day as occurred_on,
    cast(null as text) as person_key,
    'snapshot_taken' as reason,
    days.source,
    'snapshot' as record_type,
    strftime(days.snapshot_day, '%Y-%m-%d') as record_id,
    cast(null as text) as record_url,
    'Snapshot of ' || {{ day_text('days.snapshot_day') }} as record_label
from days
inner join chosen on days.snapshot_day = chosen.snapshot_day
