"""What a load does with the outcome of a run once the run's rows are in the warehouse.

The outcome travels in the package of the rows, as one row of `raw_<source>.unsettled`. It therefore reaches
the warehouse together with the rows and cursors of the same run, also when that run is killed and the next
one loads its package. Settling marks what is gone, writes the ledger and removes that row, in one
transaction: a row that is still there was never settled.
"""

from __future__ import annotations

import contextlib
import logging
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

import dlt
import duckdb
import pyarrow as pa

from dlt_pipelines.core.clocks import APART
from dlt_pipelines.core.outcome import Outcome
from dlt_pipelines.core.run import MARKED, Mark, Run
from dlt_pipelines.core.source import Table
from dlt_pipelines.core.tables import resource
from dlt_pipelines.registry import SourceEntry
from foundation.warehouse import Warehouse, transaction

log = logging.getLogger(__name__)

_SCHEMA = pa.schema([pa.field("outcome", pa.string(), nullable=False)])


UNSETTLED: Table[Run[Any, Any]] = Table(
    "unsettled",
    "One row per load whose outcome is not settled yet: none, except after a kill.",
    "outcome",
    {"outcome": "text"},
    fetch=lambda run: (),
    write="append",
    parallel=False,
)


@dataclass(frozen=True)
class TableReport:
    """What a load did to one table."""

    rows_loaded: int
    """Rows that this load wrote, changed or not."""
    rows_total: int
    newest_record: datetime | None
    """Newest change among all rows, UTC; None where the vendor gives no such time."""


@dataclass(frozen=True)
class Settled:
    """The result of settling an outcome."""

    outcome: Outcome
    tables: dict[str, TableReport]
    complete_through: datetime | None


def closing(entry: SourceEntry, outcome: Callable[[], Outcome]) -> Any:
    """Return a source of one table that stores the outcome. Extract it after the run's own source, so that
    all rows have come."""

    def rows() -> Iterator[Any]:
        yield pa.table([[outcome().model_dump_json()]], schema=_SCHEMA)

    unsettled = resource(UNSETTLED, rows)
    return dlt.source(lambda: unsettled, name=entry.name, max_table_nesting=0)()


def waiting(connection: duckdb.DuckDBPyConnection, entry: SourceEntry) -> list[Outcome]:
    """Return the outcomes of loaded packages that are not settled yet, oldest first. A package that was
    loaded in part has none."""
    try:
        rows = connection.execute(
            f"select outcome from raw_{entry.name}.{UNSETTLED.name} where _dlt_load_id in"
            f" (select load_id from raw_{entry.name}._dlt_loads) order by cast(_dlt_load_id as double)"
        ).fetchall()
    except duckdb.CatalogException:
        return []
    return [Outcome.model_validate_json(text) for (text,) in rows]


def settled_late(entry: SourceEntry, warehouse: Warehouse) -> list[str]:
    """Settle what killed runs have loaded, and return their warnings. Call with the lock held."""
    settled = settle_waiting(entry, warehouse, lambda outcome: outcome.closed_at)
    warnings = [text for one in settled for text in one.outcome.told]
    for text in warnings:
        log.warning("an interrupted load said: %s", text)
    return warnings


def settle_waiting(
    entry: SourceEntry, warehouse: Warehouse, ended: Callable[[Outcome], datetime]
) -> list[Settled]:
    """Settle every load that is not settled yet, oldest first. Call with the lock held. `ended` returns when
    a load ended (UTC)."""
    with contextlib.closing(warehouse.connect()) as connection:
        warehouse.declare_ledger(connection)
        return [
            warehouse.again(partial(settle, connection, warehouse, entry, outcome, ended(outcome)))
            for outcome in waiting(connection, entry)
        ]


def settle(
    connection: duckdb.DuckDBPyConnection,
    warehouse: Warehouse,
    entry: SourceEntry,
    outcome: Outcome,
    at: datetime,
) -> Settled:
    """Mark what is gone, write the ledger, and forget the outcome: all of it or nothing. Call with the lock
    held. `at`: the end of the load."""
    with transaction(connection):
        return _settled(connection, warehouse, entry, outcome, at)


def _settled(
    connection: duckdb.DuckDBPyConnection,
    warehouse: Warehouse,
    entry: SourceEntry,
    outcome: Outcome,
    at: datetime,
) -> Settled:
    for mark in outcome.marks:
        _apply(connection, entry, mark)
    if entry.source.settle:
        entry.source.settle(connection, outcome)
    _widen(connection, entry, outcome)
    _note_unread(connection, entry, outcome)
    reports = {name: _report(connection, entry, name, outcome.load_id) for name in outcome.asked}
    found = {name: _ledger_row(connection, entry, outcome, name, report) for name, report in reports.items()}
    rows = {name: row for name, row in found.items() if row is not None}
    _forget_the_future(connection, entry, outcome)
    of_run = ledger_rows(
        entry, rows, outcome.started_at, at, outcome.requests, outcome.waited_seconds, outcome.warnings
    )
    warehouse.record_loads(of_run, connection)
    connection.execute(
        f"delete from raw_{entry.name}.{UNSETTLED.name} where cast(_dlt_load_id as double) <= ?",
        [float(outcome.load_id)],
    )
    through = [row["complete_through"] for row in rows.values() if row["complete_through"]]
    return Settled(outcome, reports, min(through, default=None))


def _apply(connection: duckdb.DuckDBPyConnection, entry: SourceEntry, mark: Mark) -> None:
    change, alive = MARKED[mark.column]
    values: list[Any] = [mark.ids]
    where = "list_contains(?, id)"
    if mark.ids is None:
        where, values = (
            f"cast(_dlt_load_id as double) < ? and {mark.where}",
            [float(mark.load_id), *mark.values],
        )
    connection.execute(
        f"update raw_{entry.name}.{mark.table} set {change} where {alive} and {where}", [mark.at, *values]
    )


def _note_unread(connection: duckdb.DuckDBPyConnection, entry: SourceEntry, outcome: Outcome) -> None:
    """Record which values of the rows could not be stored, and delete those of rows that have come again
    since or no longer exist."""
    if outcome.unread:
        connection.executemany(
            "insert into ledger.unread (source, table_name, record_id, column_name, said, noted_at, dates,"
            " key_column, load_id) values (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                (
                    entry.name,
                    one.table,
                    one.record_id,
                    one.column,
                    one.said,
                    outcome.started_at,
                    [found.isoformat() for found in one.dates],
                    one.key,
                    outcome.load_id,
                )
                for one in outcome.unread
            ],
        )
    noted = connection.execute(
        "select distinct table_name, key_column from ledger.unread where source = ? order by all",
        [entry.name],
    ).fetchall()
    for name, key in noted:
        connection.execute(
            "delete from ledger.unread where source = ? and table_name = ? and not exists (select 1 from"
            f' raw_{entry.name}."{name}" as here where cast(here."{key}" as text) = unread.record_id and'
            " here._dlt_load_id = unread.load_id)",
            [entry.name, name],
        )


def _report(
    connection: duckdb.DuckDBPyConnection, entry: SourceEntry, name: str, load_id: str
) -> TableReport:
    newest = entry.source.by_name[name].newest
    there = connection.execute(
        "select true from information_schema.tables where table_schema = ? and table_name = ?",
        [f"raw_{entry.name}", name],
    )
    if there.fetchone() is None:
        return TableReport(0, 0, None)  # not available, and never was
    row = connection.execute(
        f"select count(*) filter (_dlt_load_id = ?), count(*), {f'max({newest})' if newest else 'null'} from"
        f' raw_{entry.name}."{name}"',
        [load_id],
    ).fetchone()
    assert row is not None
    return TableReport(*row)


def _ledger_row(
    connection: duckdb.DuckDBPyConnection,
    entry: SourceEntry,
    outcome: Outcome,
    name: str,
    report: TableReport,
) -> dict[str, Any] | None:
    row: dict[str, Any] = {
        "status": "ok",
        "complete_from": outcome.complete_from.get(name),
        "complete_through": min(outcome.complete_through.get(name, outcome.started_at), outcome.started_at),
        "rows_loaded": report.rows_loaded,
        "rows_total": report.rows_total,
        "newest_record": report.newest_record,
        "vendor_total": outcome.totals.get(name),
        "lacks": None if outcome.backfill else outcome.lacking.get(name),
        "access_ends": outcome.access_ends,
    }
    if name in outcome.unavailable:
        status = "not_connected" if name in outcome.not_set_up else "not_available"
        return row | {
            "status": status,
            "complete_from": None,
            "complete_through": None,
            "error": outcome.unavailable[name],
        }
    if outcome.backfill:
        # a window that was pulled again says nothing about what happened since: what was known before still
        # holds
        last = connection.execute(
            "select complete_from, complete_through from ledger.loads where source = ? and table_name = ? and"
            " status = 'ok' order by complete_through desc limit 1",
            [entry.name, name],
        ).fetchone()
        if last is None and outcome.person is not None:
            return None  # one person's records do not make a table complete
        through = min(outcome.until, outcome.started_at) if outcome.until else outcome.started_at
        row |= dict(zip(("complete_from", "complete_through"), last or (outcome.since, through), strict=True))
    return row


def _forget_the_future(connection: duckdb.DuckDBPyConnection, entry: SourceEntry, outcome: Outcome) -> None:
    """Correct `complete_through` of loads made while the clock was ahead. A backfill reads too little to
    correct it."""
    if not outcome.backfill:
        connection.execute(
            "update ledger.loads set complete_through = ? where source = ? and list_contains(?, table_name)"
            " and complete_through > ?",
            [outcome.started_at, entry.name, outcome.asked, outcome.clock + APART],
        )


def _widen(connection: duckdb.DuckDBPyConnection, entry: SourceEntry, outcome: Outcome) -> None:
    """Move `complete_from` back after a backfill: a table that was complete from a day in its window is
    complete from the window's start. Person by person, the last part does it, if none failed."""
    names = [name for name in outcome.widens if outcome.read(name) and name not in outcome.lacking]
    if not names or outcome.person:
        return
    failed = connection.execute(
        "select count(*) from ledger.backfills where source = ? and since is not distinct from ? "
        "and until is not distinct from ? and status = 'failed'",
        [entry.name, outcome.since, outcome.until],
    ).fetchone()
    if outcome.person is None or failed == (0,):
        connection.execute(
            "update ledger.loads set complete_from = ? "
            "where source = ? and list_contains(?, table_name) and status = 'ok' "
            "and complete_from > coalesce(?, timestamptz '-infinity') and complete_from <= ?",
            [outcome.since, entry.name, names, outcome.since, outcome.until or outcome.started_at],
        )


def ledger_rows(
    entry: SourceEntry,
    rows: dict[str, dict[str, Any]],
    started_at: datetime,
    finished_at: datetime,
    requests: int,
    waited_seconds: float,
    warnings: Sequence[str] = (),
) -> list[dict[str, Any]]:
    """Return rows of `ledger.loads`, one per table. `rows`: table -> its own columns."""
    common = {
        "load_id": uuid.uuid4().hex,
        "source": entry.name,
        "started_at": started_at,
        "finished_at": finished_at,
    }
    # the totals of the run are in its first row, so that a sum over the tables is right
    first = {"requests": requests, "waited_seconds": waited_seconds, "warnings": list(warnings)}
    totals = [first] + [{"requests": 0, "waited_seconds": 0.0, "warnings": []}] * len(rows)
    return [
        common | {"table_name": name} | row | total
        for (name, row), total in zip(sorted(rows.items()), totals, strict=False)
    ]
