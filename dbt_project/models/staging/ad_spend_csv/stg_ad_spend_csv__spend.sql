select
    file,
    line,
    lower(trim(source)) as platform,
    lower(trim(campaign_key)) as campaign_id,
    campaign_name,
    day as spend_day,
    currency,
    spend,
    impressions,
    clicks,
    conversions
from {{ source('raw_ad_spend_csv', 'spend') }}
