-- the pipelines as they stood at the end of each week and stand today: which deals were open in them, with which stage, amount, owner and
-- planned close. A day on which no deal was open has one row without a deal: nothing was open, which is a number
with days as (
    select distinct least(week_start + 6, {{ today() }}) as snapshot_day
    from {{ ref('int_calendar__days') }}
    where
        day <= {{ today() }}
        and week_start >= {{ week_start('(
            select least(min(lines.valid_from), (select min(deals.opened_on) from ' ~ ref('int_crm__deals') ~ ' as deals))
            from ' ~ ref('scorecard_lines') ~ ' as lines
        )') }}
),

open_deals as (
    select
        days.snapshot_day,
        deals.source,
        deals.deal_id,
        spans.pipeline_id,
        spans.stage_id,
        spans.stage_entered_day,
        spans.amount,
        coalesce(spans.amount is null and list_contains(deals.implausible, 'amount'), false) as is_implausible,
        spans.close_day,
        spans.pushes,
        spans.pushed_days,
        spans.owner_id,
        deals.is_other_currency,
        deals.is_deleted,
        deals.opened_on,
        deals.record_type,
        deals.record_id,
        deals.record_url,
        deals.record_label
    from {{ ref('int_crm__deals') }} as deals
    inner join days
        on
            deals.opened_on <= days.snapshot_day
            and (deals.deleted_on is null or deals.deleted_on > days.snapshot_day)
    inner join {{ ref('int_crm__deal_spans') }} as spans
        on
            deals.deal_id = spans.deal_id and days.snapshot_day >= spans.from_day and days.snapshot_day < spans.until_day
            and spans.is_in_pipeline and spans.deal_state = 'open'
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
    inner join {{ ref('int_crm__deal_activities') }} as activities on open_deals.deal_id = activities.deal_id
    group by open_deals.deal_id, open_deals.snapshot_day
),

watched as (
    select
        open_deals.*,
        coalesce(owners.owner_key, open_deals.source || ':' || nullif(open_deals.owner_id, ''), 'nobody') as owner_key,
        accounts.person_key,
        last_activities.last_activity_day,
        greatest(
            open_deals.opened_on,
            case when open_deals.stage_entered_day <= open_deals.snapshot_day then open_deals.stage_entered_day end,
            last_activities.last_activity_day
        ) as last_moved_day,
        coalesce(last_activities.has_meeting_ahead, false) as has_meeting_ahead
    from open_deals
    left join last_activities
        on open_deals.deal_id = last_activities.deal_id and open_deals.snapshot_day = last_activities.snapshot_day
    left join {{ ref('int_crm__owners') }} as owners on open_deals.source = owners.source and open_deals.owner_id = owners.owner_id
    left join {{ ref('int_people__accounts') }} as accounts
        on open_deals.source = accounts.source and open_deals.owner_id = accounts.account_id
)

select
    *,
    snapshot_day - last_moved_day > cast({{ setting('hubspot.stale_after_days', '30') }} as integer) and not has_meeting_ahead as is_stale
from watched

union all by name

select
    days.snapshot_day,
    crm.source,
    'snapshot' as record_type,
    cast(days.snapshot_day as text) as record_id,
    'The whole pipeline' as record_label
from days
-- nobody looked where no CRM is connected
cross join {{ ref('int_crm') }} as crm
