"""JustCall, the phone system (API v2.1).

GET /v2.1/users             -> raw_justcall.users (merge on id; who left is missing there, keeps the row and
    gets deleted_at)
GET /v2.1/calls             -> calls (merge on id)
GET /v2.1/sales_dialer/calls -> sales_dialer_calls, only with justcall.sales_dialer (whether they are among
    the calls too is UNCONFIRMED)

There is no filter by change: every run asks again for the calls of the last `days`, as dispositions and
ratings are filled in later; the first one for everything from start_date on (the vendor may give only the
last three months, UNCONFIRMED; nothing is ever replaced by less). The filter's clock is that of the account
while call_date and call_time are UTC, so windows are a day wider on each side. Pages start at 0 and are
walked by rising id, so that calls which come in meanwhile are at the end.

A backfill works per agent (agent_id is the only filter by person); calls of nobody, and of agents who are no
longer listed, come with the window as a whole.

UNCONFIRMED, and what is done: totals are not used; next_page_link only to doubt a short page, which is asked
for once more; the limits are those of the smallest plan (settings), and where an answer says that a limit is
used up, the client waits until its reset; a 200 that says "error" is tried again. Calls are never deleted by
the vendor as far as is known. Recordings, notes and the contact's e-mail are not stored.

Settings: JUSTCALL_API_KEY, JUSTCALL_API_SECRET, JUSTCALL_BASE_URL, section [justcall] of company.toml.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import dlt
from pydantic import Field, SecretStr

from dlt_pipelines.core.api_versions import only
from dlt_pipelines.core.records import Fields, at, kinds, typed
from dlt_pipelines.core.run import Run
from dlt_pipelines.core.source import Finding, Source, Table
from dlt_pipelines.doctor.findings import people_missing, readable
from dlt_pipelines.errors import NotAvailable, SourceError
from dlt_pipelines.wire.budget import Budget, Limit
from dlt_pipelines.wire.client import Client
from dlt_pipelines.wire.connect import Access, connects
from dlt_pipelines.wire.credentials import Credentials
from dlt_pipelines.wire.messages import Answer, Retry, retry_after, seconds_until
from dlt_pipelines.wire.paging import capped, expect, once
from foundation.settings import Company, Settings
from foundation.settings.types import WebAddress

SOURCE = "justcall"
VENDOR_URL = "https://api.justcall.io"
PAGE = 100
WIDER = timedelta(days=1)
WAIT = 60.0
"""Seconds to wait at a 429 that does not say until when."""

USERS: Fields = {
    "id": ("id", "bigint"),
    "name": ("name", "text"),
    "email": ("email", "text"),
    "role": ("role", "text"),
    "timezone": ("timezone", "text"),
}
CALLS: Fields = {
    "id": ("id", "bigint"),
    "call_sid": ("call_sid", "text"),
    "contact_number": ("contact_number", "text"),
    "contact_name": ("contact_name", "text"),
    "justcall_number": ("justcall_number", "text"),
    "agent_id": ("agent_id", "bigint"),
    "agent_name": ("agent_name", "text"),
    "agent_email": ("agent_email", "text"),
    "called_at": ("called_at", "timestamp"),
    "call_date": ("call_date", "date"),
    "call_time": ("call_time", "text"),
    "call_user_date": ("call_user_date", "date"),
    "call_user_time": ("call_user_time", "text"),
    "direction": ("call_info.direction", "text"),
    "type": ("call_info.type", "text"),
    "status": ("call_info.status", "text"),
    "disposition": ("call_info.disposition", "text"),
    "rating": ("call_info.rating", "text"),
    "total_duration": ("call_duration.total_duration", "bigint"),
    "conversation_time": ("call_duration.conversation_time", "bigint"),
    "handle_time": ("call_duration.handle_time", "bigint"),
    "ring_time": ("call_duration.ring_time", "bigint"),
    "hold_time": ("call_duration.hold_time", "bigint"),
    "queue_wait_time": ("call_duration.queue_wait_time", "bigint"),
    "wrap_up_time": ("call_duration.wrap_up_time", "bigint"),
    "cost_incurred": ("cost_incurred", "decimal"),
}
DIALER_CALLS: Fields = {**CALLS, "id": ("call_id", "bigint")}


class JustCallCredentials(Credentials):
    """The credentials of JustCall: a key and its secret."""

    api_key: SecretStr = Field(alias="JUSTCALL_API_KEY")
    api_secret: SecretStr = Field(alias="JUSTCALL_API_SECRET")
    base_url: WebAddress | None = Field(None, alias="JUSTCALL_BASE_URL")


WAY_OUT = "Check JUSTCALL_API_KEY and JUSTCALL_API_SECRET (JustCall: Settings, APIs and Webhooks)."


@dataclass
class Facts:
    """What the source knows about its connection."""

    users: list[Any] | None = None
    """None: not asked yet."""


@connects(JustCallCredentials, SOURCE)
def connect(access: Access[JustCallCredentials]) -> Client[Facts]:
    """A client that keeps the limits of the configured plan."""
    key, secret = access.credentials.secrets()
    access.redact.learn(f"{key}:{secret}")
    limits = access.company.justcall
    budget = Budget({"": (Limit(limits.requests_per_minute, 60), Limit(limits.requests_per_hour, 3600))})

    def judge(answer: Answer) -> Retry | SourceError | None:
        if answer.status == 429:
            return Retry("its requests are used up", until_room(answer.headers), everybody=True)
        for name in ("X-Rate-Limit", "X-Rate-Limit-Burst"):
            if answer.headers.get(f"{name}-Remaining") == "0":
                budget.pause(_reset(answer.headers, name) or WAIT)  # others use the account too
        return _judge(answer)

    vendor = replace(
        access.vendor("JustCall", VENDOR_URL, WAY_OUT),
        # the raw pair: no Basic, no base64
        headers={"Authorization": f"{key}:{secret}"},
        budget=budget,
        judge=judge,
    )
    return Client(vendor, Facts(), access.counters)


def _reset(headers: Mapping[str, str], name: str) -> float | None:
    """Seconds until a limit is free again: its header holds Unix seconds of the vendor's clock."""
    value = headers.get(f"{name}-Reset") or ""
    return seconds_until(float(value), headers) if value.isdigit() else None


def until_room(headers: Mapping[str, str]) -> float:
    asked = retry_after(headers)
    if asked is not None:
        return asked
    used_up = [
        name for name in ("X-Rate-Limit", "X-Rate-Limit-Burst") if headers.get(f"{name}-Remaining") == "0"
    ]
    waits = [wait for name in used_up if (wait := _reset(headers, name)) is not None]
    return max(waits, default=WAIT)


def _judge(answer: Answer) -> Retry | SourceError | None:
    if answer.status == 403:
        return NotAvailable(f"the plan or the key may not read this (403): {answer.start}")
    if answer.status == 200:
        body = answer.json()
        if isinstance(body, dict) and body.get("status") == "error":
            return Retry(f'answers "error": {answer.start}')
    return None


def identify(client: Client[Facts]) -> str:
    """The account behind the credentials, so that two accounts never mix. The vendor has no name for it: the
    domain of most users; empty while there is none."""
    domains = Counter(str(row.get("email") or "").rpartition("@")[2].lower() for row in _listed_users(client))
    return f"account of {min(domains, key=lambda domain: (-domains[domain], domain))}" if domains else ""


# ------------------------------------------------------------------ pages


def walk(client: Client, path: str, params: Mapping[str, Any]) -> Iterator[list[Any]]:
    """Pages of a list, from page 0 until one is not full."""

    def pages() -> Iterator[list[Any]]:
        number, before = 0, None
        while True:

            def doubt(answer: Any, before: Any = before) -> str | None:
                rows = answer.get("data") if isinstance(answer, dict) else None
                if isinstance(rows, list) and rows and rows == before:
                    return "the page before once more"
                if isinstance(rows, list) and len(rows) < PAGE and answer.get("next_page_link"):
                    return f"a page of {len(rows)} rows that names a next one"
                return None

            asked = {**params, "page": number, "per_page": PAGE, "order": "asc"}
            rows = expect(client.get(path, asked, complaint=once(doubt)), list, f"JustCall {path}", "data")
            if rows:
                yield rows
            if len(rows) < PAGE:
                return
            number, before = number + 1, rows

    yield from capped(pages(), 20_000, f"JustCall {path}")


def _listed_users(client: Client[Facts]) -> list[Any]:
    if client.facts.users is None:
        client.facts.users = [row for page in walk(client, "/v2.1/users", {}) for row in page]
    return list(client.facts.users)


def _row(row: Any) -> Any:
    """A call with its instant: date and time come apart, in UTC."""
    if not isinstance(row, dict):
        return row
    at_day, at_time = row.get("call_date"), row.get("call_time")
    return row | {"called_at": f"{at_day}T{at_time or '00:00:00'}Z" if at_day else None}


def _typed(run: Run, name: str, fields: Fields, pages: Iterable[list[Any]]) -> Iterator[Any]:
    return typed(f"justcall.{name}", fields, pages, run.warn)


# ------------------------------------------------------------------ what is pulled


def _window(run: Run, name: str) -> dict[str, str | None]:
    """The filter of this run, in the account's clock, a day wider than meant."""
    wanted = run.company.justcall
    zone = wanted.zone or run.company.zone
    pulled_at = run.state.get("tables", {}).get(name, {}).get("pulled_at")
    since, until = wanted.start_date, run.started_at
    run.reaches_back(name, since, whole=not pulled_at and not run.backfill, zone=zone)
    if run.backfill:
        since = run.window.since.astimezone(zone).date() if run.window.since else since
        until = run.window.until or until
    elif pulled_at:
        back = (
            min(run.started_at - timedelta(days=wanted.days), datetime.fromisoformat(pulled_at))
            .astimezone(zone)
            .date()
        )
        since = max(back, since or back)
    return {
        "from_datetime": f"{since - WIDER} 00:00:00" if since else None,
        "to_datetime": f"{until.astimezone(zone).date() + WIDER} 23:59:59",
    }


def _pulled(
    run: Run, name: str, path: str, fields: Fields, who: dict[str, str] | None = None
) -> Iterator[Any]:
    """Calls of the run's window. `who`: a filter by person, or nothing."""
    params: dict[str, Any] = {**_window(run, name), "sort": "id", **(who or {})}
    pages = (
        [_row(row) for row in page if run.window.wants(at(row, "agent_id"))]
        for page in walk(run.client, path, params)
    )
    yield from _typed(run, name, fields, pages)
    if run.advances(name):
        dlt.current.source_state().setdefault("tables", {})[name] = {"pulled_at": run.started_at.isoformat()}


def _users(run: Run) -> Iterator[Any]:
    rows = _listed_users(run.client)
    yield from _typed(run, "users", USERS, [rows])
    if rows:  # an account without users would be a mistake
        run.listed("users")


def _calls(run: Run) -> Iterator[Any]:
    who = {"agent_id": run.window.person} if run.window.person else None
    return _pulled(run, "calls", "/v2.1/calls", CALLS, who)


def _dialer(run: Run) -> Iterator[Any]:
    if run.company.justcall.sales_dialer:
        yield from _pulled(run, "sales_dialer_calls", "/v2.1/sales_dialer/calls", DIALER_CALLS)


def people(client: Client[Facts]) -> dict[str, str]:
    """Whom a backfill works through: agent id -> name."""
    return {
        str(expect(row, int, "JustCall users", "id")): str(row.get("name") or row.get("email") or row["id"])
        for row in _listed_users(client)
    }


TABLES: tuple[Table[Run], ...] = (
    Table(
        "calls",
        "One row per call, answered or not. called_at is its start; durations are seconds; no agent: nobody"
        " took it.",
        "id",
        kinds(CALLS),
        _calls,
        newest="called_at",
        per_person=True,
    ),
    Table(
        "users",
        "One row per user (agent), also of those who left; deleted_at: when a user was first missing from the"
        " list.",
        "id",
        kinds(USERS, deleted_at="timestamp"),
        _users,
        whole=True,
    ),
    Table(
        "sales_dialer_calls",
        "One row per call of the separate Sales Dialer; kept apart, because the calls may hold them too.",
        "id",
        kinds(DIALER_CALLS),
        _dialer,
    ),
)


def diagnose(client: Client[Facts], settings: Settings, company: Company) -> Iterator[Finding]:
    """Access, the dialer if it is wanted, zones, people, and the requests left."""
    now = settings.now()
    window = {"from_datetime": f"{now - timedelta(days=14):%Y-%m-%d}", "page": 0, "per_page": 1}
    yield readable(
        SOURCE, "calls", lambda: client.get("/v2.1/calls", window), "Use the key of an administrator."
    )
    if company.justcall.sales_dialer:
        way_out = "Set justcall.sales_dialer = false in company.toml if you do not use the dialer."
        yield readable(
            SOURCE,
            "sales dialer",
            lambda: client.get("/v2.1/sales_dialer/calls", {"page": 0, "per_page": 1}),
            way_out,
        )
    users = _listed_users(client)
    zone = str(company.justcall.zone or company.zone)
    others = sorted(
        {str(row.get("timezone")) for row in users if row.get("timezone") and row.get("timezone") != zone}
    )
    if others:
        yield Finding(
            SOURCE,
            "time zone",
            "info",
            f"users in {', '.join(others)}; windows are asked for in {zone}, a day wider; days are the"
            " company's",
        )
    limits = company.justcall
    yield Finding(
        SOURCE,
        "budget",
        "info",
        f"at most {limits.requests_per_minute} requests a minute and {limits.requests_per_hour} an hour are"
        " made",
    )
    yield from people_missing(
        SOURCE,
        settings,
        {str(row.get("email") or "").lower() for row in users},
        "JustCall user",
    )


source = Source(
    SOURCE, JustCallCredentials, TABLES, connect, identify, diagnose, people=people, versions=only("v2.1")
)
