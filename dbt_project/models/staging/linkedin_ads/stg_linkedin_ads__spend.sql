{{ staged_ad_spend('raw_linkedin_ads') }}
