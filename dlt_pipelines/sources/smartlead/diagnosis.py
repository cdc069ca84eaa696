"""The doctor's checks of Smartlead."""

from __future__ import annotations

from collections.abc import Iterator

from dlt_pipelines.core.source import Finding
from dlt_pipelines.sources.smartlead.access import SOURCE
from dlt_pipelines.sources.smartlead.lists import campaign_rows, mailbox_pages
from dlt_pipelines.wire.client import Client
from foundation.settings import Company, Settings


def diagnose(client: Client, settings: Settings, company: Company) -> Iterator[Finding]:
    """Campaigns that send, and mailboxes that can."""
    rows = campaign_rows(client, company)
    active = sum(row.get("status") == "ACTIVE" for row in rows)
    yield Finding(SOURCE, "campaigns", "ok", f"{len(rows)} campaigns, {active} of them active")
    mailboxes = [row for page in mailbox_pages(client, company) for row in page]
    broken = [str(row.get("from_email")) for row in mailboxes if row.get("is_smtp_success") is False]
    if not mailboxes:
        yield Finding(
            SOURCE,
            "mailboxes",
            "warn",
            "no mailbox, so there is no capacity to send",
            "Connect mailboxes in Smartlead.",
        )
    elif broken:
        text = (
            f"{len(broken)} of {len(mailboxes)} mailboxes cannot send and count as no capacity:"
            f" {', '.join(broken[:10])}"
        )
        yield Finding(SOURCE, "mailboxes", "info", text, "Reconnect them in Smartlead (Email Accounts).")
    else:
        yield Finding(SOURCE, "mailboxes", "ok", f"{len(mailboxes)} mailboxes, all of them can send")
