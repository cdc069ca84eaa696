"""Autotask PSA (REST, V1.0).

GET  /atservicesrest/v1.0/zoneInformation          -> which host serves this account; raw_autotask.account
POST /Tickets/query, /TimeEntries/query            -> raw_autotask.tickets, raw_autotask.time_entries (merge
    on id)
POST /Resources/query, /Companies/query, /BillingCodes/query -> resources, companies, billing_codes (in full,
    every run)
GET  /<entity>/entityInformation/fields            -> raw_autotask.picklists
POST /<entity>/query/count                         -> cheap check for deleted rows
GET  /ThresholdInformation                         -> how much of the account's hour others have used

Rows are walked by id (`id gt last`, 500 a page). The first run reads everything (or from start_date); later
runs what changed, with an hour of overlap. Once a week all open tickets and everything made or completed in
the last 90 days is read again, because not every change is sure to move lastActivityDate. Autotask keeps no
trace of a deleted row: for the last 60 days the number of rows is compared, and where it differs the ids;
what is gone gets deleted_at.

Quirks: 500 with a list of texts stands for wrong queries as well as for outages; "Thread Threshold Exceeded"
is a rate limit whatever its status; picklist values are texts while rows hold integers; dateWorked is a local
date at midnight Z and is never shifted; a user without the permission for non-billable time gets only
billable rows, silently.

Settings: AUTOTASK_USERNAME, AUTOTASK_SECRET, AUTOTASK_INTEGRATION_CODE, AUTOTASK_BASE_URL (where the zone is
asked for), section [autotask] of company.toml.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import dlt

from dlt_pipelines.core.api_versions import only
from dlt_pipelines.core.outcome import Outcome
from dlt_pipelines.core.records import at, kinds, plain, typed
from dlt_pipelines.core.run import Run
from dlt_pipelines.core.source import EVERYTHING, Source, Table
from dlt_pipelines.core.values import parse
from dlt_pipelines.sources.autotask.access import (
    SOURCE,
    AutotaskCredentials,
    Facts,
    check_budget,
    connect,
    identify,
)
from dlt_pipelines.sources.autotask.diagnosis import NON_BILLABLE_WARNING, diagnose
from dlt_pipelines.sources.autotask.fields import (
    ACCOUNT,
    CHANGED,
    DATED,
    ENTITIES,
    FIELDS,
    MADE,
    MAY_LACK,
    PICKLISTS,
)
from dlt_pipelines.sources.autotask.queries import (
    Filter,
    any_of,
    condition,
    count,
    iso,
    picklist_rows,
    picklist_values,
    walk,
)
from dlt_pipelines.wire.client import Client

OVERLAP = timedelta(hours=1)
SWEEP_DAYS = 7
SWEPT = timedelta(days=90)
RECONCILED = timedelta(days=60)


@dataclass
class _Memory:
    """The memory of a run of Autotask."""

    alive: dict[str, dict[int, datetime]] = field(default_factory=dict)
    """Table -> id -> when it was made, of the last 60 days' rows that the warehouse thinks are alive."""


_Run = Run[Client[Facts], _Memory]


def recall(connection: Any, run: _Run) -> None:
    """Before the run, with the lock held: the rows that a comparison of ids begins with."""
    for name, (_, made) in MADE.items():
        if name in run.tables and name in run.state.get("tables", {}):
            rows = connection.execute(
                f"select id, {made} from raw_autotask.{name} where deleted_at is null and {made} >= ?",
                [run.started_at - RECONCILED],
            ).fetchall()
            run.memory.alive[name] = {row[0]: row[1].astimezone(UTC) for row in rows}


def _rows(run: _Run, name: str, conditions: list[Filter]) -> Iterator[Any]:
    pages = walk(run.client, ENTITIES[name], [field for field, _ in FIELDS[name].values()], conditions)
    yield from typed(f"autotask.{name}", FIELDS[name], pages, run.warn, may_lack=MAY_LACK)


def _changing(run: _Run, name: str) -> Iterator[Any]:
    """Tickets or time entries: everything, the changes, or a window; then the search for deleted rows."""
    cursor = run.state.get("tables", {}).get(name, {})
    pulled_at = datetime.fromisoformat(cursor["pulled_at"]) if "pulled_at" in cursor else None
    new = {"pulled_at": run.started_at.isoformat()}
    changed, made, dated = CHANGED[name], MADE[name][0], DATED[name]
    begins = run.reaches_back(
        name, run.company.autotask.start_date, whole=pulled_at is None and not run.backfill
    )
    sweep = run.due(cursor.get("swept_at"), SWEEP_DAYS)
    if run.backfill:
        bounds = [
            (operator, iso(bound))
            for operator, bound in (("gte", run.window.since), ("lte", run.window.until))
            if bound
        ]
        conditions = [
            any_of(
                *(
                    {"op": "and", "items": [condition(field, *bound) for bound in bounds]}
                    for field in (changed, made, dated)
                )
            )
        ]
    elif pulled_at is None:
        conditions = (
            [any_of(*(condition(field, "gte", iso(begins)) for field in (changed, made, dated)))]
            if begins
            else []
        )
    elif sweep:
        since = iso(run.started_at - SWEPT)
        still_open = (
            [condition("status", "notIn", run.company.autotask.complete_status_ids)]
            if name == "tickets"
            else []
        )
        recent = [condition(field, "gte", since) for field in (made, dated)]
        conditions = [any_of(*still_open, *recent, condition(changed, "gte", iso(pulled_at - OVERLAP)))]
    else:
        conditions = [condition(changed, "gte", iso(pulled_at - OVERLAP))]
    yield from _rows(run, name, conditions)
    if run.backfill:
        return
    if pulled_at is None:
        # everything, or everything changed or made since the start date: what did not come is gone
        columns = (
            [column for column, (field, _) in FIELDS[name].items() if field in (changed, made)]
            if begins
            else []
        )
        where = " or ".join(f"{column} >= cast(? as timestamptz)" for column in columns) or "true"
        run.listed(name, where=f"({where})", values=[iso(begins) for _ in columns] if begins else [])
    else:
        _find_deleted(run, name, pulled_at, compare_ids=sweep)
    if not run.advances(name):
        return
    if sweep:
        new["swept_at"] = new["pulled_at"]
    dlt.current.source_state().setdefault("tables", {})[name] = {**cursor, **new}


def _find_deleted(run: _Run, name: str, pulled_at: datetime, *, compare_ids: bool) -> None:
    """Which of the rows that the warehouse knows, made in the last 60 days and before the last run, are no
    longer there."""
    entity, (field, _) = ENTITIES[name], MADE[name]
    since, until = run.started_at - RECONCILED, pulled_at - OVERLAP
    known = {key for key, made in run.memory.alive.get(name, {}).items() if since <= made < until}
    conditions = [condition(field, "gte", iso(since)), condition(field, "lt", iso(until))]
    if until <= since or (not compare_ids and count(run.client, entity, conditions) == len(known)):
        return
    there = {at(row, "id") for page in walk(run.client, entity, ["id"], conditions) for row in page}
    run.compared(name, known, there)


def _picklists(run: _Run) -> Iterator[Any]:
    used = {wire for fields in FIELDS.values() for wire, _ in fields.values()}
    rows = [
        {
            "entity": entity,
            "field": field.get("name"),
            "value": parse(
                "bigint",
                value.get("value"),
                f"autotask.picklists {entity}.{field.get('name')}: value",
                run.warn,
            ),
            "label": value.get("label"),
            "is_active": value.get("isActive"),
            "sort_order": value.get("sortOrder"),
        }
        for entity in ("Tickets", "TimeEntries", "Companies", "BillingCodes")
        for field in picklist_rows(run.client, entity)
        if field.get("name") in used
        for value in picklist_values(field)
    ]
    known = [row for row in rows if row["value"] is not None]
    yield from typed(
        "autotask.picklists",
        plain(PICKLISTS),
        [known],
        run.warn,
        key=("value", "entity", "field"),
        may_lack=PICKLISTS,
    )


def _account(run: _Run) -> Iterator[Any]:
    zone = run.client.facts.zone.known
    row = {"zone_name": zone.get("zoneName"), "url": zone["url"], "web_url": zone.get("webUrl")}
    yield from typed("autotask.account", plain(ACCOUNT), [[row]], run.warn, key="zone_name")


def _tickets(run: _Run) -> Iterator[Any]:
    return _changing(run, "tickets")


def _time_entries(run: _Run) -> Iterator[Any]:
    return _changing(run, "time_entries")


def _listed(name: str) -> Callable[[_Run], Iterator[Any]]:
    return lambda run: _rows(run, name, [])


TABLES: tuple[Table[_Run], ...] = (
    Table(
        "tickets",
        "One row per ticket. queue_id is the queue now; deleted_at: when the ticket was found to be gone.",
        "id",
        kinds(FIELDS["tickets"], deleted_at="timestamp"),
        _tickets,
        newest="last_activity_date",
    ),
    Table(
        "time_entries",
        "One row per time entry. date_worked is the local work date, hours are hours; neither ticket nor"
        " task: internal time.",
        "id",
        kinds(FIELDS["time_entries"], deleted_at="timestamp"),
        _time_entries,
        newest="last_modified_date_time",
    ),
    Table(
        "resources",
        "One row per resource (a person in Autotask), inactive ones included.",
        "id",
        kinds(FIELDS["resources"]),
        _listed("resources"),
        whole=True,
    ),
    Table(
        "companies",
        "One row per company; company 0 is the service provider itself.",
        "id",
        kinds(FIELDS["companies"]),
        _listed("companies"),
        whole=True,
        newest="last_activity_date",
    ),
    Table(
        "billing_codes",
        "One row per billing code: work types and internal-time codes such as time off.",
        "id",
        kinds(FIELDS["billing_codes"]),
        _listed("billing_codes"),
        whole=True,
    ),
    Table(
        "picklists",
        "One row per value of a picklist (queues, statuses, ...), inactive values included because old rows"
        " still use them.",
        ("entity", "field", "value"),
        PICKLISTS,
        _picklists,
        write=EVERYTHING,
        whole=True,
    ),
    Table(
        "account",
        "The zone that serves the account: one row. web_url is where its pages are.",
        "zone_name",
        ACCOUNT,
        _account,
        write=EVERYTHING,
        whole=True,
    ),
)


def begin(run: _Run) -> None:
    """Before the first row: check that the account's hour has requests left."""
    check_budget(run.client)


def totals(run: _Run) -> Iterator[tuple[str, int]]:
    """How many tickets and time entries there are, as far as the API user may see them."""
    for name in run.countable(CHANGED):
        yield name, count(run.client, ENTITIES[name], [condition("id", "gte", 0)])


def settle(connection: Any, outcome: Outcome) -> None:
    """After the load, with the lock held: look for signs of a missing permission."""
    if outcome.read("time_entries"):
        seen = connection.execute(
            "select count(*), count(*) filter (is_non_billable or (ticket_id is null and task_id is null))"
            " from raw_autotask.time_entries where deleted_at is null and date_worked >= ?",
            [(outcome.started_at - timedelta(days=30)).date()],
        ).fetchone()
        if seen and seen[0] and not seen[1]:
            outcome.warn(NON_BILLABLE_WARNING)


source = Source(
    SOURCE,
    AutotaskCredentials,
    TABLES,
    connect,
    identify,
    diagnose,
    memory=_Memory,
    recall=recall,
    begin=begin,
    totals=totals,
    settle=settle,
    versions=only("v1.0"),
)
