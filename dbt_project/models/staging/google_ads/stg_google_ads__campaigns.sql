{{ staged_ad_campaigns('raw_google_ads') }}
