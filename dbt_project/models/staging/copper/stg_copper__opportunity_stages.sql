select
    snapshot_date as snapshot_day,
    opportunity_id,
    pipeline_id,
    pipeline_stage_id,
    status,
    assignee_id,
    -- as of the opportunities: converted where Copper does so
    {{ plausible('coalesce(converted_value, monetary_value)', 'money') }} as amount,
    {{ implausible_fields({'amount': ('coalesce(converted_value, monetary_value)', 'money')}) }} as implausible
from {{ source('raw_copper', 'opportunity_stages') }}
