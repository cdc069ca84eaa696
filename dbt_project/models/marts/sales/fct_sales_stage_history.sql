-- what became of the closed deals that were ever in a stage: the company's own rate beside the probability that the CRM was told. Fewer
-- than five deals say nothing
with visited as (
    select distinct
        deal_id,
        pipeline_id,
        stage_id
    from {{ ref('int_crm__deal_spans') }}
    where is_in_pipeline and stage_id is not null
),

stages as (
    select
        stage_id,
        pipeline_id,
        any_value(stage_label) as stage_label,
        any_value(stage_order) as stage_order,
        any_value(probability) as probability
    from {{ ref('int_crm__stages') }}
    where outcome = 'open'
    group by stage_id, pipeline_id
)

select
    stages.pipeline_id,
    stages.stage_id,
    stages.stage_label,
    stages.stage_order,
    cast(stages.probability as decimal(38, 9)) as probability,
    count(deals.deal_id) as entered_closed,
    count(deals.deal_id) filter (where deals.deal_state = 'won') as won,
    cast(
        case when count(deals.deal_id) >= 5 then count(deals.deal_id) filter (where deals.deal_state = 'won') / count(deals.deal_id) end
        as decimal(38, 9)
    ) as own_rate,
    -- a stage that is less likely than the one before it is worth a look
    coalesce(
        stages.probability < lag(stages.probability) over (partition by stages.pipeline_id order by stages.stage_order), false
    ) as is_not_monotone
from stages
left join visited on stages.pipeline_id = visited.pipeline_id and stages.stage_id = visited.stage_id
left join {{ ref('int_crm__deals') }} as deals
    on
        visited.deal_id = deals.deal_id and not deals.is_deleted and not deals.is_disqualified and deals.deal_state in ('won', 'lost')
group by stages.pipeline_id, stages.stage_id, stages.stage_label, stages.stage_order, stages.probability
