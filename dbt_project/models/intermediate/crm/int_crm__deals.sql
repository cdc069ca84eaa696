-- the deals of the sales pipelines as they are now, whichever CRM they are in
with deals as (
    select
        deals.source,
        deals.deal_id,
        deals.pipeline_id,
        deals.stage_id,
        raw_deals.owner_id,
        deals.person_key,
        deals.amount,
        deals.is_other_currency,
        deals.deal_state,
        deals.is_disqualified,
        deals.is_deleted,
        deals.created_day,
        deals.updated_day,
        deals.stage_entered_day,
        raw_deals.closed_day as close_day,
        deals.closed_on,
        nullif(trim(raw_deals.original_source), '') as original_source,
        nullif(trim(raw_deals.closed_lost_reason), '') as lost_reason,
        deals.record_type,
        deals.record_id,
        deals.record_url,
        deals.record_label
    from {{ ref('int_deals') }} as deals
    inner join {{ ref('stg_hubspot__deals') }} as raw_deals on deals.deal_id = raw_deals.deal_id
    inner join {{ ref('int_crm') }} as crm on crm.source = 'hubspot'
    where deals.is_in_pipeline

    union all by name

    select
        'copper' as source,
        cast(deals.opportunity_id as text) as deal_id,
        cast(deals.pipeline_id as text) as pipeline_id,
        cast(deals.pipeline_stage_id as text) as stage_id,
        cast(deals.assignee_id as text) as owner_id,
        accounts.person_key,
        deals.amount,
        coalesce(
            upper(coalesce(deals.currency, deals.converted_currency)) <> upper({{ setting('company.currency') }}), false
        ) as is_other_currency,
        case lower(trim(deals.status)) when 'won' then 'won' when 'open' then 'open' else 'lost' end as deal_state,
        lower(trim(deals.status)) = 'abandoned' as is_disqualified,
        deals.is_deleted,
        deals.created_day,
        {{ local_day('deals.updated_at') }} as updated_day,
        deals.stage_changed_day as stage_entered_day,
        deals.close_day,
        -- Copper writes the day of the win into the close date; where it is blank, or lies ahead, the last change tells
        case
            when lower(trim(deals.status)) = 'open' then null
            when deals.close_day <= {{ today() }} then deals.close_day
            else coalesce(deals.stage_changed_day, {{ local_day('deals.updated_at') }}, deals.created_day)
        end as closed_on,
        'opportunity' as record_type,
        cast(deals.opportunity_id as text) as record_id,
        coalesce(nullif(trim(deals.opportunity_name), ''), 'Opportunity ' || deals.opportunity_id) as record_label
    from {{ ref('stg_copper__opportunities') }} as deals
    inner join {{ ref('int_crm') }} as crm on crm.source = 'copper'
    left join {{ ref('stg_copper__pipelines') }} as pipelines on deals.pipeline_id = pipelines.pipeline_id
    left join {{ ref('int_people__accounts') }} as accounts
        on accounts.source = 'copper' and cast(deals.assignee_id as text) = accounts.account_id
    where coalesce(pipelines.is_revenue, true)
)

select
    *,
    -- imported deals can carry a close date before their creation
    least(coalesce(created_day, closed_on, {{ today() }}), coalesce(closed_on, date '9999-12-31')) as opened_on,
    -- a deal leaves the pipeline on the day of its close; a deleted one when the CRM last changed it
    case when is_deleted then least(coalesce(closed_on, updated_day), coalesce(updated_day, closed_on)) else closed_on end as left_on
from deals
