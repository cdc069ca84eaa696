"""The doctor's checks of Bill.com."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from dlt_pipelines.core.source import Finding
from dlt_pipelines.doctor.findings import readable
from dlt_pipelines.sources.billcom.access import SOURCE, Facts
from dlt_pipelines.wire.client import Client
from dlt_pipelines.wire.paging import expect
from foundation.settings import Company, Settings


def diagnose(client: Client[Facts], settings: Settings, company: Company) -> Iterator[Finding]:
    """The sign-in, and whether bills and vendors may be read."""
    session = expect(client.get("/v3/login/session"), dict, "Bill.com session")
    there = str(session.get("organizationId") or "")
    yield Finding(
        SOURCE,
        "session",
        "ok",
        f"signed in; the session is of the organization ending in {there[-6:] or client.facts.organization}",
    )
    for what in ("bills", "vendors"):
        way_out = "Give the user a role that may see it (Settings, Users), or use a sync token."
        yield readable(SOURCE, what, partial(client.get, f"/v3/{what}?max=1"), way_out)
