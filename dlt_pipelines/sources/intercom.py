"""Intercom (REST, 2.14).

POST /conversations/search, GET /conversations/{id}  -> raw_intercom.conversations (merge on id; deleted ones
    get deleted_at)
    what is open among them after that               -> raw_intercom.open_conversations (one dated snapshot a
        day)
GET  /admins                                         -> raw_intercom.admins (in full; who is no longer listed
    gets removed_at)
GET  /teams                                          -> raw_intercom.teams (in full)
GET  /me                                             -> raw_intercom.account

The first run searches everything (or from start_date), later runs what was updated since two days before the
last one: date filters may be cut to days, and the search index lags. There is no upper bound, and nothing
that comes is thrown away. A deleted conversation leaves the search without a trace: every run also searches
what is open or snoozed, and reads each conversation that the warehouse thinks is open and neither search
named (404: deleted); every four weeks everything is read again.

Quirks: pages are asked in ascending order of updated_at, so that a conversation that changes meanwhile comes
again at the end; the order is not relied upon; `pages.next` is missing or null on the last page; total_count
is compared with what is held and never drives paging; ids are texts here and integers there; instants and
durations are seconds; `statistics` may be null as a whole, and time_to_admin_reply leaves out the hours in
which the office is closed. A 429 carries no Retry-After but X-RateLimit-Reset; 200 with an empty body happens
and is asked again.

UNCONFIRMED: whether total_count is an estimate in very large workspaces (it would show as a difference),
whether the answer repeats the version (the doctor compares where it does), whether a snoozed conversation is
`open` (both are searched for), the addresses of pages. Tickets of Intercom (/tickets/search) are not read: a
Customer ticket is linked to a conversation, and counting both would count twice.

Settings: INTERCOM_API_KEY (the access token of an app), INTERCOM_BASE_URL, section [intercom] of company.toml
(region, version).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import dlt
from pydantic import Field, SecretStr

from dlt_pipelines.core.api_versions import ApiVersions
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
from dlt_pipelines.wire.messages import Answer, Retry, seconds_until
from dlt_pipelines.wire.paging import Complaint, expect, listed, once
from foundation.settings import Company, Settings
from foundation.settings.types import WebAddress

SOURCE = "intercom"
HOSTS = {
    region: f"https://api{part}.intercom.io" for region, part in (("us", ""), ("eu", ".eu"), ("au", ".au"))
}
PAGES = {
    region: f"https://app{part}.intercom.com" for region, part in (("us", ""), ("eu", ".eu"), ("au", ".au"))
}
BEGINNING = datetime.fromtimestamp(0, UTC)
OVERLAP = timedelta(days=2)
"""Date filters may be cut to days of the workspace, and the search index lags."""
FULL_DAYS = 28
PAGE = 150
LOOKED_UP = 200
"""Most conversations that are read one by one in a run; the next run goes on."""
WAIT = 10.0
"""Seconds to wait at a 429 without X-RateLimit-Reset: one window."""

_STATISTICS: dict[str, ColumnType] = {
    "first_contact_reply_at": "timestamp",
    "first_admin_reply_at": "timestamp",
    "last_admin_reply_at": "timestamp",
    "first_close_at": "timestamp",
    "last_close_at": "timestamp",
    "last_closed_by_id": "text",
    "time_to_admin_reply": "bigint",
    "median_time_to_reply": "bigint",
    "time_to_first_close": "bigint",
    "time_to_last_close": "bigint",
    "time_to_assignment": "bigint",
    "handling_time": "bigint",
    "count_reopens": "bigint",
    "count_assignments": "bigint",
    "count_conversation_parts": "bigint",
}
CONVERSATIONS: Fields = {
    "id": ("id", "text"),
    "title": ("title", "text"),
    "created_at": ("created_at", "timestamp"),
    "updated_at": ("updated_at", "timestamp"),
    "waiting_since": ("waiting_since", "timestamp"),
    "snoozed_until": ("snoozed_until", "timestamp"),
    "open": ("open", "bool"),
    "state": ("state", "text"),
    "priority": ("priority", "text"),
    "source_type": ("source.type", "text"),
    "delivered_as": ("source.delivered_as", "text"),
    "redacted": ("source.redacted", "bool"),
    "admin_assignee_id": ("admin_assignee_id", "text"),
    "team_assignee_id": ("team_assignee_id", "text"),
    "ai_agent_participated": ("ai_agent_participated", "bool"),
    "ai_resolution_state": ("ai_agent.resolution_state", "text"),
    "rating": ("conversation_rating.rating", "bigint"),
    "rated_at": ("conversation_rating.created_at", "timestamp"),
    "linked_ticket_id": ("ticket.id", "text"),
    **{name: (f"statistics.{name}", kind) for name, kind in _STATISTICS.items()},
}
"""Column -> (field on the wire, type). Messages, remarks and contacts stay where they are."""
_MAY_LACK = frozenset(
    {
        "handling_time",
        "redacted",
        "ai_agent_participated",
        "ai_resolution_state",
        "linked_ticket_id",
        "rated_at",
    }
)
ADMINS: Fields = {
    "id": ("id", "text"),
    "name": ("name", "text"),
    "email": ("email", "text"),
    "has_inbox_seat": ("has_inbox_seat", "bool"),
    "away_mode_enabled": ("away_mode_enabled", "bool"),
}
TEAMS: Fields = {"id": ("id", "text"), "name": ("name", "text")}
ACCOUNT: dict[str, ColumnType] = {"app_id": "text", "name": "text", "time_zone": "text", "web_url": "text"}
_OPEN: dict[str, ColumnType] = {
    "snapshot_date": "date",
    "conversation_id": "text",
    "snapshot_at": "timestamp",
    "state": "text",
    "priority": "text",
    "source_type": "text",
    "delivered_as": "text",
    "admin_assignee_id": "text",
    "team_assignee_id": "text",
    "created_at": "timestamp",
    "waiting_since": "timestamp",
    "snoozed_until": "timestamp",
}
IS_OPEN = "deleted_at is null and (state in ('open', 'snoozed') or (state is null and open))"

VERSIONS = ApiVersions(
    in_use=lambda company: {company.intercom.api_version: ""}, setting="intercom.api_version"
)


class IntercomCredentials(Credentials):
    """What Intercom needs."""

    api_key: SecretStr = Field(alias="INTERCOM_API_KEY")
    base_url: WebAddress | None = Field(None, alias="INTERCOM_BASE_URL")


WAY_OUT = (
    "Check INTERCOM_API_KEY (Developer Hub, your app, Authentication) and intercom.region in company.toml: a"
    " token is good in the region of its workspace only."
)


@dataclass
class Facts:
    """What the last answer said."""

    version: str
    """Of the API; what is asked for before the first answer."""
    requests_left: str = "unknown"


@connects(IntercomCredentials, SOURCE)
def connect(access: Access[IntercomCredentials]) -> Client[Facts]:
    """A client for the workspace that keeps Intercom's limits."""
    section = access.company.intercom
    facts = Facts(section.api_version)

    def judge(answer: Answer) -> Retry | SourceError | None:
        facts.version = answer.headers.get("intercom-version") or facts.version
        facts.requests_left = answer.headers.get("x-ratelimit-remaining") or facts.requests_left
        return _judge(answer)

    token = access.credentials.api_key.get_secret_value()
    vendor = replace(
        access.vendor("Intercom", HOSTS[section.region], WAY_OUT),
        headers={"Authorization": f"Bearer {token}", "Intercom-Version": section.api_version},
        budget=Budget({"": (Limit(section.requests_per_10_seconds, 10.0),)}),
        judge=judge,
        outdated=VERSIONS.ended("Intercom", access.company),
    )
    return Client(vendor, facts, access.counters)


def _judge(answer: Answer) -> Retry | SourceError | None:
    if answer.status == 429:
        return Retry("too many requests", _until_reset(answer.headers), everybody=True)
    if answer.status == 400 and "intercom_version_invalid" in answer.start:
        return PermanentError(
            f"this version of the API does not exist or has ended: {_said(answer)}. Set intercom.api_version"
            " in company.toml."
        )
    if answer.status in (402, 403):
        return NotAvailable(
            f"the token may not read this ({answer.status}): {_said(answer)}. Give the app the permission, or"
            " see the plan."
        )
    return None


def _until_reset(headers: Mapping[str, str]) -> float:
    """Seconds until the window of a 429 ends."""
    try:
        return min(max(seconds_until(float(headers["x-ratelimit-reset"]), headers), 1.0), 60.0)
    except (KeyError, ValueError):
        return WAIT


def _said(answer: Answer) -> str:
    body = answer.json()
    errors = body.get("errors") if isinstance(body, dict) else None
    texts = (
        [str(error.get("message") or error.get("code")) for error in errors if isinstance(error, dict)]
        if isinstance(errors, list)
        else []
    )
    return "; ".join(texts) or answer.start


def _workspace(client: Client) -> dict[str, Any]:
    return dict(expect(client.get_once("/me"), dict, "Intercom me", "app"))


def identify(client: Client) -> str:
    """The workspace behind the credentials, so that two workspaces never mix in one warehouse."""
    return f"workspace {expect(_workspace(client), str, 'Intercom me: app', 'id_code')}"


# ------------------------------------------------------------------ conversations

Query = dict[str, Any]
OPEN_ONES: Query = {
    "operator": "OR",
    "value": [
        {"field": "open", "operator": "=", "value": True},
        {"field": "state", "operator": "=", "value": "snoozed"},
    ],
}


def updated_since(instant: datetime) -> Query:
    """A search for what was updated after an instant. Seconds: milliseconds would find nothing and say
    nothing."""
    return {"field": "updated_at", "operator": ">", "value": str(max(int(instant.timestamp()) - 1, 0))}


def search(client: Client, query: Query) -> Iterator[list[Any]]:
    """Pages of conversations, the longest unchanged first."""

    def pages() -> Iterator[list[Any]]:
        after = None
        while True:
            body = {
                "query": query,
                "pagination": {"per_page": PAGE} | ({"starting_after": after} if after else {}),
                "sort": {"field": "updated_at", "order": "ascending"},
            }
            answer = client.post("/conversations/search", body, complaint=_doubtful(after))
            yield expect(answer, list, "Intercom conversations", "conversations")
            after = _following(answer)
            if after is None:
                return

    yield from listed(pages, "Intercom conversations")


def _following(answer: Any) -> str | None:
    pages = answer.get("pages") if isinstance(answer, dict) else None
    following = pages.get("next") if isinstance(pages, dict) else None
    return (
        str(following["starting_after"])
        if isinstance(following, dict) and following.get("starting_after")
        else None
    )


def _doubtful(after: str | None) -> Complaint:
    """What is wrong with a page that was asked for with `after`."""
    hollow = once(_empty_but_more)

    def complaint(answer: Any) -> str | None:
        if after is not None and _following(answer) == after:
            return "the page before once more"
        return hollow(answer)

    return complaint


def _empty_but_more(answer: Any) -> str | None:
    rows = answer.get("conversations") if isinstance(answer, dict) else None
    return "an empty page that is not the last" if _following(answer) and rows == [] else None


@dataclass
class _Memory:
    """What a run of Intercom remembers."""

    open: frozenset[str] = frozenset()
    """Ids of the conversations that the warehouse thinks are open."""
    found: int = 0
    """How many conversations the searches of this run have found."""


_Run = Run[Client[Facts], _Memory]


def recall(connection: Any, run: _Run) -> None:
    """Before the run, with the lock held: which conversations the warehouse thinks are open."""
    if "conversations" in run.state:
        rows = connection.execute(f"select id from raw_intercom.conversations where {IS_OPEN}").fetchall()
        run.memory.open = frozenset(row[0] for row in rows)


def _changed(run: _Run) -> Iterator[Any]:
    """Conversations: everything, what changed since the last run, or what changed since the beginning of a
    window."""
    before = run.state.get("conversations", {})
    new = {"pulled_at": run.started_at.isoformat()}
    full = "pulled_at" not in before or run.due(before.get("full_at"), FULL_DAYS)
    begins = (
        run.reaches_back("conversations", run.company.intercom.start_date, whole=full and not run.backfill)
        or BEGINNING
    )
    if run.backfill:
        since = run.window.since or begins
    elif full:
        since = begins
        new["full_at"] = new["pulled_at"]
    else:
        since = datetime.fromisoformat(before["pulled_at"])
    yield from typed(
        "intercom.conversations", CONVERSATIONS, _pages(run, since), run.warn, may_lack=_MAY_LACK
    )
    if full and not run.backfill:
        where = "updated_at >= cast(? as timestamptz)"
        run.listed("conversations", where=where, values=[begins.isoformat()], rows=run.memory.found)
    if run.advances("conversations"):
        dlt.current.source_state()["conversations"] = {**before, **new}


def _pages(run: _Run, since: datetime) -> Iterator[list[Any]]:
    """What was updated, what is open, and what should be open but did not come."""
    missing = set(run.memory.open)
    for query in (updated_since(since - OVERLAP), *([] if run.backfill else [OPEN_ONES])):
        for page in search(run.client, query):
            missing -= {row["id"] for row in page if isinstance(row, dict) and "id" in row}
            run.memory.found += len(page)
            yield page
    if run.backfill:
        return
    gone: list[str] = []
    for key in sorted(missing)[:LOOKED_UP]:
        try:
            yield [expect(run.client.get(f"/conversations/{key}"), dict, f"Intercom conversation {key}")]
        except Gone:
            gone.append(key)
    run.gone("conversations", gone)


def _admins(run: _Run) -> Iterator[Any]:
    yield from typed("intercom.admins", ADMINS, [_list(run.client, "admins")], run.warn)
    run.listed("admins", "removed_at")


def _list(client: Client, name: str) -> list[Any]:
    return list(expect(client.get(f"/{name}"), list, f"Intercom {name}", name))


def _teams(run: _Run) -> Iterator[Any]:
    return typed("intercom.teams", TEAMS, [_list(run.client, "teams")], run.warn)


def _account(run: _Run) -> Iterator[Any]:
    app = _workspace(run.client)
    row = {
        "app_id": app.get("id_code"),
        "name": app.get("name"),
        "time_zone": app.get("timezone"),
        "web_url": PAGES[run.company.intercom.region],
    }
    yield from typed("intercom.account", plain(ACCOUNT), [[row]], run.warn, key="app_id")


def _open_conversations(run: _Run) -> Iterable[Any]:
    """No rows: `settle` makes them of the conversations."""
    if not run.backfill:
        snapshot_day(run, "open_conversations")
    return ()


TABLES: tuple[Table[_Run], ...] = (
    Table(
        "conversations",
        "One row per conversation with its statistics. Durations are seconds of office hours; deleted_at:"
        " when it was found to be gone.",
        "id",
        kinds(CONVERSATIONS, deleted_at="timestamp"),
        _changed,
        latest_by="updated_at",
        newest="updated_at",
    ),
    Table(
        "open_conversations",
        "One row per conversation that was open or snoozed at the last run of a day (`snapshot_date`, the"
        " company's local day).",
        ("snapshot_date", "conversation_id"),
        _OPEN,
        _open_conversations,
        newest="snapshot_at",
        fed_by=("conversations",),
        is_snapshot=True,
    ),
    Table(
        "admins",
        "One row per teammate (admin), former ones included; removed_at: when they were found to be no longer"
        " among them.",
        "id",
        kinds(ADMINS, removed_at="timestamp"),
        _admins,
        whole=True,
    ),
    Table("teams", "One row per team of teammates.", "id", kinds(TEAMS), _teams, EVERYTHING, whole=True),
    Table(
        "account",
        "The workspace: one row. web_url is where its pages are.",
        "app_id",
        ACCOUNT,
        _account,
        write=EVERYTHING,
        whole=True,
    ),
)


def totals(run: _Run) -> Iterator[tuple[str, int]]:
    """How many conversations there are, as the search that finds all of them tells it."""
    for name in run.countable(["conversations"]):
        body = {"query": updated_since(BEGINNING), "pagination": {"per_page": 1}}
        yield (
            name,
            expect(
                run.client.post("/conversations/search", body), int, "Intercom conversations", "total_count"
            ),
        )


def settle(connection: Any, outcome: Outcome) -> None:
    """After the load, with the lock held: the day's snapshot of open conversations."""
    day = outcome.snapshot_days.get("open_conversations")
    if day and outcome.read("conversations"):
        columns = ", ".join(
            column for column in _OPEN if column not in ("snapshot_date", "snapshot_at", "conversation_id")
        )
        connection.execute("delete from raw_intercom.open_conversations where snapshot_date = ?", [day])
        connection.execute(
            "insert into raw_intercom.open_conversations (snapshot_date, snapshot_at, conversation_id,"
            f" _dlt_load_id, {columns}) select ?, ?, id, ?, {columns} from raw_intercom.conversations where"
            f" {IS_OPEN}",
            [day, outcome.started_at, outcome.load_id],
        )


def diagnose(client: Client[Facts], settings: Settings, company: Company) -> Iterator[Finding]:
    """Workspace, version, permissions, people and budget."""
    app = _workspace(client)
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
        lambda: emails.update(str(row.get("email") or "").lower() for row in _list(client, "admins")),
        scope,
    )
    yield found
    if found.level == "ok":
        yield from people_missing(SOURCE, settings, "intercom_email", emails, "Intercom teammate")
    left = client.facts.requests_left
    yield Finding(
        SOURCE,
        "budget",
        "ok",
        f"{left} requests left in this window of ten seconds, for all calls of the app",
    )


source = Source(
    SOURCE,
    IntercomCredentials,
    TABLES,
    connect,
    identify,
    diagnose,
    memory=_Memory,
    recall=recall,
    totals=totals,
    settle=settle,
    versions=VERSIONS,
)
