select
    source,
    version,
    part,
    last_day,
    last_day_text,
    warned_from
from {{ source('config', 'api_versions') }}
