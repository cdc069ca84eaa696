{{ aliases(ref('stg_hubspot__deals'), 'deal_id') }}
