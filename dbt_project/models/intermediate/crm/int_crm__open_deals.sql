-- the pipeline as it stood at the end of each week and stands today. HubSpot tells when a deal was made and closed, so past weeks are
-- exact in their number; amount and owner are those of now, because HubSpot tells no older ones. A day on which no deal was open
-- has one row without a deal: nothing was open, which is a number
with days as (
    select distinct least(week_start + 6, {{ today() }}) as snapshot_day
    from {{ ref('int_calendar__days') }}
    where
        day <= {{ today() }}
        and week_start >= {{ week_start('(select min(lines.valid_from) from ' ~ ref('scorecard_lines') ~ ' as lines)') }}
),

deals as (
    select
        *,
        -- imported deals can carry a close date before their creation
        least(coalesce(created_day, closed_on, {{ today() }}), coalesce(closed_on, date '9999-12-31')) as opened_on,
        -- a deal leaves the pipeline on the day of its close; a deleted one when HubSpot last changed it
        case when is_deleted then least(coalesce(closed_on, updated_day), coalesce(updated_day, closed_on)) else closed_on end as left_on
    from {{ ref('int_deals') }}
    where is_in_pipeline
),

open_deals as (
    select
        days.snapshot_day,
        deals.*
    from deals
    inner join days
        on
            deals.opened_on <= days.snapshot_day
            and (deals.left_on is null or deals.left_on > days.snapshot_day)
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
    from open_deals
    inner join {{ ref('int_deals__activities') }} as activities on open_deals.deal_id = activities.deal_id
    group by open_deals.deal_id, open_deals.snapshot_day
),

watched as (
    select
        open_deals.*,
        greatest(
            open_deals.opened_on,
            case when open_deals.stage_entered_day <= open_deals.snapshot_day then open_deals.stage_entered_day end,
            last_activities.last_activity_day
        ) as last_moved_day,
        coalesce(last_activities.has_meeting_ahead, false) as has_meeting_ahead
    from open_deals
    left join last_activities
        on open_deals.deal_id = last_activities.deal_id and open_deals.snapshot_day = last_activities.snapshot_day
)

select
    snapshot_day,
    deal_id,
    person_key,
    pipeline_id,
    stage_id,
    amount,
    is_other_currency,
    is_deleted,
    last_moved_day,
    has_meeting_ahead,
    snapshot_day - last_moved_day > cast({{ setting('hubspot.stale_after_days', '30') }} as integer) and not has_meeting_ahead as is_stale,
    source,
    record_type,
    record_id,
    record_url,
    record_label
from watched

union all by name

select
    days.snapshot_day,
    sources.source,
    'snapshot' as record_type,
    cast(days.snapshot_day as text) as record_id,
    cast(null as text) as record_url,
    'The whole pipeline' as record_label
from days
-- nobody looked where HubSpot is not connected
inner join {{ ref('int_sources') }} as sources on sources.source = 'hubspot' and not sources.is_not_connected
