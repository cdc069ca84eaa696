select
    id as mail_id,
    name as mail_name,
    subject,
    state as mail_state,
    type as mail_type,
    subcategory,
    campaign_id,
    published_at,
    planned_at,
    created_at,
    updated_at,
    archived_at,
    -- a draft has a planned date too: only what is published has been sent
    coalesce(is_published, false) as is_published,
    case when is_published then {{ local_day('published_at') }} end as published_day,
    coalesce(archived, false) as is_deleted
from {{ source('raw_hubspot', 'marketing_mails') }}
