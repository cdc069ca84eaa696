"""Zendesk Support.

GET /api/v2/incremental/tickets/cursor?include=metric_sets   -> raw_zendesk.tickets (merge on id and part)
GET /api/v2/users?role[]=agent&role[]=admin                  -> raw_zendesk.agents (in full; who is no longer
    listed gets removed_at)
GET /api/v2/groups                                           -> raw_zendesk.groups (in full)
    what is open among the tickets after the export          -> raw_zendesk.open_tickets (one dated snapshot a
        day)
    the subdomain                                            -> raw_zendesk.account
GET /api/v2/search/count?query=type:ticket                   -> how many tickets there are

The first run exports everything (or from start_date), later runs from the cursor where the last one ended;
the order is the vendor's `generated_timestamp`, so what only the system touched comes too. A cursor that is
refused costs nothing: the export then begins 30 minutes before the last run. A ticket that is deleted comes
as a row with the status `deleted` and little else, and an archived one may come without its metric set. So
that such a row does not wipe out what is known, it is kept beside the full one: `part` is `ticket` (with
metrics), `bare` (without) or `deleted`; staging puts them together, the newest `generated_timestamp` decides.

Quirks: `include` must be repeated on each page; `start_time` and `cursor` exclude each other; there is no
end, so a backfill runs to the end of the stream; a page may be empty without being the last; changes of the
last minute are withheld; `error` is a text or an object; metric keys without a value are left out; ids exceed
32 bits. The legacy time-based export and `/ticket_metrics` are not used: the one misses what the system
changed, the other archived tickets.

UNCONFIRMED: the greatest per_page (setting page_size), how long a cursor lives (see above),
reply_time_in_seconds of messaging tickets (stored, used where the minutes are missing), business minutes
without a schedule (stored as they come), whether the search forgets a deleted ticket at once (it lags by
minutes; the comparison tolerates a few).

Settings: ZENDESK_SUBDOMAIN, ZENDESK_EMAIL (an admin: the export is for admins only), ZENDESK_API_KEY (an API
token), ZENDESK_BASE_URL, section [zendesk] of company.toml.
"""

from __future__ import annotations

import base64
import re
import urllib.parse
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import dlt
from pydantic import Field, SecretStr

from dlt_pipelines.core.api_versions import only
from dlt_pipelines.core.records import Fields, kinds, plain, typed
from dlt_pipelines.core.run import Run, snapshot_day
from dlt_pipelines.core.settlement import Outcome
from dlt_pipelines.core.source import EVERYTHING, ColumnType, Source, Table
from dlt_pipelines.doctor.findings import Finding, people_missing, readable
from dlt_pipelines.errors import Gone, NotAvailable, PermanentError, SourceError
from dlt_pipelines.wire.budget import Budget, Limit
from dlt_pipelines.wire.client import Client
from dlt_pipelines.wire.connect import Access, connects
from dlt_pipelines.wire.credentials import Credentials
from dlt_pipelines.wire.messages import Answer, Retry, retry_after
from dlt_pipelines.wire.paging import Complaint, expect, listed, once
from foundation.settings import Company, Settings
from foundation.settings.types import MailAddress, WebAddress

SOURCE = "zendesk"
EXPORT = "/api/v2/incremental/tickets/cursor.json"
OVERLAP = timedelta(minutes=30)
"""How far before the last run an export without its cursor begins; clocks may differ by ten minutes."""
BEGINNING = datetime(2000, 1, 1, tzinfo=UTC)
WITHHELD = timedelta(minutes=1)
WAIT = 30.0
"""Seconds to wait at a 429 without Retry-After."""

FULL, BARE, DELETED = "ticket", "bare", "deleted"

_MINUTES = ("reply", "first_resolution", "full_resolution", "agent_wait", "requester_wait", "on_hold")
_INSTANTS = (
    "initially_assigned_at",
    "assigned_at",
    "solved_at",
    "status_updated_at",
    "latest_comment_added_at",
)
_METRICS: dict[str, tuple[str, ColumnType]] = {
    "reopens": ("metric_set.reopens", "bigint"),
    "replies": ("metric_set.replies", "bigint"),
    **{
        f"{name}_minutes_{hours}": (f"metric_set.{name}_time_in_minutes.{hours}", "bigint")
        for name in _MINUTES
        for hours in ("calendar", "business")
    },
    "reply_seconds_calendar": ("metric_set.reply_time_in_seconds.calendar", "bigint"),
    **{name: (f"metric_set.{name}", "timestamp") for name in _INSTANTS},
}
TICKETS: Fields = {
    "id": ("id", "bigint"),
    "part": ("part", "text"),
    "generated_timestamp": ("generated_timestamp", "bigint"),
    "status": ("status", "text"),
    "custom_status_id": ("custom_status_id", "bigint"),
    "subject": ("subject", "text"),
    "priority": ("priority", "text"),
    "type": ("type", "text"),
    "via_channel": ("via.channel", "text"),
    "assignee_id": ("assignee_id", "bigint"),
    "requester_id": ("requester_id", "bigint"),
    "submitter_id": ("submitter_id", "bigint"),
    "group_id": ("group_id", "bigint"),
    "organization_id": ("organization_id", "bigint"),
    "brand_id": ("brand_id", "bigint"),
    "satisfaction_score": ("satisfaction_rating.score", "text"),
    "created_at": ("created_at", "timestamp"),
    "updated_at": ("updated_at", "timestamp"),
    **_METRICS,
}
"""Column -> (field on the wire, type). Descriptions, comments and requesters' addresses stay where they
    are."""
_MAY_LACK = frozenset({"custom_status_id", "brand_id", *_METRICS})
"""Metric keys without a value are left out, so a load of few tickets may have none of them."""
AGENTS: Fields = {
    "id": ("id", "bigint"),
    "name": ("name", "text"),
    "email": ("email", "text"),
    "role": ("role", "text"),
    "active": ("active", "bool"),
    "suspended": ("suspended", "bool"),
    "default_group_id": ("default_group_id", "bigint"),
    "created_at": ("created_at", "timestamp"),
    "updated_at": ("updated_at", "timestamp"),
}
GROUPS: Fields = {
    "id": ("id", "bigint"),
    "name": ("name", "text"),
    "deleted": ("deleted", "bool"),
    "created_at": ("created_at", "timestamp"),
    "updated_at": ("updated_at", "timestamp"),
}
ACCOUNT: dict[str, ColumnType] = {"subdomain": "text", "web_url": "text"}
_OPEN: dict[str, ColumnType] = {
    "snapshot_date": "date",
    "ticket_id": "bigint",
    "snapshot_at": "timestamp",
    "status": "text",
    "custom_status_id": "bigint",
    "priority": "text",
    "via_channel": "text",
    "assignee_id": "bigint",
    "group_id": "bigint",
    "created_at": "timestamp",
}


class ZendeskCredentials(Credentials):
    """What Zendesk needs: the account, an admin's address and an API token. The first two are no secrets."""

    subdomain: str = Field(alias="ZENDESK_SUBDOMAIN")
    email: MailAddress = Field(alias="ZENDESK_EMAIL")
    api_key: SecretStr = Field(alias="ZENDESK_API_KEY")
    base_url: WebAddress | None = Field(None, alias="ZENDESK_BASE_URL")


WAY_OUT = (
    "Check ZENDESK_SUBDOMAIN, ZENDESK_EMAIL and ZENDESK_API_KEY, and in Zendesk (Admin Center, Apps and"
    " integrations, Zendesk API) that token access is on and the token is active."
)
ADMIN = "The export of tickets needs a user with the role admin: set ZENDESK_EMAIL to one."


@dataclass
class Facts:
    """What is known of the connection."""

    subdomain: str
    requests_left: str = "unknown"
    """In this minute."""
    account_requests_left: str = "unknown"
    """The same of all who use the account."""


@connects(ZendeskCredentials, SOURCE)
def connect(access: Access[ZendeskCredentials]) -> Client[Facts]:
    """A client for the account that keeps Zendesk's limits.

    Raises:
        PermanentError: ZENDESK_SUBDOMAIN is not a subdomain.
    """
    credentials, limits = access.credentials, access.company.zendesk
    facts = Facts(subdomain(credentials.subdomain))
    key = f"{credentials.email}/token:{credentials.api_key.get_secret_value()}"
    basic = base64.b64encode(key.encode()).decode()
    access.redact.learn(basic)

    def judge(answer: Answer) -> Retry | SourceError | None:
        facts.requests_left = answer.headers.get("x-rate-limit-remaining") or facts.requests_left
        facts.account_requests_left = answer.headers.get("ratelimit-remaining") or facts.account_requests_left
        return _judge(answer)

    everything, exports = Limit(limits.requests_per_minute, 60), Limit(limits.exports_per_minute, 60)
    vendor = replace(
        access.vendor("Zendesk", f"https://{facts.subdomain}.zendesk.com", WAY_OUT),
        headers={"Authorization": f"Basic {basic}"},
        budget=Budget({"": (everything,), "exports": (exports, everything)}),
        judge=judge,
    )
    return Client(vendor, facts, access.counters)


def subdomain(text: str) -> str:
    """The account's name out of `acme`, `acme.zendesk.com` or `https://acme.zendesk.com/`.

    Raises:
        PermanentError: anything else; credentials would go to a foreign host.
    """
    match = re.fullmatch(
        r"(?:https://)?([a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)(?:\.zendesk\.com/?)?", text.strip().lower()
    )
    if match is None:
        raise PermanentError(
            "Zendesk: ZENDESK_SUBDOMAIN is not a subdomain. Set it to the part before .zendesk.com, for"
            " example acme."
        )
    return match[1]


def _judge(answer: Answer) -> Retry | SourceError | None:
    body = answer.json()
    if answer.status == 429:
        asked = retry_after(answer.headers)
        return Retry(
            "too many requests (other integrations of the account count too)",
            WAIT if asked is None else asked,
            everybody=True,
        )
    if answer.status == 403:
        return NotAvailable(f"the user may not read this (403): {_said(body) or answer.start}. {ADMIN}")
    if answer.status == 404 and body is None:
        return PermanentError(
            f"there is no account at this address (404): {answer.start}. Check ZENDESK_SUBDOMAIN."
        )
    return None


def _said(body: Any) -> str:
    """The text of an error body, whose `error` is a text or an object."""
    error = body.get("error") if isinstance(body, dict) else None
    return (
        str(error.get("message") or error.get("title") or "") if isinstance(error, dict) else str(error or "")
    )


def identify(client: Client[Facts]) -> str:
    """The account behind the credentials, so that two accounts never mix in one warehouse."""
    return f"subdomain {client.facts.subdomain}"


# ------------------------------------------------------------------ tickets


def export(client: Client, start: Mapping[str, Any], size: int, end: dict[str, Any]) -> Iterator[list[Any]]:
    """Pages of the export from `start` (`start_time` or `cursor`) to the end of the stream. `end["cursor"]`:
    where the next begins."""
    asked = dict(start)
    while True:
        params = {**asked, "include": "metric_sets", "per_page": size}
        answer = client.get(EXPORT, params, lane="exports", complaint=_doubtful(asked.get("cursor")))
        page = expect(answer, list, "Zendesk tickets", "tickets")
        ended = expect(answer, bool, "Zendesk tickets", "end_of_stream")
        end["cursor"] = answer.get("after_cursor") or asked.get("cursor")
        yield page
        if ended:
            return
        asked = {"cursor": expect(answer, str, "Zendesk tickets", "after_cursor")}


def _doubtful(cursor: str | None) -> Complaint:
    """What is wrong with a page that was asked for with `cursor`."""
    was_empty = False

    def complaint(answer: Any) -> str | None:
        nonlocal was_empty
        if not isinstance(answer, dict):
            return None
        stands, ended = answer.get("after_cursor") == cursor, answer.get("end_of_stream")
        if cursor is not None and stands and ended is False:
            return "the page before once more"
        if answer.get("tickets") == [] and not was_empty and not (stands and ended):
            was_empty = True  # it happens that a page is empty; a second look makes sure
            return "an empty page although the cursor moves on"
        return None

    return complaint


def _changed(run: Run) -> Iterator[Any]:
    """Tickets: everything, what changed since the last run, or what changed since the beginning of a
    window."""
    client, section = run.client, run.company.zendesk
    before = run.state.get("tickets", {})
    begins = run.reaches_back("tickets", section.start_date, whole=not before and not run.backfill)
    run.complete_through["tickets"] = run.started_at - WITHHELD
    since = begins or BEGINNING
    if run.backfill:
        since = run.window.since or since
    elif "pulled_at" in before:
        since = datetime.fromisoformat(before["pulled_at"]) - OVERLAP
    end: dict[str, Any] = {}

    def pages(start: Mapping[str, Any]) -> Iterator[list[Any]]:
        yield from listed(lambda: export(client, start, section.page_size, end), "Zendesk tickets")

    def all_pages() -> Iterator[list[Any]]:
        if (cursor := before.get("cursor")) and not run.backfill:
            try:
                yield from pages({"cursor": cursor})
                return
            except Gone:
                pass  # it has run out; what it stood for is asked for by time
        # a start younger than a minute is refused, and our clock may be ahead
        start = min(since, run.started_at - OVERLAP)
        yield from pages({"start_time": int(start.timestamp())})

    yield from _rows(run, all_pages)
    if run.advances("tickets"):
        dlt.current.source_state()["tickets"] = {
            "cursor": end.get("cursor"),
            "pulled_at": run.started_at.isoformat(),
        }


def _rows(run: Run, pages: Callable[[], Iterator[list[Any]]]) -> Iterator[Any]:
    stubs: list[dict[str, Any]] = []
    seen = dict.fromkeys((FULL, BARE), 0)

    def living() -> Iterator[list[Any]]:
        for page in pages():
            # a ticket may come without its metrics, which is not a missing field
            rows = [
                {"metric_set": None, **row, "part": _part(row)} if isinstance(row, dict) else row
                for row in page
            ]
            stubs.extend(row for row in rows if isinstance(row, dict) and row["part"] == DELETED)
            rows = [row for row in rows if not (isinstance(row, dict) and row["part"] == DELETED)]
            for row in rows:
                if isinstance(row, dict):
                    seen[row["part"]] += 1
            yield rows

    yield from typed("zendesk.tickets", TICKETS, living(), run.warn, key=("id", "part"), may_lack=_MAY_LACK)
    # a deleted ticket has lost most of its fields, so nothing is said of those that it lacks
    yield from typed("zendesk.tickets", TICKETS, [stubs], run.warn, key=("id", "part"), may_lack=TICKETS)
    if seen[BARE] and not seen[FULL]:
        run.warn(
            f"zendesk.tickets: none of {seen[BARE]} tickets came with its metric set; their reply times are"
            " missing"
        )


def _part(row: Mapping[str, Any]) -> str:
    if row.get("status") == "deleted":
        return DELETED
    return FULL if isinstance(row.get("metric_set"), dict) else BARE


def listing(client: Client, name: str, *filters: tuple[str, str]) -> Iterator[list[Any]]:
    """Pages of an ordinary list with cursor pagination."""

    def pages() -> Iterator[list[Any]]:
        after = None
        while True:
            params = [*filters, ("page[size]", "100"), *([("page[after]", after)] if after else [])]
            answer = client.get(
                f"/api/v2/{name}.json?{urllib.parse.urlencode(params)}", complaint=once(_empty_but_more(name))
            )
            yield expect(answer, list, f"Zendesk {name}", name)
            if not expect(answer, bool, f"Zendesk {name}", "meta", "has_more"):
                return
            after = expect(answer, str, f"Zendesk {name}", "meta", "after_cursor")

    yield from listed(pages, f"Zendesk {name}")


def _empty_but_more(name: str) -> Complaint:
    def complaint(answer: Any) -> str | None:
        more = (
            isinstance(answer, dict)
            and isinstance(answer.get("meta"), dict)
            and answer["meta"].get("has_more")
        )
        return "an empty page that is not the last" if more and answer.get(name) == [] else None

    return complaint


STAFF = (("role[]", "agent"), ("role[]", "admin"))


def _agents(run: Run) -> Iterator[Any]:
    yield from typed(
        "zendesk.agents",
        AGENTS,
        listing(run.client, "users", *STAFF),
        run.warn,
        may_lack={"default_group_id", "suspended"},
    )
    run.listed("agents", "removed_at")


def _account(run: Run) -> Iterator[Any]:
    name = run.client.facts.subdomain
    row = {"subdomain": name, "web_url": f"https://{name}.zendesk.com"}
    yield from typed("zendesk.account", plain(ACCOUNT), [[row]], run.warn, key="subdomain")


def _groups(run: Run) -> Iterator[Any]:
    return typed("zendesk.groups", GROUPS, listing(run.client, "groups"), run.warn)


def _open_tickets(run: Run) -> Iterable[Any]:
    """No rows: `settle` makes them of the tickets."""
    if not run.backfill:
        snapshot_day(run, "open_tickets")
    return ()


TABLES: tuple[Table[Run], ...] = (
    Table(
        "tickets",
        "One row per ticket as it was last seen with its metrics (part `ticket`), and one more for what came"
        " later without them (`bare`) and for its deletion (`deleted`). Durations are minutes, of the wall"
        " clock or of the account's business hours.",
        ("id", "part"),
        kinds(TICKETS),
        _changed,
        latest_by="generated_timestamp",
        newest="updated_at",
    ),
    Table(
        "open_tickets",
        "One row per ticket that was neither solved nor closed nor deleted at the last run of a day"
        " (`snapshot_date`, the company's local day).",
        ("snapshot_date", "ticket_id"),
        _OPEN,
        _open_tickets,
        newest="snapshot_at",
        fed_by=("tickets",),
        is_snapshot=True,
    ),
    Table(
        "agents",
        "One row per agent or admin, former ones included; removed_at: when they were found to be no longer"
        " among them.",
        "id",
        kinds(AGENTS, removed_at="timestamp"),
        _agents,
        whole=True,
        newest="updated_at",
    ),
    Table(
        "groups", "One row per group of agents.", "id", kinds(GROUPS), _groups, write=EVERYTHING, whole=True
    ),
    Table(
        "account",
        "The account: one row. web_url is where its pages are.",
        "subdomain",
        ACCOUNT,
        _account,
        write=EVERYTHING,
        whole=True,
    ),
)


def totals(run: Run) -> Iterator[tuple[str, int]]:
    """How many tickets there are, archived ones too and deleted ones not. A search knows them: /tickets/count
    is an estimate."""
    for name in run.countable(["tickets"]):
        yield (
            name,
            expect(
                run.client.get("/api/v2/search/count.json", {"query": "type:ticket"}),
                int,
                "Zendesk search/count",
                "count",
            ),
        )


def settle(connection: Any, outcome: Outcome) -> None:
    """After the load, with the lock held: the day's snapshot of open tickets."""
    day = outcome.snapshot_days.get("open_tickets")
    if day and outcome.read("tickets"):
        columns = [column for column in _OPEN if column not in ("snapshot_date", "snapshot_at", "ticket_id")]
        connection.execute("delete from raw_zendesk.open_tickets where snapshot_date = ?", [day])
        connection.execute(
            "insert into raw_zendesk.open_tickets (snapshot_date, snapshot_at, ticket_id, _dlt_load_id,"
            f" {', '.join(columns)}) select ?, ?, id, ?, {', '.join(columns)} from raw_zendesk.tickets"
            # one whose status is not told may be open
            " qualify row_number() over (partition by id order by generated_timestamp desc) = 1 and"
            " coalesce(status, 'open') in ('new', 'open', 'pending', 'hold')",
            [day, outcome.started_at, outcome.load_id],
        )


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
        yield from people_missing(SOURCE, settings, "zendesk_email", emails, "Zendesk agent")
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


source = Source(
    SOURCE,
    ZendeskCredentials,
    TABLES,
    connect,
    identify,
    diagnose,
    totals=totals,
    settle=settle,
    versions=only("v2"),
)
