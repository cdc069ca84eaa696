select
    contacts.contact_id,
    contacts.owner_id,
    accounts.person_key,
    contacts.lifecycle_stage,
    contacts.coi_day,
    contacts.original_source,
    contacts.became_lead_day,
    contacts.became_mql_day,
    contacts.became_sql_day,
    contacts.created_day,
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
from {{ ref('stg_hubspot__contacts') }} as contacts
left join {{ ref('int_people__accounts') }} as accounts
    on accounts.source = 'hubspot' and contacts.owner_id = accounts.account_id
