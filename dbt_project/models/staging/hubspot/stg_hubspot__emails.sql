select
    id as email_id,
    hubspot_owner_id as owner_id,
    hs_email_direction as direction,
    hs_email_status as email_status,
    hs_email_subject as subject,
    hs_timestamp as sent_at,
    created_at,
    updated_at,
    {{ plausible('hs_email_open_count', 'count') }} as opens,
    {{ plausible('hs_email_click_count', 'count') }} as clicks,
    {{ plausible('hs_email_reply_count', 'count') }} as replies,
    {{ implausible_fields({
        'opens': ('hs_email_open_count', 'count'),
        'clicks': ('hs_email_click_count', 'count'),
        'replies': ('hs_email_reply_count', 'count')
    }) }} as implausible,
    {{ local_day('hs_timestamp') }} as sent_day,
    {{ local_day('created_at') }} as created_day,
    {{ is_gone(source('raw_hubspot', 'emails')) }} as is_deleted
from {{ source('raw_hubspot', 'emails') }}
