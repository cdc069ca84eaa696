"""Pulls a window of one source again, part by part: one person after the other if the vendor works per
person.

The parts of a source with `people` are these people, with the tables that are read per person, and at last
the records of nobody among them, with all tables. Any other source is one part.

`ledger.backfills` records each part when it ends, so the same window (source, since, until, tables) continues
where it stopped: after a kill with the unfinished parts, after failures with the failed ones. A finished
window does nothing, unless it is asked to `restart`. The failure of one part does not stop the others.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Collection
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Literal

import duckdb

from dlt_pipelines.core.failures import translated
from dlt_pipelines.core.load import LoadReport, load
from dlt_pipelines.core.settlement import TableReport
from dlt_pipelines.core.window import Window
from dlt_pipelines.errors import SourceError
from dlt_pipelines.registry import SourceEntry, source_entry
from dlt_pipelines.wire.redaction import Redactor
from foundation.settings import Company, Settings
from foundation.warehouse import open_warehouse

WHOLE = "*"
"""`person` of a source that is one part."""


@dataclass(frozen=True)
class Part:
    """One part of a backfill and how it ended."""

    source: str
    person: str
    """The vendor's id; empty: the records of nobody among the others; `WHOLE`: the source."""
    name: str
    status: Literal["ok", "failed", "not_connected"]
    rows_loaded: int
    warnings: list[str]
    error: str | None
    finished_at: datetime
    earlier: bool = False
    """Whether an earlier call for the same window finished it, so that this call did not pull it."""


@dataclass
class BackfillReport:
    """What a backfill did."""

    parts: list[Part]
    load: LoadReport
    """The sum of all parts that this call pulled; no tables if it pulled none."""
    failures: list[SourceError] = field(default_factory=list)


@dataclass(frozen=True)
class _Call:
    source: str
    since: datetime | None
    until: datetime | None
    tables: str

    @property
    def key(self) -> dict[str, Any]:
        return {"source": self.source, "since": self.since, "until": self.until, "tables": self.tables}


def backfill(
    source: str,
    settings: Settings,
    company: Company,
    *,
    since: datetime | None,
    until: datetime | None = None,
    tables: Collection[str] | None = None,
    restart: bool = False,
    told: Callable[[Part], None] = lambda _: None,
) -> BackfillReport:
    """Pull a window of a source again. Calls `told` with each part as it ends. `since` and `until` are
    instants (UTC).

    Raises:
        PermanentError: a source or table does not exist.
        WarehouseBusy: a process without the write lock holds the warehouse.
    """
    entry = source_entry(source)
    asked = frozenset(entry.tables if tables is None else tables)
    call = _Call(source, since, until, "" if asked == set(entry.tables) else ",".join(sorted(asked)))
    done = {part.person: replace(part, earlier=True) for part in _kept(settings, call, restart)}
    report = BackfillReport([], LoadReport(source, "ok", {}, 0, 0.0, None))

    def pull(who: str, name: str, tables: frozenset[str], window: Window, client: Any = None) -> None:
        part = done.get(who) or _note(
            settings, call, who, name, _load(report, source, settings, company, tables, window, client)
        )
        report.parts.append(part)
        told(part)

    try:
        client, people = _people(entry, settings, company, asked)
    except SourceError as error:
        # nobody can be asked for: the source as a whole has failed
        report.failures.append(error)
        report.parts.append(_note(settings, call, WHOLE, entry.label, error))
        told(report.parts[0])
        return report
    if not people:
        pull(WHOLE, entry.label, asked, Window(since, until))
        return report
    each = {table.name for table in entry.source.tables if table.per_person}
    for person, name in people.items():
        pull(person, name, asked & each, Window(since, until, person), client.again())
    rest = Window(since, until, "", frozenset(people))
    pull("", "everything else", asked, rest, client.again())
    return report


def _people(
    entry: SourceEntry, settings: Settings, company: Company, asked: Collection[str]
) -> tuple[Any, dict[str, str]]:
    """Return the client and the people to pull one by one: none if the source does not work per person or
    is not connected."""
    source = entry.source
    if source.people is None or not any(source.by_name[name].per_person for name in asked):
        return None, {}
    kind = source.credentials
    redact = Redactor(kind().secrets() if kind and all(kind.variables().values()) else ())
    with translated(entry, redact, settings):
        client = source.connect(settings, company)
        return client, dict(source.people(client)) if client else {}


def _load(
    report: BackfillReport,
    source: str,
    settings: Settings,
    company: Company,
    tables: frozenset[str],
    window: Window,
    client: Any,
) -> LoadReport | SourceError:
    """Load one part and add it to the report."""
    try:
        loaded = load(source, settings, company, tables=tables, window=window, client=client)
    except SourceError as error:
        report.failures.append(error)
        return error
    _add(report.load, loaded)
    return loaded


def _add(total: LoadReport, loaded: LoadReport) -> None:
    total.status = loaded.status
    total.requests += loaded.requests
    total.waited_seconds += loaded.waited_seconds
    total.complete_through = loaded.complete_through
    total.warnings += [text for text in loaded.warnings if text not in total.warnings]
    for table, now in loaded.tables.items():
        before = total.tables.get(table)
        total.tables[table] = TableReport(
            now.rows_loaded + (before.rows_loaded if before else 0), now.rows_total, now.newest_record
        )


def _note(settings: Settings, call: _Call, person: str, name: str, found: LoadReport | SourceError) -> Part:
    """Record how a part ended."""
    loaded, error = (None, str(found)) if isinstance(found, SourceError) else (found, None)
    rows = sum(table.rows_loaded for table in loaded.tables.values()) if loaded else 0
    warnings = loaded.warnings if loaded else []
    part = Part(
        call.source,
        person,
        name,
        loaded.status if loaded else "failed",
        rows,
        warnings,
        error,
        settings.now(),
    )
    row = call.key | {
        "person": person,
        "name": name,
        "status": part.status,
        "rows_loaded": rows,
        "requests": loaded.requests if loaded else 0,
        "finished_at": part.finished_at,
        "warnings": warnings,
        "error": error,
    }
    warehouse = open_warehouse(settings)
    with warehouse.write_lock(f"backfill {call.source}"):
        warehouse.record_backfill(row)
    return part


_SAME = (
    "source = $source and since is not distinct from $since and until is not distinct from $until and tables"
    " = $tables"
)


def _kept(settings: Settings, call: _Call, restart: bool) -> list[Part]:
    """Return finished parts and delete the records of the others."""
    warehouse, redone = open_warehouse(settings), "" if restart else " and status <> 'ok'"
    with (
        warehouse.write_lock(f"backfill {call.source}"),
        contextlib.closing(warehouse.connect()) as connection,
        contextlib.suppress(duckdb.CatalogException),  # nothing was ever noted
    ):
        connection.execute(f"delete from ledger.backfills where {_SAME}{redone}", call.key)
    return noted(settings, call.source, call.since, call.until, call.tables)


def noted(
    settings: Settings, source: str, since: datetime | None, until: datetime | None, tables: str = ""
) -> list[Part]:
    """Return the parts of a window that are recorded, in the order in which they ended."""
    warehouse = open_warehouse(settings)
    with warehouse.write_lock(f"backfill {source}"), contextlib.closing(warehouse.connect()) as connection:
        try:
            rows = connection.execute(
                "select source, person, name, status, rows_loaded, warnings, error, finished_at from"
                f" ledger.backfills where {_SAME} order by finished_at, rowid",
                _Call(source, since, until, tables).key,
            ).fetchall()
        except duckdb.CatalogException:
            return []
    return [Part(*row) for row in rows]
