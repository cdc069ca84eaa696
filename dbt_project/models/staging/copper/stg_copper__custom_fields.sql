select
    id as custom_field_id,
    name as custom_field_name,
    data_type
from {{ source('raw_copper', 'custom_fields') }}
