select
    deals.deal_id,
    deals.pipeline_id,
    deals.stage_id,
    accounts.person_key,
    deals.amount,
    deals.mrr,
    deals.closed_day,
    deals.is_deleted,
    {{ in_setting('deals.pipeline_id', 'hubspot.pipelines') }} as is_in_pipeline,
    {{ in_setting('deals.deal_type', 'hubspot.renewal_deal_types') }} as is_renewal,
    {{ in_setting('deals.stage_id', 'hubspot.disqualified_stages') }} as is_disqualified,
    coalesce(upper(deals.currency) <> upper({{ setting('company.currency') }}), false) as is_other_currency,
    case
        when stages.is_closed and stages.probability = 1 then 'won'
        when stages.is_closed then 'lost'
        else 'open'
    end as deal_state,
    -- a closed deal without a close date, or with one in the future, was closed by now at the latest
    case when stages.is_closed then least(coalesce(deals.closed_day, deals.updated_day, deals.created_day), {{ today() }}) end as closed_on,
    deals.created_day,
    deals.updated_day,
    deals.stage_entered_day,
    'hubspot' as source,
    'deal' as record_type,
    deals.deal_id as record_id,
    {{ hubspot_url('0-3', 'deals.deal_id') }} as record_url,
    coalesce(nullif(trim(deals.deal_name), ''), 'Deal ' || deals.deal_id) as record_label
from {{ ref('stg_hubspot__deals') }} as deals
left join {{ ref('stg_hubspot__deal_stages') }} as stages
    on deals.pipeline_id = stages.pipeline_id and deals.stage_id = stages.stage_id
left join {{ ref('int_people__accounts') }} as accounts
    on accounts.source = 'hubspot' and deals.owner_id = accounts.account_id
