select
    category,
    id as activity_type_id,
    name as activity_type_name,
    coalesce(is_disabled, false) as is_disabled,
    coalesce(count_as_interaction, false) as is_interaction
from {{ source('raw_copper', 'activity_types') }}
