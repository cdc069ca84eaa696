"""What changed among QuickBooks' transactions, and what was deleted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

import dlt

from dlt_pipelines.core.records import at, typed
from dlt_pipelines.core.values import parse
from dlt_pipelines.sources.quickbooks.fields import ENTITIES, FIELDS, MAY_LACK, TRANSACTIONS
from dlt_pipelines.sources.quickbooks.memory import QuickBooksRun
from dlt_pipelines.sources.quickbooks.queries import iso, prepared, walk
from dlt_pipelines.wire.client import Client
from dlt_pipelines.wire.paging import entries, expect
from foundation.calendar import local_date

OVERLAP = timedelta(hours=1)
DELETES_OVERLAP = timedelta(days=1)
SWEEP_DAYS = 28
"""Change data capture looks back 30 days; a day of overlap and one for the clocks."""
MOST_CHANGES = 1_000


def entity_rows(run: QuickBooksRun, name: str, where: str = "") -> Iterator[Any]:
    pages = ([prepared(row, name) for row in page] for page in walk(run.client, ENTITIES[name], where))
    yield from typed(f"quickbooks.{name}", FIELDS[name], pages, run.warn, may_lack=MAY_LACK)


def transaction_rows(run: QuickBooksRun, name: str) -> Iterator[Any]:
    """Everything, the changes, or a window."""
    if run.backfill:
        for bounds in _windows(run):
            yield from entity_rows(run, name, bounds)
        return
    cursor = _cursor(run, name)
    new = {"pulled_at": run.started_at.isoformat()}
    if _sweeps(run, name):
        yield from entity_rows(run, name)
        run.listed(name)
        new["swept_at"] = new["pulled_at"]
    else:
        pulled_at = datetime.fromisoformat(cursor["pulled_at"])
        yield from entity_rows(run, name, f" where MetaData.LastUpdatedTime >= '{iso(pulled_at - OVERLAP)}'")
        if name not in run.memory.told:  # change data capture could not tell
            there = {
                row.get("Id") for page in walk(run.client, TRANSACTIONS[name], fields="Id") for row in page
            }
            run.compared(name, run.memory.alive[name], there)
    if run.advances(name):
        dlt.current.source_state().setdefault("tables", {})[name] = {**cursor, **new}


def _windows(run: QuickBooksRun) -> Iterator[str]:
    """The query language has no OR: first what changed in the window, then what is dated in it."""
    zone = run.company.zone
    changed = [
        ("MetaData.LastUpdatedTime", sign, iso(bound))
        for sign, bound in ((">=", run.window.since), ("<=", run.window.until))
        if bound
    ]
    dated = [
        ("TxnDate", sign, local_date(bound, zone).isoformat())
        for sign, bound in ((">=", run.window.since), ("<=", run.window.until))
        if bound
    ]
    for bounds in (changed, dated):
        yield " where " + " and ".join(f"{field} {sign} '{value}'" for field, sign, value in bounds)


def _cursor(run: QuickBooksRun, name: str) -> dict[str, str]:
    return dict(run.state.get("tables", {}).get(name, {}))


def _sweeps(run: QuickBooksRun, name: str) -> bool:
    """Whether this run reads all of a table again."""
    cursor = _cursor(run, name)
    return "pulled_at" not in cursor or run.due(cursor.get("swept_at"), SWEEP_DAYS)


def recall(connection: Any, run: QuickBooksRun) -> None:
    """Before the run, with the lock held: the transactions that are in the warehouse."""
    if run.backfill:
        return
    for name in run.tables & set(TRANSACTIONS) & set(run.state.get("tables", {})):
        rows = connection.execute(f"select id from raw_quickbooks.{name} where deleted_at is null").fetchall()
        run.memory.alive[name] = {row[0] for row in rows}


def begin(run: QuickBooksRun) -> None:
    """Before the first row: what was deleted since the last run, of all tables in one call where that is not
    too much."""
    if run.backfill:
        return
    names = sorted(name for name in run.tables & set(TRANSACTIONS) if not _sweeps(run, name))
    if not names:
        return
    since = {
        name: datetime.fromisoformat(_cursor(run, name)["pulled_at"]) - DELETES_OVERLAP for name in names
    }
    gone = _deleted(run.client, names, min(since.values()))
    if gone is None:
        gone = {
            name: found[name]
            for name in names
            if (found := _deleted(run.client, [name], since[name])) is not None
        }
    run.memory.told = set(gone)
    for name, deleted in gone.items():
        for key, when in deleted.items():
            run.gone(
                name,
                [key],
                at=parse("timestamp", when, f"quickbooks.{name} {key}: LastUpdatedTime", run.warn),
            )


def _deleted(
    client: Client, names: Sequence[str], since: datetime
) -> dict[str, dict[str, str | None]] | None:
    """Table -> id of a deleted transaction -> when; None: more changed than one answer holds."""
    entities = [TRANSACTIONS[name] for name in names]
    answer = client.get("/cdc", {"entities": ",".join(entities), "changedSince": iso(since)})
    blocks = [
        block
        for response in expect(answer, list, "QuickBooks changes", "CDCResponse")
        for block in expect(response, list, "QuickBooks changes", "QueryResponse")
    ]
    beside = {*entities, "startPosition", "maxResults", "totalCount"}
    rows = {
        entity: [
            row for block in blocks for row in entries(block, "QuickBooks changes", entity, beside=beside)
        ]
        for entity in entities
    }
    if sum(map(len, rows.values())) >= MOST_CHANGES:
        return None
    return {
        name: {
            str(row["Id"]): at(row, "MetaData.LastUpdatedTime") or at(row, "Metadata.LastUpdatedTime")
            for row in rows[TRANSACTIONS[name]]
            if row.get("status") == "Deleted"
        }
        for name in names
    }
