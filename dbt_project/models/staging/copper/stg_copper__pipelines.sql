select
    id as pipeline_id,
    name as pipeline_name,
    type as pipeline_type,
    coalesce(is_revenue, true) as is_revenue
from {{ source('raw_copper', 'pipelines') }}
