select
    snapshot_date as snapshot_day,
    opportunity_id,
    pipeline_id,
    pipeline_stage_id,
    status,
    assignee_id,
    -- as of the opportunities: converted where Copper does so
    coalesce(converted_value, monetary_value) as amount
from {{ source('raw_copper', 'opportunity_stages') }}
