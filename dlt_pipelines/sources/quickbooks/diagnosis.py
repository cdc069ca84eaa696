"""The doctor's checks of QuickBooks."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from functools import partial

from dlt_pipelines.core.records import at
from dlt_pipelines.core.source import Finding
from dlt_pipelines.doctor.findings import currency_differs, readable
from dlt_pipelines.sources.quickbooks.access import RECONNECT, SOURCE, Facts, access_end, ends_soon
from dlt_pipelines.sources.quickbooks.fields import ENTITIES, REPORTS
from dlt_pipelines.sources.quickbooks.queries import company_facts, count
from dlt_pipelines.wire.client import Client
from dlt_pipelines.wire.kept_tokens import TokenKeeper
from foundation.calendar import local_date
from foundation.settings import Company, Settings


def diagnose(client: Client[Facts], settings: Settings, company: Company) -> Iterator[Finding]:
    """Company, permissions, basis and currency of the reports, and how long the access lasts."""
    info, preferences = company_facts(client)
    yield Finding(SOURCE, "company", "ok", f"{info.get('CompanyName')}, {info.get('Country')}")
    way_out = (
        "Connect the app again with the scope com.intuit.quickbooks.accounting, as an administrator of the"
        " company."
    )
    for entity in ENTITIES.values():
        yield readable(SOURCE, entity, partial(count, client, entity), way_out)
    today = local_date(settings.now(), company.zone)
    for report in REPORTS.values():
        params = {
            "start_date": today.replace(day=1).isoformat(),
            "end_date": today.isoformat(),
            "summarize_column_by": "Month",
        }
        yield readable(SOURCE, report, partial(client.get, f"/reports/{report}", params), way_out)
    basis, ours = at(preferences, "ReportPrefs.ReportBasis"), company.quickbooks.accounting_method
    if basis and basis != ours:
        yield Finding(
            SOURCE,
            "accounting_method",
            "info",
            f"QuickBooks shows its reports by the {basis} method, company.toml asks for {ours}",
            "Nothing to do if that is meant; else change quickbooks.accounting_method in company.toml.",
        )
    yield from currency_differs(
        SOURCE, "QuickBooks", at(preferences, "CurrencyPrefs.HomeCurrency.value"), company
    )
    yield from _diagnose_token(client.facts.keeper, settings.now())


def _diagnose_token(keeper: TokenKeeper, now: datetime) -> Iterator[Finding]:
    if keeper.open_to_others():
        yield Finding(
            SOURCE,
            "token file",
            "warn",
            f"{keeper.path} can be read by other users of this machine",
            f"chmod 600 {keeper.path}",
        )
    ends = access_end(keeper)
    soon = ends_soon(keeper, now)
    if soon:
        yield Finding(
            SOURCE, "access", "warn", soon.removeprefix("QuickBooks: ").partition(". ")[0], RECONNECT
        )
    elif ends:
        detail = f"good until {ends:%Y-%m-%d} without a run; every run renews it, for five years at most"
        yield Finding(SOURCE, "access", "ok", detail)
