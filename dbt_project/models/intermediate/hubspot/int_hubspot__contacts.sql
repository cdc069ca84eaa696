with contacts as (
    select
        * replace (nullif(lower(trim(lifecycle_stage)), '') as lifecycle_stage),
        {{ lifecycle_step('lifecycle_stage') }} as lifecycle_step
    from {{ ref('stg_hubspot__contacts') }}
)

select
    contacts.contact_id,
    contacts.owner_id,
    accounts.person_key,
    contacts.lifecycle_stage,
    contacts.lifecycle_step,
    contacts.coi_day,
    contacts.original_source,
    contacts.became_lead_day,
    contacts.became_mql_day,
    contacts.became_sql_day,
    contacts.became_opportunity_day,
    contacts.became_customer_day,
    contacts.created_day,
    contacts.became_lead_at,
    contacts.became_mql_at,
    contacts.became_sql_at,
    contacts.created_at,
    nullif(upper(trim(contacts.lead_status)), '') as lead_status,
    {{ in_setting('contacts.lead_status', 'sales.dropped_lead_statuses') }} as is_dropped,
    contacts.num_visits as web_visits,
    contacts.num_form_fills as form_fills,
    -- HubSpot does not date every stage: who is in the stage lead or a later one has been a lead since the creation
    coalesce(contacts.became_lead_day, case when contacts.lifecycle_step >= 1 then contacts.created_day end) as lead_day,
    case
        when contacts.became_lead_day is not null or contacts.lifecycle_step >= 1 then null
        when contacts.lifecycle_stage is not null and contacts.lifecycle_step is null then 'unknown_stage'
        else 'no_lead_stage'
    end as no_lead_because,
    contacts.is_deleted,
    coalesce(list_has_any(
        {{ setting_list('hubspot.decision_maker_values') }},
        string_split(regexp_replace(lower(trim(contacts.buying_role)), '\s*;\s*', ';', 'g'), ';')
    ), false) as is_decision_maker,
    'hubspot' as source,
    'contact' as record_type,
    contacts.contact_id as record_id,
    {{ hubspot_url('0-1', 'contacts.contact_id') }} as record_url,
    coalesce(
        nullif(trim(concat_ws(' ', contacts.first_name, contacts.last_name)), ''), contacts.email, 'Contact ' || contacts.contact_id
    ) as record_label
from contacts
left join {{ ref('int_people__accounts') }} as accounts
    on accounts.source = 'hubspot' and contacts.owner_id = accounts.account_id
