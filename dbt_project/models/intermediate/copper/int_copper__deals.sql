-- Copper's opportunities in the shape of int_hubspot__deals. Copper gives days without times, and neither source nor reason
with firsts as (
    select
        deal_id,
        min(from_day) filter (where is_in_pipeline) as in_pipeline_from
    from {{ ref('int_copper__deal_spans') }}
    group by deal_id
)

select
    opportunities.opportunity_id,
    now.deal_id,
    now.pipeline_id,
    now.stage_id,
    now.owner_id,
    accounts.person_key,
    opportunities.amount,
    opportunities.implausible,
    opportunities.is_deleted,
    now.is_in_pipeline,
    lower(trim(opportunities.status)) = 'abandoned' as is_disqualified,
    -- null: Copper tells none
    upper(opportunities.currency) <> upper({{ setting('company.currency') }}) as is_other_currency,
    opportunities.sale_type_option_id,
    now.deal_state,
    now.closed_on,
    opportunities.close_day,
    opportunities.created_day,
    {{ local_day('opportunities.updated_at') }} as updated_day,
    opportunities.stage_changed_day as stage_entered_day,
    cast(null as timestamptz) as created_at,
    cast(null as timestamptz) as stage_entered_at,
    cast(null as timestamptz) as closed_at,
    {{ deal_opened_on('opportunities.created_day', 'now.closed_on', 'firsts.in_pipeline_from') }} as opened_on,
    cast(null as text) as original_source,
    cast(null as text) as lost_reason,
    'copper' as source,
    'opportunity' as record_type,
    now.deal_id as record_id,
    cast(null as text) as record_url,
    coalesce(nullif(trim(opportunities.opportunity_name), ''), 'Opportunity ' || opportunities.opportunity_id) as record_label
from {{ ref('stg_copper__opportunities') }} as opportunities
inner join {{ ref('int_copper__deal_spans') }} as now
    on cast(opportunities.opportunity_id as text) = now.deal_id and now.until_day = date '9999-12-31'
inner join firsts on now.deal_id = firsts.deal_id
left join {{ ref('int_people__accounts') }} as accounts
    on accounts.source = 'copper' and now.owner_id = accounts.account_id
