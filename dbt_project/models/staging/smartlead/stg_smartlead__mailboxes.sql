select
    snapshot_date,
    mailbox_id,
    lower(trim(from_email)) as email,
    from_name,
    type as mailbox_type,
    message_per_day as emails_per_day,
    daily_sent_count as emails_sent_today,
    warmup_status,
    try_cast(rtrim(warmup_reputation, '%') as decimal(5, 2)) as warmup_reputation,
    coalesce(is_smtp_success, false) and coalesce(is_in_use, true) as can_send
from {{ source('raw_smartlead', 'mailboxes') }}
