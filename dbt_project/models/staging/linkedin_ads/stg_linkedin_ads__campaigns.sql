{{ staged_ad_campaigns('raw_linkedin_ads') }}
