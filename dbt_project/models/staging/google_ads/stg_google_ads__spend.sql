{{ staged_ad_spend('raw_google_ads') }}
