-- opportunities that the CRM (Copper) shows as won, by the day of the win and the kind of sale
select
    opportunities.opportunity_id,
    opportunities.owner_id as account_id,
    opportunities.person_key,
    users.email as rep_email,
    opportunities.closed_on as won_on,
    case
        when {{ in_setting('opportunities.sale_type_option_id', 'copper.wholesale_option_ids') }} then 'wholesale'
        when {{ in_setting('opportunities.sale_type_option_id', 'copper.distribution_option_ids') }} then 'distribution'
        when opportunities.sale_type_option_id is not null then 'other'
    end as sale_type,
    opportunities.amount,
    opportunities.implausible,
    opportunities.is_other_currency,
    opportunities.is_in_pipeline as is_revenue,
    opportunities.is_deleted,
    opportunities.source,
    opportunities.record_type,
    opportunities.record_id,
    opportunities.record_url,
    opportunities.record_label
from {{ ref('int_copper__deals') }} as opportunities
left join {{ ref('stg_copper__users') }} as users on opportunities.owner_id = cast(users.user_id as text)
where opportunities.deal_state = 'won'
