"""HubSpot's web analytics: sessions on the website.

GET /analytics/v2/reports/sources/daily -> raw_hubspot.web_traffic   replaced day by day

Each run reads a week back again. A count that HubSpot leaves out is null, not zero.

UNCONFIRMED: what replaces this endpoint, so it has no dated path. The shape of the answer: an object of dates
is expected, another answer makes the table not available; days are those of the account's zone. New sessions
are sessions less returning ones, or by the rate of new visitors where only that comes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import dlt

from dlt_pipelines.core.records import Fields, kinds, typed
from dlt_pipelines.core.source import Table, replaces_same
from dlt_pipelines.errors import NotAvailable
from dlt_pipelines.sources.hubspot.api import optional, path
from dlt_pipelines.sources.hubspot.memory import HubSpotRun
from dlt_pipelines.wire.client import Client
from foundation.calendar import local_date
from foundation.settings import Company

RESTATED_DAYS, HISTORY_DAYS, SPAN_DAYS = 7, 730, 92
"""Days of web traffic that every run reads again, that the first run reads, and that one request asks for."""

VISITS: Fields = {
    "day": ("day", "date"),
    "source": ("breakdown", "text"),
    "sessions": ("visits", "bigint"),
    "visitors": ("visitors", "bigint"),
    "new_sessions": ("new", "bigint"),
    "page_views": ("rawViews", "bigint"),
    "contacts": ("contacts", "bigint"),
    "leads": ("leads", "bigint"),
}
_MAY_LACK = frozenset({"visitors", "new_sessions", "contacts", "leads"})


def _table(run: HubSpotRun) -> Iterator[Any]:
    zone = run.company.zone
    cursor = run.state.get("web_traffic", {})
    today = local_date(run.started_at, zone)
    begins = run.company.hubspot.start_date or today - timedelta(days=HISTORY_DAYS)
    first, last = begins, today
    if run.backfill:
        first = local_date(run.window.since, zone) if run.window.since else begins
        last = min(local_date(run.window.until, zone), today) if run.window.until else today
    elif "through" in cursor:
        begins = date.fromisoformat(cursor["from"])
        first = date.fromisoformat(cursor["through"]) - timedelta(days=RESTATED_DAYS)
    run.complete_from["web_traffic"] = datetime.combine(begins, time(), zone).astimezone(UTC)
    yield from typed(
        "hubspot.web_traffic",
        VISITS,
        _days(run, first, last),
        run.warn,
        key=("source", "day"),
        may_lack=_MAY_LACK,
    )
    if not run.backfill:
        dlt.current.source_state()["web_traffic"] = {"from": begins.isoformat(), "through": today.isoformat()}


def _days(run: HubSpotRun, first: date, last: date) -> Iterator[list[dict[str, Any]]]:
    while first <= last:
        end = min(first + timedelta(days=SPAN_DAYS - 1), last)
        yield read_days(run.client, run.company, first, end)
        first = end + timedelta(days=1)


def read_days(client: Client, company: Company, first: date, last: date) -> list[dict[str, Any]]:
    """The rows of these days.

    Raises:
        NotAvailable: the account may not read them, or the answer has another shape.
    """
    with optional("web analytics"):
        answer = client.get(
            path(company, "traffic"),
            {"start": f"{first:%Y%m%d}", "end": f"{last:%Y%m%d}"},
            lane="analytics",
        )
    return _visits(answer)


def _visits(answer: Any) -> list[dict[str, Any]]:
    """Rows of an answer of daily web traffic: day -> one object per source.

    Raises:
        NotAvailable: the answer has another shape.
    """
    try:
        found = {date.fromisoformat(day): rows for day, rows in answer.items()}
        return [
            row | {"day": day.isoformat(), "new": _new(row)} for day, rows in found.items() for row in rows
        ]
    except (AttributeError, TypeError, ValueError):
        came = ", ".join(map(str, answer)) if isinstance(answer, dict) else type(answer).__name__
        raise NotAvailable(
            "HubSpot's web analytics answer in a shape that is not known here (an object of dates):"
            f" {came[:100]}"
        ) from None


def _new(row: Mapping[str, Any]) -> int | None:
    """Sessions of visitors who had never come before."""
    sessions, returning, rate = (
        row.get("visits"),
        row.get("returningVisits"),
        row.get("newVisitorSessionRate"),
    )
    if not isinstance(sessions, int):
        return None
    if isinstance(returning, int):
        return sessions - returning
    return round(sessions * rate) if isinstance(rate, int | float) else None


TABLE: Table[HubSpotRun] = Table(
    "web_traffic",
    "Sessions on the website by day (of the account's zone) and source; new_sessions are those of"
    " visitors who came first.",
    ("day", "source"),
    kinds(VISITS),
    _table,
    write=replaces_same("day"),
)
