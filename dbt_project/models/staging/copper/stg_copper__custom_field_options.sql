select
    id as option_id,
    custom_field_id,
    name as option_name,
    rank as option_rank
from {{ source('raw_copper', 'custom_field_options') }}
