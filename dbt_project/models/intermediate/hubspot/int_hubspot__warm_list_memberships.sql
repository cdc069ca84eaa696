-- who was on the list on which days: a snapshot holds until the next one. Before the first snapshot there is only the
-- join date of those who were still members then; who had left before it can't be known.
with members as (
    select
        members.snapshot_day,
        members.joined_day,
        coalesce(aliases.contact_id, members.contact_id) as contact_id
    from {{ ref('stg_hubspot__list_members') }} as members
    inner join {{ ref('stg_hubspot__lists') }} as lists on members.list_id = lists.list_id
    left join {{ ref('int_hubspot__contact_aliases') }} as aliases on members.contact_id = aliases.alias_id
    where lower(trim(lists.list_name)) = lower(trim({{ setting('hubspot.warm_list', default='') }}))
),

snapshots as (
    select
        snapshot_day,
        lead(snapshot_day) over (order by snapshot_day) as next_snapshot_day,
        row_number() over (order by snapshot_day) = 1 as is_first
    from members
    group by snapshot_day
),

days as (
    select
        members.contact_id,
        min(least(case when snapshots.is_first then members.joined_day end, snapshots.snapshot_day)) as from_day,
        snapshots.next_snapshot_day as until_day
    from members
    inner join snapshots on members.snapshot_day = snapshots.snapshot_day
    where members.contact_id is not null
    group by members.contact_id, snapshots.snapshot_day, snapshots.next_snapshot_day
),

-- daily snapshots of an unchanged list become one span, so that joining a call to it stays cheap
marked as (
    select
        *,
        coalesce(lag(until_day) over (partition by contact_id order by from_day) = from_day, false) as is_continued
    from days
),

numbered as (
    select
        *,
        sum(case when is_continued then 0 else 1 end) over (partition by contact_id order by from_day) as span
    from marked
)

select
    contact_id,
    min(from_day) as from_day,
    -- exclusive; the newest snapshot holds until there is another
    case when bool_or(until_day is null) then date '9999-12-31' else max(until_day) end as until_day
from numbered
group by contact_id, span
