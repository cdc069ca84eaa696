-- the open deals of each day with when they last moved: a model of its own, so that where one kind of activity may not be read only the
-- stale deals are unknown
with read as (
    select {{ read_state() }}
    {{ tables_needed(['int_crm__deal_activities']) }}
),

last_activities as (
    select
        open_deals.deal_id,
        open_deals.snapshot_day,
        max(activities.activity_day) filter (where activities.activity_day <= open_deals.snapshot_day) as last_activity_day,
        -- something is agreed: the deal is not forgotten
        bool_or(
            activities.activity_type = 'meeting' and activities.created_day <= open_deals.snapshot_day
            and activities.activity_day > open_deals.snapshot_day
        ) as has_meeting_ahead
    from {{ ref('int_crm__open_deals') }} as open_deals
    inner join {{ ref('int_crm__deal_activities') }} as activities on open_deals.deal_id = activities.deal_id
    group by open_deals.deal_id, open_deals.snapshot_day
),

watched as (
    select
        open_deals.*,
        last_activities.last_activity_day,
        greatest(
            open_deals.opened_on,
            case when open_deals.stage_entered_day <= open_deals.snapshot_day then open_deals.stage_entered_day end,
            last_activities.last_activity_day
        ) as last_moved_day,
        coalesce(last_activities.has_meeting_ahead, false) as has_meeting_ahead
    from {{ ref('int_crm__open_deals') }} as open_deals
    left join last_activities
        on open_deals.deal_id = last_activities.deal_id and open_deals.snapshot_day = last_activities.snapshot_day
)

select
    watched.*,
    watched.snapshot_day - watched.last_moved_day > cast({{ setting('hubspot.stale_after_days', '30') }} as integer)
    and not watched.has_meeting_ahead as is_stale,
    -- whether activities were read as far as that day: else a deal looks as if nobody had touched it
    not read.is_unread and (
        watched.snapshot_day <= {{ local_day('read.read_through') }} or watched.snapshot_day = {{ today() }} and not read.is_late
    ) as is_movement_known
from watched
cross join read
