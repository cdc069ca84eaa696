select
    app_id,
    name as app_name,
    time_zone,
    web_url
from {{ source('raw_intercom', 'account') }}
