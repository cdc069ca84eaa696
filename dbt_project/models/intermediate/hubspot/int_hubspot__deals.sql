-- a deal counts in the pipeline, in the state and for the owner that its past gives it: see macros/deals.sql
with firsts as (
    select
        deal_id,
        min(from_day) filter (where is_in_pipeline) as in_pipeline_from
    from {{ ref('int_hubspot__deal_spans') }}
    group by deal_id
),

account as (
    select any_value(company_currency) as currency
    from {{ ref('stg_hubspot__account') }}
)

select
    deals.deal_id,
    now.pipeline_id,
    now.stage_id,
    now.owner_id,
    accounts.person_key,
    deals.amount,
    deals.mrr,
    deals.implausible,
    deals.is_deleted,
    now.is_in_pipeline,
    {{ in_setting('deals.deal_type', 'hubspot.renewal_deal_types') }} as is_renewal,
    {{ in_setting('now.stage_id', 'hubspot.disqualified_stages') }} as is_disqualified,
    -- a deal without a currency of its own is in the portal's; null: the portal tells none
    coalesce(upper(nullif(trim(deals.currency), '')), account.currency) <> upper({{ setting('company.currency') }}) as is_other_currency,
    now.deal_state,
    now.closed_on,
    deals.closed_day as close_day,
    deals.created_day,
    deals.updated_day,
    now.stage_entered_day,
    deals.created_at,
    deals.stage_entered_at,
    deals.closed_at,
    {{ deal_opened_on('deals.created_day', 'now.closed_on', 'firsts.in_pipeline_from') }} as opened_on,
    nullif(trim(deals.original_source), '') as original_source,
    nullif(trim(deals.closed_lost_reason), '') as lost_reason,
    'hubspot' as source,
    'deal' as record_type,
    deals.deal_id as record_id,
    {{ hubspot_url('0-3', 'deals.deal_id') }} as record_url,
    coalesce(nullif(trim(deals.deal_name), ''), 'Deal ' || deals.deal_id) as record_label
from {{ ref('stg_hubspot__deals') }} as deals
inner join {{ ref('int_hubspot__deal_spans') }} as now on deals.deal_id = now.deal_id and now.until_day = date '9999-12-31'
inner join firsts on deals.deal_id = firsts.deal_id
cross join account
left join {{ ref('int_people__accounts') }} as accounts
    on accounts.source = 'hubspot' and now.owner_id = accounts.account_id
