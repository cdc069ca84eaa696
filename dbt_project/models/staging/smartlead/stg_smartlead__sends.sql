select
    id as send_id,
    campaign_id,
    lead_key,
    sequence_number,
    sent_at,
    opened_at,
    clicked_at,
    replied_at,
    lead_category,
    {{ local_day('sent_at') }} as sent_day,
    -- null: the step is not told
    sequence_number = 1 as is_first_contact,
    coalesce(is_bounced, false) as is_bounced,
    coalesce(is_unsubscribed, false) as is_unsubscribed,
    opened_at is not null or coalesce(open_count, 0) > 0 as is_opened,
    replied_at is not null as is_replied
from {{ source('raw_smartlead', 'sends') }}
