select
    form_id,
    conversion_id as submission_id,
    submitted_at,
    email,
    page_url,
    {{ local_day('submitted_at') }} as submitted_day
from {{ source('raw_hubspot', 'form_submissions') }}
