-- the deals that are or were in the sales pipelines, as they are now, from either CRM
with deals as (
    select * exclude (mrr, is_renewal)
    from {{ ref('int_hubspot__deals') }}

    union all by name

    select * exclude (opportunity_id, sale_type_option_id)
    from {{ ref('int_copper__deals') }}
),

ever_ours as (
    select distinct deal_id
    from {{ ref('int_crm__deal_spans') }}
    where is_in_pipeline
)

select
    deals.* replace (
        -- it left the sales pipelines while it was open
        case when deals.is_in_pipeline then deals.deal_state else 'moved' end as deal_state,
        case when deals.is_in_pipeline then deals.closed_on end as closed_on
    ),
    case when deals.is_deleted then coalesce(deals.updated_day, deals.closed_on, deals.created_day) end as deleted_on
from deals
inner join {{ ref('int_crm__chosen') }} as crm on deals.source = crm.source
inner join ever_ours on deals.deal_id = ever_ours.deal_id
