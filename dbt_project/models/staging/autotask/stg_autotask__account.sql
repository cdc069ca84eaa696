select
    zone_name,
    url as api_url,
    web_url
from {{ source('raw_autotask', 'account') }}
