"""The stored fields of Smartlead's campaigns, e-mails and mailboxes."""

from __future__ import annotations

from dlt_pipelines.core.records import Fields

CAMPAIGNS: Fields = {
    "id": ("id", "bigint"),
    "name": ("name", "text"),
    "status": ("status", "text"),
    "created_at": ("created_at", "timestamp"),
    "updated_at": ("updated_at", "timestamp"),
    "max_leads_per_day": ("max_leads_per_day", "bigint"),
    "follow_up_percentage": ("follow_up_percentage", "decimal"),
    "min_time_btwn_emails": ("min_time_btwn_emails", "bigint"),
    "schedule": ("scheduler_cron_value", "text"),
    "parent_campaign_id": ("parent_campaign_id", "bigint"),
    "client_id": ("client_id", "bigint"),
}
_TWICE = ("sent", "open", "click")
_ONCE = ("reply", "bounce", "unsubscribed", "block", "total", "drafted", "sequence")
COUNTS = [*(f"{kind}_count" for kind in _TWICE + _ONCE), *(f"unique_{kind}_count" for kind in _TWICE)]
_LEADS = {
    "leads_total": "total",
    "leads_not_started": "notStarted",
    "leads_in_progress": "inprogress",
    "leads_completed": "completed",
    "leads_blocked": "blocked",
    "leads_stopped": "stopped",
    "leads_paused": "paused",
    "leads_interested": "interested",
}
STATS: Fields = {
    "campaign_id": ("id", "bigint"),
    "snapshot_date": ("snapshot_date", "date"),
    "status": ("status", "text"),
    "parent_campaign_id": ("parent_campaign_id", "bigint"),
    **{name: (name, "bigint") for name in COUNTS},
    **{column: (f"campaign_lead_stats.{name}", "bigint") for column, name in _LEADS.items()},
}
SENDS: Fields = {
    "id": ("id", "text"),
    "campaign_id": ("campaign_id", "bigint"),
    "lead_key": ("lead_key", "text"),
    "sequence_number": ("sequence_number", "bigint"),
    "sent_at": ("sent_time", "timestamp"),
    "opened_at": ("open_time", "timestamp"),
    "clicked_at": ("click_time", "timestamp"),
    "replied_at": ("reply_time", "timestamp"),
    "open_count": ("open_count", "bigint"),
    "click_count": ("click_count", "bigint"),
    "is_bounced": ("is_bounced", "bool"),
    "is_unsubscribed": ("is_unsubscribed", "bool"),
    "lead_category": ("lead_category", "text"),
}
MAILBOX: Fields = {
    "mailbox_id": ("id", "bigint"),
    "snapshot_date": ("snapshot_date", "date"),
    "from_email": ("from_email", "text"),
    "from_name": ("from_name", "text"),
    "type": ("type", "text"),
    "message_per_day": ("message_per_day", "bigint"),
    "daily_sent_count": ("daily_sent_count", "bigint"),
    "is_smtp_success": ("is_smtp_success", "bool"),
    "is_imap_success": ("is_imap_success", "bool"),
    "is_in_use": ("is_in_use", "bool"),
    "client_id": ("client_id", "bigint"),
    "warmup_status": ("warmup_details.status", "text"),
    "warmup_reputation": ("warmup_details.warmup_reputation", "text"),
}
"""The whitelist: nothing else of a mailbox is looked at."""
