select
    day as visit_day,
    source as traffic_source,
    sessions,
    visitors,
    new_sessions,
    page_views,
    contacts,
    leads
from {{ source('raw_hubspot', 'web_traffic') }}
