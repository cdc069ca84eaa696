select
    snapshot_date as snapshot_day,
    opportunity_id,
    pipeline_id,
    pipeline_stage_id,
    status,
    assignee_id,
    monetary_value as amount,
    converted_value as converted_amount
from {{ source('raw_copper', 'opportunity_stages') }}
