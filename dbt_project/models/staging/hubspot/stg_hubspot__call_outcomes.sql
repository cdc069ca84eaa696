select
    id as outcome_id,
    label as outcome_label
from {{ source('raw_hubspot', 'call_outcomes') }}
