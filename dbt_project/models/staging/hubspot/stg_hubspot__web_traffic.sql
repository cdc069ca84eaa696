select
    day as visit_day,
    source as traffic_source,
    {{ plausible('sessions', 'count') }} as sessions,
    {{ plausible('visitors', 'count') }} as visitors,
    {{ plausible('new_sessions', 'count') }} as new_sessions,
    {{ plausible('page_views', 'count') }} as page_views,
    {{ plausible('contacts', 'count') }} as contacts,
    {{ plausible('leads', 'count') }} as leads,
    {{ implausible_fields({
        'sessions': ('sessions', 'count'),
        'visitors': ('visitors', 'count'),
        'new_sessions': ('new_sessions', 'count'),
        'page_views': ('page_views', 'count'),
        'contacts': ('contacts', 'count'),
        'leads': ('leads', 'count')
    }) }} as implausible
from {{ source('raw_hubspot', 'web_traffic') }}
