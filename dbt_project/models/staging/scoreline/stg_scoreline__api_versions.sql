select
    source,
    version,
    part,
    last_day,
    last_day_text
from {{ source('config', 'api_versions') }}
