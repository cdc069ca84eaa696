{{ aliases(ref('stg_hubspot__contacts'), 'contact_id') }}
