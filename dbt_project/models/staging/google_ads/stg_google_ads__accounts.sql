{{ staged_ad_accounts('raw_google_ads') }}
