select
    traffic.visit_day,
    traffic.traffic_source,
    traffic.sessions,
    traffic.implausible,
    'hubspot' as source,
    'web_traffic' as record_type,
    traffic.visit_day || ':' || traffic.traffic_source as record_id,
    cast(null as text) as record_url,
    'Sessions from ' || traffic.traffic_source as record_label
from {{ ref('stg_hubspot__web_traffic') }} as traffic
