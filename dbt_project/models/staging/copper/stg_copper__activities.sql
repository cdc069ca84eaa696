select
    id as activity_id,
    parent_id,
    parent_type,
    type_id as activity_type_id,
    type_category as category,
    user_id,
    activity_date as happened_at,
    date_created as created_at,
    date_modified as updated_at,
    phone_number,
    lower(trim(sender_email)) as sender_email,
    {{ local_day('activity_date') }} as activity_day,
    deleted_at is not null as is_deleted
from {{ source('raw_copper', 'activities') }}
