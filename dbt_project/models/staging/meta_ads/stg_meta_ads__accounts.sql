{{ staged_ad_accounts('raw_meta_ads') }}
