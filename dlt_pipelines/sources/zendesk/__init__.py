"""Zendesk Support.

GET /api/v2/incremental/tickets/cursor?include=metric_sets   -> raw_zendesk.tickets (merge on id and part)
GET /api/v2/users?role[]=agent&role[]=admin                  -> raw_zendesk.agents (in full; removed_at is
    set for agents missing from the list)
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

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import dlt

from dlt_pipelines.core.api_versions import only
from dlt_pipelines.core.outcome import Outcome
from dlt_pipelines.core.records import kinds, plain, typed
from dlt_pipelines.core.run import Run, snapshot_day
from dlt_pipelines.core.source import EVERYTHING, Source, Table
from dlt_pipelines.errors import Gone
from dlt_pipelines.sources.zendesk.access import SOURCE, ZendeskCredentials, connect, identify
from dlt_pipelines.sources.zendesk.diagnosis import diagnose
from dlt_pipelines.sources.zendesk.fields import ACCOUNT, AGENTS, GROUPS, MAY_LACK, OPEN_TICKETS, TICKETS
from dlt_pipelines.sources.zendesk.lists import STAFF, export, listing
from dlt_pipelines.wire.paging import expect, listed

OVERLAP = timedelta(minutes=30)
"""How far before the last run an export without its cursor begins; clocks may differ by ten minutes."""
BEGINNING = datetime(2000, 1, 1, tzinfo=UTC)
WITHHELD = timedelta(minutes=1)

FULL, BARE, DELETED = "ticket", "bare", "deleted"


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

    yield from typed("zendesk.tickets", TICKETS, living(), run.warn, key=("id", "part"), may_lack=MAY_LACK)
    # a deleted ticket has lost most of its fields, so missing ones are not reported
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
        OPEN_TICKETS,
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
        columns = [
            column for column in OPEN_TICKETS if column not in ("snapshot_date", "snapshot_at", "ticket_id")
        ]
        connection.execute("delete from raw_zendesk.open_tickets where snapshot_date = ?", [day])
        connection.execute(
            "insert into raw_zendesk.open_tickets (snapshot_date, snapshot_at, ticket_id, _dlt_load_id,"
            f" {', '.join(columns)}) select ?, ?, id, ?, {', '.join(columns)} from raw_zendesk.tickets"
            # one whose status is not told may be open
            " qualify row_number() over (partition by id order by generated_timestamp desc) = 1 and"
            " coalesce(status, 'open') in ('new', 'open', 'pending', 'hold')",
            [day, outcome.started_at, outcome.load_id],
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
