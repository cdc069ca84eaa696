select
    score_id,
    control_category,
    control_name,
    tenant_id,
    {{ plausible('score', 'number') }} as score,
    {{ plausible('reached', 'count') }} as reached,
    {{ plausible('total', 'count') }} as total,
    {{ implausible_fields({'score': ('score', 'number'), 'reached': ('reached', 'count'), 'total': ('total', 'count')}) }} as implausible,
    cast(created_date_time at time zone 'UTC' as date) as score_day
from {{ source('raw_microsoft_graph', 'control_scores') }}
