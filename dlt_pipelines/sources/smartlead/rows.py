"""Smartlead's campaigns and e-mails as rows."""

from __future__ import annotations

import hashlib

from dlt_pipelines.core.values import as_json
from dlt_pipelines.sources.smartlead.fields import SENDS
from dlt_pipelines.sources.smartlead.lists import Row


def campaign_row(row: Row) -> Row:
    schedule = row.get("scheduler_cron_value")
    return (
        row
        if schedule is None or isinstance(schedule, str)
        else row | {"scheduler_cron_value": as_json(schedule)}
    )


def lead_key(address: str) -> str:
    """A person without the address: the same in every campaign."""
    return hashlib.sha256(address.strip().lower().encode()).hexdigest()[:24]


def send_id(campaign: int, row: Row) -> str:
    """An e-mail is a step of a campaign to a person on a day; the vendor gives it no id of its own."""
    if not isinstance(row, dict):
        return ""
    lead = lead_key(str(row.get("lead_email") or ""))
    return f"{campaign}/{lead}/{row.get('sequence_number')}/{str(row.get('sent_time') or '')[:10]}"


def send_row(campaign: int, row: Row) -> Row:
    wanted = {name: row[name] for name, _ in SENDS.values() if name in row}
    return wanted | {
        "id": send_id(campaign, row),
        "campaign_id": campaign,
        "lead_key": lead_key(row["lead_email"]),
    }
