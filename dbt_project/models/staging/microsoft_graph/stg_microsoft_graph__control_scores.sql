select
    score_id,
    control_category,
    control_name,
    tenant_id,
    cast(created_date_time at time zone 'UTC' as date) as score_day,
    score,
    reached,
    total
from {{ source('raw_microsoft_graph', 'control_scores') }}
