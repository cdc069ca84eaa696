"""The doctor's checks of Intercom."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from dlt_pipelines.core.source import Finding
from dlt_pipelines.doctor.findings import people_missing, readable
from dlt_pipelines.sources.intercom.access import SOURCE, Facts, workspace
from dlt_pipelines.sources.intercom.lists import listing, updated_since
from dlt_pipelines.wire.client import Client
from foundation.settings import Company, Settings


def diagnose(client: Client[Facts], settings: Settings, company: Company) -> Iterator[Finding]:
    """Workspace, version, permissions, people and budget."""
    app = workspace(client)
    yield Finding(SOURCE, "workspace", "ok", f"{app.get('name')}, time zone {app.get('timezone')}")
    pinned, answered = company.intercom.api_version, client.facts.version
    if answered == pinned:
        yield Finding(SOURCE, "version", "ok", pinned)
    else:
        way_out = "Set intercom.api_version in company.toml to a version that the workspace may use."
        yield Finding(
            SOURCE,
            "version",
            "warn",
            f"asked for {pinned}, answered in {answered}; fields may differ",
            way_out,
        )
    scope = "Give the app the permission to read it (Developer Hub, your app, Authentication)."
    recently = updated_since(settings.now() - timedelta(hours=1))
    probe = {"query": recently, "pagination": {"per_page": 1}}
    yield readable(SOURCE, "conversations", lambda: client.post("/conversations/search", probe), scope)
    emails: set[str] = set()
    found = readable(
        SOURCE,
        "admins",
        lambda: emails.update(str(row.get("email") or "").lower() for row in listing(client, "admins")),
        scope,
    )
    yield found
    if found.level == "ok":
        yield from people_missing(SOURCE, settings, emails, "Intercom teammate")
    left = client.facts.requests_left
    yield Finding(
        SOURCE,
        "budget",
        "ok",
        f"{left} requests left in this window of ten seconds, for all calls of the app",
    )
