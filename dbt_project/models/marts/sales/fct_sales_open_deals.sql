-- the open deals on the morning of every Monday, as they were then, and as they are now or were when the CRM was last read. A Monday
-- without a complete reading of the CRM has none: fct_sales_velocity says so
select
    deals.snapshot_day,
    case when deals.is_now then deals.snapshot_day else deals.snapshot_day + 1 end as shown_day,
    deals.is_now,
    deals.deal_id,
    deals.record_label as deal_name,
    deals.record_url,
    owners.shown_key as owner_key,
    owners.owner_name,
    coalesce(stages.stage_label, deals.stage_id, 'No stage') as stage_label,
    stages.stage_order,
    cast(stages.probability as decimal(38, 9)) as probability,
    cast(case when not deals.is_other_currency then deals.amount end as decimal(38, 9)) as amount,
    cast(case when not deals.is_other_currency then deals.amount * stages.probability end as decimal(38, 9)) as weighted,
    deals.close_day,
    -- seen from the day on which it is shown: on a Monday morning what was due on Sunday is late
    coalesce(deals.close_day < shown_day, false) as is_overdue,
    deals.snapshot_day - deals.opened_on as age_days,
    deals.snapshot_day - greatest(coalesce(deals.stage_entered_day, deals.opened_on), deals.opened_on) as stage_days,
    deals.last_moved_day,
    case when deals.is_stale and deals.is_movement_known then deals.snapshot_day - deals.last_moved_day end as stale_days,
    case
        when deals.is_stale and deals.is_movement_known then
            case
                when deals.last_activity_day is null then 'never an activity'
                else 'no activity since ' || {{ day_text('deals.last_activity_day') }}
            end
            || ', in its stage since '
            || {{ day_text('greatest(coalesce(deals.stage_entered_day, deals.opened_on), deals.opened_on)') }}
    end as stale_reason,
    deals.is_movement_known,
    cast(coalesce(deals.pushes, 0) as bigint) as pushes,
    cast(coalesce(deals.pushed_days, 0) as bigint) as pushed_days,
    deals.is_other_currency
from {{ ref('int_crm__watched_deals') }} as deals
inner join {{ ref('int_sales__owners') }} as owners on deals.owner_key = owners.owner_key
left join {{ ref('int_crm__stages') }} as stages on deals.pipeline_id = stages.pipeline_id and deals.stage_id = stages.stage_id
where deals.record_type <> 'snapshot' and not deals.is_deleted and deals.is_known
