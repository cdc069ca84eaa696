select
    id as score_id,
    tenant_id,
    created_date_time as scored_at,
    cast(created_date_time at time zone 'UTC' as date) as score_day,
    active_user_count,
    licensed_user_count,
    {{ plausible('current_score', 'number') }} as current_score,
    {{ plausible('max_score', 'number') }} as max_score,
    {{ implausible_fields({'current_score': ('current_score', 'number'), 'max_score': ('max_score', 'number')}) }} as implausible
from {{ source('raw_microsoft_graph', 'secure_scores') }}
