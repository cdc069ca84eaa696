-- each deal of HubSpot from day to day, by the history of its properties
with stages as (
    select
        pipeline_id,
        stage_id,
        case
            when is_closed and probability = 1 then 'won'
            when is_closed then 'lost'
            else 'open'
        end as deal_state
    from {{ ref('stg_hubspot__deal_stages') }}
),

-- if a stage itself was moved to another pipeline, only its id identifies it
stages_anywhere as (
    select
        stage_id,
        any_value(deal_state) as deal_state
    from stages
    group by stage_id
    having count(distinct deal_state) = 1
),

deals as (
    select
        deals.deal_id,
        deals.created_day,
        deals.pipeline_id,
        deals.stage_id,
        cast(deals.amount as decimal(38, 9)) as amount,
        deals.owner_id,
        deals.closed_day as close_day,
        coalesce(stages.deal_state, 'open') as deal_state,
        {{ in_setting('deals.pipeline_id', 'hubspot.pipelines') }} as is_in_pipeline,
        coalesce(deals.stage_entered_day, deals.updated_day) as since_day,
        case
            when stages.deal_state <> 'open' then
                -- a date ahead is a plan that nobody took back
                least(
                    coalesce(deals.closed_day, deals.stage_entered_day, deals.created_day, {{ today() }}),
                    coalesce(deals.stage_entered_day, {{ today() }}),
                    {{ today() }}
                )
        end as told_closed_on
    from {{ ref('stg_hubspot__deals') }} as deals
    left join stages on deals.pipeline_id = stages.pipeline_id and deals.stage_id = stages.stage_id
),

set_values as (
    select
        deal_id,
        set_day as day,
        set_at,
        property,
        -- one that was taken away is empty
        coalesce(trim(value), '') as value
    from {{ ref('stg_hubspot__deal_history') }}
    where set_at <= {{ clock() }}
),

plans as (
    select
        deal_id,
        day,
        set_at,
        {{ local_day('coalesce(try_cast(value as timestamptz), to_timestamp(try_cast(value as bigint) / 1000.0))') }} as close_day,
        lag(close_day) over (partition by deal_id order by set_at) as close_day_before
    from set_values
    where property = 'closedate'
),

planned as (
    select
        deal_id,
        day,
        arg_max(close_day, set_at) as close_day,
        count(*) filter (where close_day > close_day_before) as pushes,
        coalesce(sum(close_day - close_day_before) filter (where close_day > close_day_before), 0) as pushed_days
    from plans
    group by deal_id, day
),

days as (
    select
        deal_id,
        day,
        arg_max(value, set_at) filter (where property = 'pipeline') as pipeline_id,
        arg_max(value, set_at) filter (where property = 'dealstage') as stage_id,
        arg_max(value, set_at) filter (where property = 'amount') as amount_text,
        arg_max(value, set_at) filter (where property = 'hubspot_owner_id') as owner_id,
        bool_or(property = 'closedate') as is_planned
    from set_values
    group by deal_id, day
),

told as (
    select
        days.deal_id,
        days.day,
        -- a deal is always in a pipeline and a stage: before the first that is known it was in that one
        last_value(days.pipeline_id ignore nulls) over so_far as pipeline_id,
        first_value(days.pipeline_id ignore nulls) over from_here as later_pipeline_id,
        last_value(days.stage_id ignore nulls) over so_far as stage_id,
        first_value(days.stage_id ignore nulls) over from_here as later_stage_id,
        last_value(days.amount_text ignore nulls) over so_far as amount_text,
        last_value(days.owner_id ignore nulls) over so_far as owner_id,
        last_value(planned.close_day ignore nulls) over so_far as close_day,
        bool_or(days.amount_text is not null) over (partition by days.deal_id) as has_amounts,
        bool_or(days.owner_id is not null) over (partition by days.deal_id) as has_owners,
        bool_or(days.is_planned) over (partition by days.deal_id) as has_plans,
        coalesce(planned.pushes, 0) as pushes,
        coalesce(planned.pushed_days, 0) as pushed_days
    from days
    left join planned on days.deal_id = planned.deal_id and days.day = planned.day
    window
        so_far as (partition by days.deal_id order by days.day rows unbounded preceding),
        from_here as (partition by days.deal_id order by days.day rows between current row and unbounded following)
),

-- a property without a history is what it is now
filled as (
    select
        told.deal_id,
        told.day,
        coalesce(told.pipeline_id, told.later_pipeline_id, deals.pipeline_id) as pipeline_id,
        coalesce(told.stage_id, told.later_stage_id, deals.stage_id) as stage_id,
        case when told.has_amounts then try_cast(nullif(told.amount_text, '') as decimal(38, 9)) else deals.amount end as amount,
        case when told.has_owners then nullif(told.owner_id, '') else deals.owner_id end as owner_id,
        case when told.has_plans then told.close_day else deals.close_day end as close_day,
        told.pushes,
        told.pushed_days
    from told
    inner join deals on told.deal_id = deals.deal_id
),

changes as (
    select
        filled.*,
        coalesce(stages.deal_state, stages_anywhere.deal_state, 'open') as deal_state,
        {{ in_setting('filled.pipeline_id', 'hubspot.pipelines') }} as is_in_pipeline
    from filled
    left join stages on filled.pipeline_id = stages.pipeline_id and filled.stage_id = stages.stage_id
    left join stages_anywhere on filled.stage_id = stages_anywhere.stage_id
),

{{ deal_spans() }}
