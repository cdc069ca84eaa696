-- the stages of the sales pipelines, in order; probability as a share
select
    'hubspot' as source,
    stages.pipeline_id,
    stages.stage_id,
    coalesce(nullif(trim(stages.stage_label), ''), stages.stage_id) as stage_label,
    cast(stages.display_order as bigint) as stage_order,
    cast(stages.probability as decimal(18, 9)) as probability,
    case
        when not stages.is_closed then 'open'
        when stages.probability = 1 then 'won'
        when {{ in_setting('stages.stage_id', 'hubspot.disqualified_stages') }} then 'disqualified'
        else 'lost'
    end as outcome
from {{ ref('stg_hubspot__deal_stages') }} as stages
inner join {{ ref('int_crm__chosen') }} as crm on crm.source = 'hubspot'
where {{ in_setting('stages.pipeline_id', 'hubspot.pipelines') }}

union all

-- Copper says won and lost in a status beside the stage: a stage there is always one of the way
select
    'copper' as source,
    cast(stages.pipeline_id as text) as pipeline_id,
    cast(stages.pipeline_stage_id as text) as stage_id,
    coalesce(nullif(trim(stages.stage_name), ''), cast(stages.pipeline_stage_id as text)) as stage_label,
    cast(stages.stage_position as bigint) as stage_order,
    cast(stages.win_probability / 100 as decimal(18, 9)) as probability,
    'open' as outcome
from {{ ref('stg_copper__pipeline_stages') }} as stages
inner join {{ ref('stg_copper__pipelines') }} as pipelines on stages.pipeline_id = pipelines.pipeline_id and pipelines.is_revenue
inner join {{ ref('int_crm__chosen') }} as crm on crm.source = 'copper'
