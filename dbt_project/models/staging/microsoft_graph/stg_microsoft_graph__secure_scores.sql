select
    id as score_id,
    tenant_id,
    created_date_time as scored_at,
    cast(created_date_time at time zone 'UTC' as date) as score_day,
    current_score,
    max_score,
    active_user_count,
    licensed_user_count
from {{ source('raw_microsoft_graph', 'secure_scores') }}
