"""The doctor's checks of Zendesk."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from dlt_pipelines.core.source import Finding
from dlt_pipelines.doctor.findings import people_missing, readable
from dlt_pipelines.sources.zendesk.access import ADMIN, EXPORT, SOURCE, WAY_OUT, Facts
from dlt_pipelines.sources.zendesk.lists import STAFF, listing
from dlt_pipelines.wire.client import Client
from dlt_pipelines.wire.paging import expect
from foundation.settings import Company, Settings


def diagnose(client: Client[Facts], settings: Settings, company: Company) -> Iterator[Finding]:
    """Who we are, permissions, people and budget."""
    me = expect(client.get("/api/v2/users/me.json"), dict, "Zendesk users/me", "user")
    if me.get("id") is None:
        yield Finding(
            SOURCE,
            "user",
            "fail",
            "the credentials are ignored: Zendesk takes us for an anonymous visitor",
            WAY_OUT,
        )
        return
    if me.get("role") == "admin":
        yield Finding(SOURCE, "user", "ok", "an admin")
    else:
        yield Finding(SOURCE, "user", "fail", f"the user is not an admin but {me.get('role')}", ADMIN)
    recently = int((settings.now() - timedelta(hours=1)).timestamp())
    probe = {"start_time": recently, "include": "metric_sets", "per_page": 1}
    yield readable(SOURCE, "ticket export", lambda: client.get(EXPORT, probe, lane="exports"), ADMIN)
    emails: set[str] = set()

    def read_agents() -> None:
        emails.update(
            str(row.get("email") or "").lower() for page in listing(client, "users", *STAFF) for row in page
        )

    found = readable(SOURCE, "agents", read_agents, ADMIN)
    yield found
    if found.level == "ok":
        yield from people_missing(SOURCE, settings, emails, "Zendesk agent")
    left, exports = (
        client.facts.requests_left,
        client.facts.account_requests_left,
    )
    yield Finding(
        SOURCE,
        "budget",
        "ok",
        f"requests left in this minute, for all integrations: {left}, of the export: {exports}; we take at"
        f" most {company.zendesk.exports_per_minute} exports a minute",
    )
