-- each opportunity of Copper from day to day, as far as our daily lists of the open ones show. Before the first list it was as that list
-- shows it; an opportunity that a list lacks was closed by that day
with deals as (
    select
        cast(opportunities.opportunity_id as text) as deal_id,
        opportunities.created_day,
        cast(opportunities.pipeline_id as text) as pipeline_id,
        cast(opportunities.pipeline_stage_id as text) as stage_id,
        cast(opportunities.amount as decimal(38, 9)) as amount,
        cast(opportunities.assignee_id as text) as owner_id,
        opportunities.close_day,
        case lower(trim(opportunities.status)) when 'won' then 'won' when 'open' then 'open' else 'lost' end as deal_state,
        coalesce(pipelines.is_revenue, true) as is_in_pipeline,
        opportunities.stage_changed_day,
        -- Copper writes the day of the close into the close date; where it is blank, or in the future, the day of the last change is taken
        case
            when lower(trim(opportunities.status)) = 'open' then null
            when opportunities.close_day <= {{ today() }} then opportunities.close_day
            else coalesce(opportunities.stage_changed_day, {{ local_day('opportunities.updated_at') }}, opportunities.created_day)
        end as told_closed_on,
        coalesce(told_closed_on, opportunities.stage_changed_day, {{ local_day('opportunities.updated_at') }}) as since_day
    from {{ ref('stg_copper__opportunities') }} as opportunities
    left join {{ ref('stg_copper__pipelines') }} as pipelines on opportunities.pipeline_id = pipelines.pipeline_id
),

lists as (
    select
        snapshot_day,
        lead(snapshot_day) over (order by snapshot_day) as next_list_day
    from {{ ref('stg_copper__opportunity_stages') }}
    group by snapshot_day
),

listed as (
    select
        deals.deal_id,
        snapshots.snapshot_day as day,
        coalesce(cast(snapshots.pipeline_id as text), deals.pipeline_id) as pipeline_id,
        cast(snapshots.pipeline_stage_id as text) as stage_id,
        cast(snapshots.amount as decimal(38, 9)) as amount,
        cast(snapshots.assignee_id as text) as owner_id,
        deals.close_day,
        'open' as deal_state,
        coalesce(pipelines.is_revenue, true) as is_in_pipeline,
        deals.deal_state as deal_state_now,
        deals.told_closed_on,
        deals.stage_changed_day,
        lists.next_list_day,
        lead(snapshots.snapshot_day) over (partition by deals.deal_id order by snapshots.snapshot_day) as next_day
    from {{ ref('stg_copper__opportunity_stages') }} as snapshots
    inner join lists on snapshots.snapshot_day = lists.snapshot_day
    inner join deals on cast(snapshots.opportunity_id as text) = deals.deal_id
    left join {{ ref('stg_copper__pipelines') }} as pipelines
        on coalesce(cast(snapshots.pipeline_id as text), deals.pipeline_id) = cast(pipelines.pipeline_id as text)
),

changed as (
    select * exclude (state_hash)
    from (
        select
            *,
            hash(pipeline_id, stage_id, amount, owner_id, is_in_pipeline) as state_hash
        from listed
    ) as hashed
    qualify coalesce(state_hash <> lag(state_hash) over (partition by deal_id order by day), true)
),

-- closed between two lists: on the day that Copper names if it is between them
missed as (
    select
        * replace (
            case
                when next_day is null and told_closed_on between day and next_list_day then told_closed_on
                when next_day is null and stage_changed_day between day and next_list_day then stage_changed_day
                else next_list_day
            end as day,
            case when next_day is null then deal_state_now else 'lost' end as deal_state
        )
    from listed
    where next_list_day < coalesce(next_day, date '9999-12-31') and (next_day is not null or deal_state_now <> 'open')
),

changes as (
    select
        deal_id,
        day,
        pipeline_id,
        stage_id,
        amount,
        owner_id,
        close_day,
        deal_state,
        is_in_pipeline,
        0 as pushes,
        0 as pushed_days
    from (
        select * from changed
        union all
        select * from missed
    ) as together
    qualify row_number() over (partition by deal_id, day order by deal_state = 'open') = 1
),

{{ deal_spans() }}
