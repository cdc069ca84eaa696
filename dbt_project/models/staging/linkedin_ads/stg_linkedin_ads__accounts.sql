{{ staged_ad_accounts('raw_linkedin_ads') }}
