select
    id as task_id,
    hubspot_owner_id as owner_id,
    hs_task_status as task_status,
    hs_task_type as task_type,
    hs_task_priority as priority,
    hs_task_subject as subject,
    hs_timestamp as due_at,
    hs_task_completion_date as completed_at,
    created_at,
    updated_at,
    {{ local_day('hs_task_completion_date') }} as completed_day,
    {{ local_day('created_at') }} as created_day,
    {{ is_gone(source('raw_hubspot', 'tasks')) }} as is_deleted
from {{ source('raw_hubspot', 'tasks') }}
