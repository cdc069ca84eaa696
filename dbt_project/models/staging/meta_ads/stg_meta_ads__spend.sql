{{ staged_ad_spend('raw_meta_ads') }}
