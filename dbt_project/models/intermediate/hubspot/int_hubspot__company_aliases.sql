{{ aliases(ref('stg_hubspot__companies'), 'company_id') }}
