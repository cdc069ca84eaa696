{{ staged_ad_campaigns('raw_meta_ads') }}
