select
    tasks.task_id,
    tasks.owner_id,
    accounts.person_key,
    tasks.created_day,
    tasks.completed_day,
    coalesce(upper(trim(tasks.task_status)) = 'COMPLETED', false) as is_completed,
    {{ lies_ahead('tasks.completed_at') }} as is_ahead,
    tasks.is_deleted,
    'hubspot' as source,
    'task' as record_type,
    tasks.task_id as record_id,
    {{ hubspot_url('0-27', 'tasks.task_id') }} as record_url,
    coalesce(nullif(trim(tasks.subject), ''), 'Task ' || tasks.task_id) as record_label
from {{ ref('stg_hubspot__tasks') }} as tasks
left join {{ ref('int_people__accounts') }} as accounts
    on accounts.source = 'hubspot' and tasks.owner_id = accounts.account_id
