-- opportunities that the CRM (Copper) shows as won, by the day of the win and the kind of sale
select
    opportunities.opportunity_id,
    cast(opportunities.assignee_id as text) as account_id,
    accounts.person_key,
    users.email as rep_email,
    -- Copper writes the day of the win into the close date; where it is blank, or lies ahead, the last change of the stage tells
    case
        when opportunities.close_day <= {{ today() }} then opportunities.close_day
        else coalesce(opportunities.stage_changed_day, {{ local_day('opportunities.updated_at') }}, opportunities.created_day)
    end as won_on,
    case
        when {{ in_setting('opportunities.sale_type_option_id', 'copper.wholesale_option_ids') }} then 'wholesale'
        when {{ in_setting('opportunities.sale_type_option_id', 'copper.distribution_option_ids') }} then 'distribution'
        when opportunities.sale_type_option_id is not null then 'other'
    end as sale_type,
    opportunities.amount,
    coalesce(
        upper(coalesce(opportunities.currency, opportunities.converted_currency)) <> upper({{ setting('company.currency') }}), false
    ) as is_other_currency,
    coalesce(pipelines.is_revenue, true) as is_revenue,
    opportunities.is_deleted,
    'copper' as source,
    'opportunity' as record_type,
    cast(opportunities.opportunity_id as text) as record_id,
    cast(null as text) as record_url,
    coalesce(nullif(trim(opportunities.opportunity_name), ''), 'Opportunity ' || opportunities.opportunity_id) as record_label
from {{ ref('stg_copper__opportunities') }} as opportunities
left join {{ ref('stg_copper__pipelines') }} as pipelines on opportunities.pipeline_id = pipelines.pipeline_id
left join {{ ref('stg_copper__users') }} as users on opportunities.assignee_id = users.user_id
left join {{ ref('int_people__accounts') }} as accounts
    on accounts.source = 'copper' and cast(opportunities.assignee_id as text) = accounts.account_id
where lower(trim(opportunities.status)) = 'won'
