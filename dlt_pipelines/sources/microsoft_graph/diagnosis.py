"""The doctor's checks of Microsoft Graph."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from dlt_pipelines.core.source import Finding
from dlt_pipelines.errors import NotAvailable
from dlt_pipelines.sources.microsoft_graph.access import CONSENT, SOURCE
from dlt_pipelines.sources.microsoft_graph.pages import made_at, score_pages
from dlt_pipelines.sources.microsoft_graph.tenants import Tenants
from foundation.settings import Company, Settings

STALE = timedelta(days=3)


def diagnose(client: Tenants, settings: Settings, company: Company) -> Iterator[Finding]:
    """Per tenant: whether it gives a token and its scores, and how old the newest one is."""
    for tenant, one in client.clients.items():
        check = f"tenant {tenant}"
        try:
            records = next(score_pages(one, tenant, 1), [])
        except NotAvailable as error:
            yield Finding(SOURCE, check, "fail", f"{client.name(tenant)}: {error}", CONSENT)
            continue
        if not records:
            yield Finding(
                SOURCE,
                check,
                "info",
                f"{client.name(tenant)} has no secure score (no licence that gives one?)",
            )
            continue
        made = max(made_at(record) for record in records)
        old = settings.now() - made
        yield Finding(
            SOURCE,
            check,
            "warn" if old > STALE else "ok",
            f"{client.name(tenant)}: newest score of {made.date()}",
            (
                "Microsoft leaves days out at times; look at the tenant's Secure Score page and wait."
                if old > STALE
                else ""
            ),
        )
