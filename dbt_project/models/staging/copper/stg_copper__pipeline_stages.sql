select
    id as pipeline_stage_id,
    pipeline_id,
    name as stage_name,
    position as stage_position,
    case
        when {{ in_setting('id', 'copper.stage_a_ids') }} then 'A'
        when {{ in_setting('id', 'copper.stage_b_ids') }} then 'B'
        when {{ in_setting('id', 'copper.stage_c_ids') }} then 'C'
    end as progression,
    {{ plausible('win_probability', 'percent') }} as win_probability,
    {{ implausible_fields({'win_probability': ('win_probability', 'percent')}) }} as implausible
from {{ source('raw_copper', 'pipeline_stages') }}
