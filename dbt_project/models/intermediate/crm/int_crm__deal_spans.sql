-- what each deal was from day to day: stage, amount, owner and planned close as they stood at the end of the day. HubSpot tells the
-- history of its properties; Copper's is what our daily snapshots saw, so before the first of them its deals are as they were then
with changes as (
    select
        history.deal_id,
        history.set_day as day,
        history.set_at,
        history.property,
        trim(history.value) as value
    from {{ ref('stg_hubspot__deal_history') }} as history
    inner join {{ ref('int_crm') }} as crm on crm.source = 'hubspot'
    where history.property in ('dealstage', 'amount', 'hubspot_owner_id', 'closedate')
),

planned as (
    select
        deal_id,
        day,
        set_at,
        {{ local_day('coalesce(try_cast(value as timestamptz), to_timestamp(try_cast(value as bigint) / 1000.0))') }} as close_day,
        lag(close_day) over (partition by deal_id order by set_at) as planned_before
    from changes
    where property = 'closedate'
),

pushed as (
    select
        planned.deal_id,
        planned.day,
        count(*) as pushes,
        sum(planned.close_day - planned.planned_before) as pushed_days
    from planned
    inner join {{ ref('int_crm__deals') }} as deals on planned.deal_id = deals.deal_id
    -- the close itself sets the date too: that is no push
    where planned.close_day > planned.planned_before and (deals.closed_on is null or planned.day < deals.closed_on)
    group by planned.deal_id, planned.day
),

days as (
    select
        changes.deal_id,
        changes.day,
        arg_max(changes.value, changes.set_at) filter (where changes.property = 'dealstage') as stage_id,
        arg_max(changes.value, changes.set_at) filter (where changes.property = 'amount') as amount,
        arg_max(changes.value, changes.set_at) filter (where changes.property = 'hubspot_owner_id') as owner_id
    from changes
    group by changes.deal_id, changes.day
),

close_days as (
    select
        deal_id,
        day,
        arg_max(close_day, set_at) as close_day
    from planned
    group by deal_id, day
),

-- a value that was taken away is an empty text, one that did not change is null
told as (
    select
        days.deal_id,
        days.day,
        last_value(days.stage_id ignore nulls) over so_far as stage_id,
        last_value(days.amount ignore nulls) over so_far as amount_text,
        last_value(days.owner_id ignore nulls) over so_far as owner_id,
        last_value(close_days.close_day ignore nulls) over so_far as close_day,
        sum(coalesce(pushed.pushes, 0)) over so_far as pushes,
        sum(coalesce(pushed.pushed_days, 0)) over so_far as pushed_days
    from days
    left join close_days on days.deal_id = close_days.deal_id and days.day = close_days.day
    left join pushed on days.deal_id = pushed.deal_id and days.day = pushed.day
    window so_far as (partition by days.deal_id order by days.day rows unbounded preceding)
),

seen as (
    select
        cast(snapshots.opportunity_id as text) as deal_id,
        snapshots.snapshot_day as day,
        cast(snapshots.pipeline_stage_id as text) as stage_id,
        snapshots.amount,
        cast(snapshots.assignee_id as text) as owner_id
    from {{ ref('stg_copper__opportunity_stages') }} as snapshots
    inner join {{ ref('int_crm') }} as crm on crm.source = 'copper'
),

states as (
    select
        deal_id,
        day,
        stage_id,
        try_cast(nullif(amount_text, '') as decimal(38, 9)) as amount,
        nullif(owner_id, '') as owner_id,
        close_day,
        pushes,
        pushed_days
    from told

    union all by name

    select
        deal_id,
        day,
        stage_id,
        cast(amount as decimal(38, 9)) as amount,
        owner_id,
        0 as pushes,
        0 as pushed_days
    from seen
),

-- a deal without any history is what it is now
complete as (
    select
        deals.deal_id,
        coalesce(states.day, deals.opened_on) as day,
        case when states.deal_id is null then deals.stage_id else states.stage_id end as stage_id,
        case when states.deal_id is null then cast(deals.amount as decimal(38, 9)) else states.amount end as amount,
        case when states.deal_id is null then deals.owner_id else states.owner_id end as owner_id,
        case when deals.source = 'copper' or states.deal_id is null then deals.close_day else states.close_day end as close_day,
        coalesce(states.pushes, 0) as pushes,
        coalesce(states.pushed_days, 0) as pushed_days
    from {{ ref('int_crm__deals') }} as deals
    left join states on deals.deal_id = states.deal_id
),

entered as (
    select
        *,
        coalesce(stage_id, '') <> coalesce(lag(stage_id) over (partition by deal_id order by day), '-') as is_new_stage
    from complete
)

select
    deal_id,
    -- the first state holds from the beginning, whenever it was written
    case when row_number() over of_deal = 1 then date '0001-01-01' else day end as from_day,
    coalesce(lead(day) over of_deal, date '9999-12-31') as until_day,
    stage_id,
    max(case when is_new_stage then day end) over (of_deal rows unbounded preceding) as stage_entered_day,
    amount,
    owner_id,
    close_day,
    pushes,
    pushed_days
from entered
window of_deal as (partition by deal_id order by day)
