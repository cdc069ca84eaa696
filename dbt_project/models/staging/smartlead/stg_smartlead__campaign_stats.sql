select
    snapshot_date,
    campaign_id,
    upper(status) as status,
    parent_campaign_id,
    sent_count as emails_sent,
    unique_sent_count as leads_contacted,
    reply_count as replies,
    bounce_count as bounces,
    leads_total,
    leads_not_started,
    leads_in_progress,
    leads_completed,
    leads_blocked,
    leads_stopped,
    leads_paused
from {{ source('raw_smartlead', 'campaign_stats') }}
