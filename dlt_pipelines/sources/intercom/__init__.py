"""Intercom (REST, 2.14).

POST /conversations/search, GET /conversations/{id}  -> raw_intercom.conversations (merge on id; deleted ones
    get deleted_at)
    what is open among them after that               -> raw_intercom.open_conversations (one dated snapshot a
        day)
GET  /admins                                         -> raw_intercom.admins (in full; removed_at is set
    for admins missing from the list)
GET  /teams                                          -> raw_intercom.teams (in full)
GET  /me                                             -> raw_intercom.account

The first run searches everything (or from start_date), later runs what was updated since two days before the
last one: date filters may be cut to days, and the search index lags. There is no upper bound, and nothing
that comes is thrown away. A deleted conversation leaves the search without a trace: every run also searches
what is open or snoozed, and reads each conversation that is open in the warehouse and in neither search
(404: deleted); every four weeks everything is read again.

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

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import dlt

from dlt_pipelines.core.outcome import Outcome
from dlt_pipelines.core.records import kinds, plain, typed
from dlt_pipelines.core.run import Run, snapshot_day
from dlt_pipelines.core.source import EVERYTHING, Source, Table
from dlt_pipelines.errors import Gone
from dlt_pipelines.sources.intercom.access import (
    SOURCE,
    VERSIONS,
    Facts,
    IntercomCredentials,
    connect,
    identify,
    workspace,
)
from dlt_pipelines.sources.intercom.diagnosis import diagnose
from dlt_pipelines.sources.intercom.fields import (
    ACCOUNT,
    ADMINS,
    CONVERSATIONS,
    MAY_LACK,
    OPEN_CONVERSATIONS,
    TEAMS,
)
from dlt_pipelines.sources.intercom.lists import OPEN_ONES, listing, search, updated_since
from dlt_pipelines.wire.client import Client
from dlt_pipelines.wire.paging import expect

PAGES = {
    region: f"https://app{part}.intercom.com" for region, part in (("us", ""), ("eu", ".eu"), ("au", ".au"))
}
BEGINNING = datetime.fromtimestamp(0, UTC)
OVERLAP = timedelta(days=2)
"""Date filters may be cut to days of the workspace, and the search index lags."""
FULL_DAYS = 28
LOOKED_UP = 200
"""Most conversations that are read one by one in a run; the next run goes on."""
IS_OPEN = "deleted_at is null and (state in ('open', 'snoozed') or (state is null and open))"


@dataclass
class _Memory:
    """The memory of a run of Intercom."""

    open: frozenset[str] = frozenset()
    """Ids of the conversations that are open in the warehouse."""
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
    yield from typed("intercom.conversations", CONVERSATIONS, _pages(run, since), run.warn, may_lack=MAY_LACK)
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
    yield from typed("intercom.admins", ADMINS, [listing(run.client, "admins")], run.warn)
    run.listed("admins", "removed_at")


def _teams(run: _Run) -> Iterator[Any]:
    return typed("intercom.teams", TEAMS, [listing(run.client, "teams")], run.warn)


def _account(run: _Run) -> Iterator[Any]:
    app = workspace(run.client)
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
        OPEN_CONVERSATIONS,
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
            column
            for column in OPEN_CONVERSATIONS
            if column not in ("snapshot_date", "snapshot_at", "conversation_id")
        )
        connection.execute("delete from raw_intercom.open_conversations where snapshot_date = ?", [day])
        connection.execute(
            "insert into raw_intercom.open_conversations (snapshot_date, snapshot_at, conversation_id,"
            f" _dlt_load_id, {columns}) select ?, ?, id, ?, {columns} from raw_intercom.conversations where"
            f" {IS_OPEN}",
            [day, outcome.started_at, outcome.load_id],
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
