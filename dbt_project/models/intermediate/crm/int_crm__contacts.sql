-- the contacts of the CRM with the day on which each entered a stage of the funnel. Copper's people are not loaded: where it is the
-- CRM there are none
select
    contacts.source,
    contacts.contact_id,
    contacts.person_key,
    coalesce(owners.owner_key, contacts.source || ':' || nullif(contacts.owner_id, ''), 'nobody') as owner_key,
    coalesce(nullif(trim(contacts.original_source), ''), 'UNKNOWN') as original_source,
    contacts.lifecycle_stage,
    contacts.lifecycle_step,
    nullif(upper(trim(raw_contacts.lead_status)), '') as lead_status,
    contacts.created_day,
    contacts.lead_day,
    contacts.became_mql_day as mql_day,
    contacts.became_sql_day as sql_day,
    raw_contacts.became_opportunity_day as opportunity_day,
    raw_contacts.became_customer_day as customer_day,
    coalesce(raw_contacts.num_visits, 0) as web_visits,
    coalesce(raw_contacts.num_form_fills, 0) as form_fills,
    {{ in_setting('raw_contacts.lead_status', 'sales.dropped_lead_statuses') }} as is_dropped,
    contacts.is_deleted,
    contacts.record_type,
    contacts.record_id,
    contacts.record_url,
    contacts.record_label
from {{ ref('int_hubspot__contacts') }} as contacts
inner join {{ ref('stg_hubspot__contacts') }} as raw_contacts on contacts.contact_id = raw_contacts.contact_id
inner join {{ ref('int_crm__chosen') }} as crm on contacts.source = crm.source
left join {{ ref('int_crm__owners') }} as owners on contacts.source = owners.source and contacts.owner_id = owners.owner_id
