-- the contacts of the CRM with the day on which each entered a stage of the funnel. Copper's people are not loaded: none if it is
-- the CRM
select
    contacts.source,
    contacts.contact_id,
    contacts.person_key,
    coalesce(owners.owner_key, contacts.source || ':' || nullif(contacts.owner_id, ''), 'nobody') as owner_key,
    coalesce(nullif(trim(contacts.original_source), ''), 'UNKNOWN') as original_source,
    contacts.lifecycle_stage,
    contacts.lifecycle_step,
    contacts.lead_status,
    contacts.created_day,
    contacts.lead_day,
    contacts.became_mql_day as mql_day,
    contacts.became_sql_day as sql_day,
    contacts.became_opportunity_day as opportunity_day,
    contacts.became_customer_day as customer_day,
    contacts.created_at,
    contacts.became_lead_at,
    contacts.became_mql_at,
    contacts.became_sql_at,
    contacts.web_visits,
    contacts.form_fills,
    contacts.is_dropped,
    contacts.is_deleted,
    contacts.record_type,
    contacts.record_id,
    contacts.record_url,
    contacts.record_label
from {{ ref('int_hubspot__contacts') }} as contacts
inner join {{ ref('int_crm__chosen') }} as crm on contacts.source = crm.source
left join {{ ref('int_crm__owners') }} as owners on contacts.source = owners.source and contacts.owner_id = owners.owner_id
