select
    file,
    line,
    lower(trim(source)) as platform,
    lower(trim(campaign_key)) as campaign_id,
    campaign_name,
    day as spend_day,
    currency,
    {{ plausible('spend', 'money') }} as spend,
    {{ plausible('impressions', 'count') }} as impressions,
    {{ plausible('clicks', 'count') }} as clicks,
    {{ plausible('conversions', 'count') }} as conversions,
    {{ implausible_fields({
        'spend': ('spend', 'money'),
        'impressions': ('impressions', 'count'),
        'clicks': ('clicks', 'count'),
        'conversions': ('conversions', 'count')
    }) }} as implausible
from {{ source('raw_ad_spend_csv', 'spend') }}
