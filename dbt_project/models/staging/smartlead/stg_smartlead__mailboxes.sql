select
    snapshot_date,
    mailbox_id,
    lower(trim(from_email)) as email,
    from_name,
    type as mailbox_type,
    warmup_status,
    {{ plausible('message_per_day', 'count') }} as emails_per_day,
    {{ plausible('daily_sent_count', 'count') }} as emails_sent_today,
    {{ implausible_fields({
        'emails_per_day': ('message_per_day', 'count'),
        'emails_sent_today': ('daily_sent_count', 'count')
    }) }} as implausible,
    try_cast(rtrim(warmup_reputation, '%') as decimal(5, 2)) as warmup_reputation,
    -- null: the vendor does not tell whether the mailbox works
    is_smtp_success and coalesce(is_in_use, true) as can_send
from {{ source('raw_smartlead', 'mailboxes') }}
