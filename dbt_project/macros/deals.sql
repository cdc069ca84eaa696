{#- What HubSpot's deals and Copper's opportunities share: what is known of their past, as spans of days. -#}

{#-
    The end of a model with one row per deal and span of days in which nothing about it changed, as it was at the end of the day.
    CTEs expected:
    `deals`: each deal as it is now (deal_id, created_day, pipeline_id, stage_id, amount, owner_id, close_day, deal_state, is_in_pipeline),
    since when at the latest (since_day), and when it was closed by the CRM's own date (told_closed_on; null while it is open);
    `changes`: the same columns per deal and day on which one of them changed, with the pushes of the day (pushes, pushed_days).
-#}
{% macro deal_spans() -%}
newest as (
    select
        deal_id,
        max(day) as day,
        arg_max(deal_state, day) as deal_state,
        arg_max(is_in_pipeline, day) as is_in_pipeline
    from changes
    group by deal_id
),

known as (
    select
        * exclude (is_now),
        is_now and count(*) over (partition by deal_id) = 1 as is_without_past
    from (
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
            pushes,
            pushed_days,
            false as is_now
        from changes

        union all

        -- a deal without a past is what it is now; so is one whose past does not say yet what it is
        select
            deals.deal_id,
            least(greatest(newest.day, coalesce(deals.since_day, deals.created_day)), {{ today() }}) as day,
            deals.pipeline_id,
            deals.stage_id,
            deals.amount,
            deals.owner_id,
            deals.close_day,
            deals.deal_state,
            deals.is_in_pipeline,
            0 as pushes,
            0 as pushed_days,
            true as is_now
        from deals
        left join newest on deals.deal_id = newest.deal_id
        where
            newest.deal_id is null
            or newest.deal_state <> deals.deal_state
            or newest.is_in_pipeline <> deals.is_in_pipeline
    )
    qualify row_number() over (partition by deal_id, day order by is_now desc) = 1
),

followed as (
    select
        *,
        last_value(
            case when is_in_pipeline then { 'pipeline_id': pipeline_id, 'stage_id': stage_id, 'deal_state': deal_state } end ignore nulls
        ) over (partition by deal_id order by day rows unbounded preceding) as ours
    from known
),

-- what was won or lost in one of our pipelines stays so there when it moves on to another pipeline (to be delivered, to be renewed)
judged as (
    select
        *,
        not is_in_pipeline and coalesce(ours.deal_state, 'open') <> 'open' as is_kept
    from followed
),

placed as (
    select
        * replace (
            case when is_kept then ours.pipeline_id else pipeline_id end as pipeline_id,
            case when is_kept then ours.stage_id else stage_id end as stage_id,
            case when is_kept then ours.deal_state else deal_state end as deal_state,
            is_in_pipeline or is_kept as is_in_pipeline
        )
    from judged
),

turned as (
    select
        *,
        coalesce(hash(deal_state, is_in_pipeline) <> lag(hash(deal_state, is_in_pipeline)) over of_deal, true) as is_turn,
        min(day) over (partition by deal_id) as first_day
    from placed
    window of_deal as (partition by deal_id order by day)
),

runs as (
    select
        *,
        max(case when is_turn then day end) over (partition by deal_id order by day rows unbounded preceding) as run_day
    from turned
),

closed as (
    select
        runs.* replace (
            -- a closed deal stays with whoever closed it
            case
                when runs.deal_state = 'open' then runs.owner_id
                else first_value(runs.owner_id ignore nulls) over (
                    partition by runs.deal_id, runs.run_day order by runs.day rows unbounded preceding
                )
            end as owner_id,
            -- and has the amount to which it was corrected
            case
                when runs.deal_state = 'open' then runs.amount
                else last_value(runs.amount) over (
                    partition by runs.deal_id, runs.run_day order by runs.day rows between unbounded preceding and unbounded following
                )
            end as amount
        ),
        case
            when runs.deal_state = 'open' then null
            when runs.run_day > runs.first_day then runs.run_day
            -- it came closed: only the CRM's own date says when that was
            when runs.is_without_past then coalesce(deals.told_closed_on, runs.run_day)
            else least(coalesce(deals.told_closed_on, runs.run_day), runs.run_day)
        end as closed_on
    from runs
    inner join deals on runs.deal_id = deals.deal_id
),

begun as (
    select * replace (case when day = first_day then coalesce(closed_on, day) else day end as day)
    from closed

    union all

    -- until then it was open, in a stage that nobody knows
    select
        * replace (
            date '0001-01-01' as day,
            null as stage_id,
            'open' as deal_state,
            null as closed_on,
            0 as pushes,
            0 as pushed_days
        )
    from closed
    where day = first_day and closed_on is not null
),

entered as (
    select
        *,
        stage_id is not null
        and coalesce(hash(pipeline_id, stage_id) <> lag(hash(pipeline_id, stage_id)) over of_deal, true) as is_new_stage
    from begun
    window of_deal as (partition by deal_id order by day)
)

select
    deal_id,
    -- the first state holds from the beginning, whenever it was written
    case when row_number() over of_deal = 1 then date '0001-01-01' else day end as from_day,
    coalesce(lead(day) over of_deal, date '9999-12-31') as until_day,
    pipeline_id,
    is_in_pipeline,
    stage_id,
    max(case when is_new_stage then day end) over (of_deal rows unbounded preceding) as stage_entered_day,
    deal_state,
    closed_on,
    amount,
    owner_id,
    close_day,
    -- the close itself sets the date too: that does not count as a push
    cast(coalesce(sum(pushes) filter (where deal_state = 'open') over (of_deal rows unbounded preceding), 0) as bigint) as pushes,
    cast(coalesce(sum(pushed_days) filter (where deal_state = 'open') over (of_deal rows unbounded preceding), 0) as bigint) as pushed_days
from entered
window of_deal as (partition by deal_id order by day)
{%- endmacro %}

{#- since when a deal is on the table: its creation, an imported close before it, or the day on which it came into our pipelines -#}
{% macro deal_opened_on(created_day, closed_on, in_pipeline_from) -%}
    case
        when {{ in_pipeline_from }} > date '0001-01-01' then {{ in_pipeline_from }}
        else least(coalesce({{ created_day }}, {{ closed_on }}, {{ today() }}), coalesce({{ closed_on }}, date '9999-12-31'))
    end
{%- endmacro %}
