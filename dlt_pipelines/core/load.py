"""Load one source: extract and normalise without the warehouse's lock, load with it, write the ledger.

The warehouse is the only truth. Cursors are dlt state. dlt loads them together with their rows and with the
outcome of the run (`outcome.py`). Every run begins by taking schema and state from the warehouse and deletes
its own working folder. So a run that is killed loses nothing. Killed while it fetches, it has changed
nothing; killed later, its complete package is in the working folder, and the next run loads and settles it
first. Nothing doubles either: every table is merged by its key or replaced by scope, in one transaction.
"""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Literal

from dlt.common.storages.load_package import create_load_id

from dlt_pipelines.core import versions
from dlt_pipelines.core.clocks import APART, instant_of_run, without_future
from dlt_pipelines.core.declare import declare, lacking
from dlt_pipelines.core.failures import translated
from dlt_pipelines.core.outcome import Outcome
from dlt_pipelines.core.pipeline import LOADERS, is_pending, open_pipeline
from dlt_pipelines.core.run import Run
from dlt_pipelines.core.settlement import (
    Settled,
    TableReport,
    closing,
    ledger_rows,
    settle,
    settle_waiting,
    settled_late,
)
from dlt_pipelines.core.tables import running
from dlt_pipelines.core.unchanged import is_stored
from dlt_pipelines.core.window import CURSORS, Window
from dlt_pipelines.errors import PermanentError, SourceError
from dlt_pipelines.registry import SOURCES, SourceEntry, source_entry
from dlt_pipelines.wire import credential_ages
from dlt_pipelines.wire.connection import Connection
from dlt_pipelines.wire.redaction import Redactor, redacted_logs
from foundation.seeds import check_seeds
from foundation.settings import Company, Settings
from foundation.store.for_dbt import rows_for_dbt
from foundation.warehouse import Warehouse, open_warehouse, transaction


@dataclass
class LoadReport:
    """What a load did."""

    source: str
    status: Literal["ok", "not_connected"]
    tables: dict[str, TableReport]
    requests: int
    waited_seconds: float
    """Seconds spent waiting for rate limits and between tries, over all threads."""
    complete_through: datetime | None
    """Every change made before this instant (UTC) is in the loaded tables; None when not connected."""
    warnings: list[str] = field(default_factory=list)


def load(
    source: str,
    settings: Settings,
    company: Company,
    *,
    tables: Collection[str] | None = None,
    window: Window = CURSORS,
    client: Connection | None = None,
) -> LoadReport:
    """Load a source (or some of its tables) into `raw_<source>`, and record it in the ledger.

    Two loads of one source never run at once: the second waits. `window`: which records to read again;
    cursors stay where they are. A per-person load records no failures and never marks a table complete.
    `client`: what the source's `connect()` returned; without it the load connects.

    Raises:
        PermanentError: a person must act. The ledger has a `failed` row per table.
        TransientError: the vendor is busy or out of reach. The ledger has a `failed` row per table.
        WarehouseBusy: a process without the write lock holds the warehouse.
    """
    entry = source_entry(source)
    asked = frozenset(entry.tables if tables is None else tables)
    if unknown := sorted(asked - set(entry.tables)):
        raise PermanentError(
            f"{entry.label}: unknown tables {', '.join(unknown)}; there are: {', '.join(entry.tables)}"
        )
    with open_warehouse(settings).source_lock(entry.name):
        return _Load(entry, settings, company, asked, window, client).report()


def ensure_tables(settings: Settings, company: Company) -> None:
    """Create every raw table and column that does not exist yet, and write ledger, clock and settings for
    dbt: all that dbt needs from sources that are not connected. Fast if nothing is missing.

    Raises:
        SettingsError: a seed file has a wrong header or cell. dbt would blame a model, or misread it.
        WarehouseBusy: a process without the write lock holds the warehouse.
    """
    check_seeds(settings)
    of_the_store = rows_for_dbt(settings)
    warehouse = open_warehouse(settings)
    with warehouse.preparing("ensure tables"):
        limits = {name: entry.freshness_limit.total_seconds() / 3600 for name, entry in SOURCES.items()}
        warehouse.prepare(
            company,
            [(e.name, e.label, limits[e.name], e.kind) for e in SOURCES.values()],
            [row for name in SOURCES for row in versions.rows(name, company)],
            of_the_store,
        )
        missing = lacking(warehouse, SOURCES.values())
    for name in missing:
        with warehouse.source_lock(name):
            declare(SOURCES[name], settings)
    _note_unconnected(settings, warehouse)


def _note_unconnected(settings: Settings, warehouse: Warehouse) -> None:
    """Record the sources that are not connected, unless the ledger already says so. A refresh leaves them
    out."""
    unconnected = {name: entry for name, entry in SOURCES.items() if not entry.is_connected()}
    with (
        warehouse.write_lock("note what is not connected"),
        contextlib.closing(warehouse.connect()) as connection,
    ):
        last = connection.execute(
            "select source, table_name, arg_max(status, load_number) from ledger.loads group by all"
        ).fetchall()
        noted = {(source, table) for source, table, status in last if status == "not_connected"}
        now, found = settings.now(), list[dict[str, Any]]()
        for name, entry in unconnected.items():
            if missing := [table for table in entry.tables if (name, table) not in noted]:
                rows: dict[str, dict[str, Any]] = {table: {"status": "not_connected"} for table in missing}
                found += ledger_rows(entry, rows, now, now, 0, 0.0)

        def note() -> None:
            with transaction(connection):
                warehouse.record_loads(found, connection)

        if found:
            warehouse.again(note)


class _Load:
    """One load of one source, from credentials to ledger."""

    def __init__(
        self,
        entry: SourceEntry,
        settings: Settings,
        company: Company,
        asked: frozenset[str],
        window: Window,
        client: Connection | None,
    ) -> None:
        self.entry, self.settings, self.company, self.asked = entry, settings, company, asked
        self.window, self.client, self.source = window, client, entry.source
        self.warehouse = open_warehouse(settings)
        self.started_at = settings.now()
        self.waited_before = client.waited_seconds if client else 0.0
        self.ahead = timedelta()
        """How far the machine's clock is ahead of the vendor's."""
        self.vendors_clock: datetime | None = None
        self.redact = Redactor()

    def report(self) -> LoadReport:
        try:
            with translated(self.entry, self.redact, self.settings):
                self.client = self.client or self.source.connect(self.settings, self.company)
            if self.client is None:
                return self._not_connected()
            self.redact = self.client.redact
            self._note_ages()
            with redacted_logs(self.redact), translated(self.entry, self.redact, self.settings):
                return self._pull(self.client)
        except SourceError as error:
            if self.window.person is None:
                self._record_failure(str(error))
            raise

    def _note_ages(self) -> None:
        """Record when each credential last changed, for the doctor."""
        kind = self.source.credentials
        if kind and (credentials := kind.read()):
            credential_ages.since(self.settings, self.entry.name, credential_ages.values_of(credentials))

    def _not_connected(self) -> LoadReport:
        declare(self.entry, self.settings)
        with self.warehouse.write_lock(f"load {self.entry.name}"):
            self._record({name: {"status": "not_connected"} for name in self.asked})
        return LoadReport(self.entry.name, "not_connected", {}, 0, 0.0, None)

    def _pull(self, client: Connection) -> LoadReport:
        entry, source = self.entry, self.source
        begun = None
        if entry.kind == "files" and not self.window.is_backfill:
            begun = self._begun(client)
            if report := self._nothing_new(begun):
                return report
        with self.warehouse.write_lock(f"load {entry.name}: cursors"), self.warehouse.kept_open():
            pipeline, warnings = open_pipeline(entry, self.settings)
        origin = self._origin(client)
        run = begun or self._run(client, self._instant(client))
        run.warnings[:0] = warnings
        self._tell_of_clocks(run)
        run.state = self._trusted(run, pipeline.state.get("sources", {}).get(entry.name, {}))
        self._refuse_mixing(run, origin)
        if source.recall:
            with (
                self.warehouse.write_lock(f"load {entry.name}: known rows"),
                contextlib.closing(self.warehouse.connect()) as connection,
            ):
                source.recall(connection, run)
        if source.begin and not begun:
            source.begin(run)
        with pipeline.managed_state() as state:
            # an account without records may have no name yet; the one that is known stays
            kept = run.state.get("origin", origin) if origin.endswith(": ") else origin
            state.setdefault("sources", {})[entry.name] = {**run.state, "origin": kept}
        last = closing(entry, lambda: self._outcome(run, run.load_id()))
        pipeline.extract(
            [running(source, run), last],
            workers=len(run.tables) + 1,
            loader_file_format="parquet",
        )
        pipeline.normalize()
        with self.warehouse.write_lock(f"load {entry.name}"), self.warehouse.kept_open():
            pipeline.load(workers=LOADERS)
            *_, settled = settle_waiting(entry, self.warehouse, lambda _: self.settings.now() - self.ahead)
        if run.unavailable:
            declare(entry, self.settings)
        return self._report(settled)

    def _run(self, client: Connection, instant: datetime) -> Run[Any, Any]:
        return Run(
            self.settings,
            self.company,
            instant,
            client,
            self.source.memory(),
            self.source.pulled_with(self.asked),
            self.window,
        )

    def _begun(self, client: Connection) -> Run[Any, Any]:
        """Begin a run of files: read them. Files have neither cursors nor a clock of their own."""
        run = self._run(client, self.started_at)
        if self.source.begin:
            self.source.begin(run)
        return run

    def _nothing_new(self, begun: Run[Any, Any]) -> LoadReport | None:
        """Load files whose content the warehouse already has: write a row of the ledger, and spare half a
        second of dlt. None: their content differs."""
        entry, warehouse = self.entry, self.warehouse
        # the comparison warns of bad rows, and so would a load after it
        run = replace(begun, warnings=[*begun.warnings], lacking={**begun.lacking}, unread={})
        with (
            warehouse.write_lock(f"load {entry.name}"),
            contextlib.closing(warehouse.connect()) as connection,
        ):
            if is_pending(entry, self.settings) or not is_stored(connection, self.source, run):
                return None
            run.warnings += settled_late(entry, warehouse)
            outcome = self._outcome(run, create_load_id())
            now = self.settings.now()
            return self._report(warehouse.again(partial(settle, connection, warehouse, entry, outcome, now)))

    def _report(self, settled: Settled) -> LoadReport:
        return LoadReport(
            self.entry.name,
            "ok",
            settled.tables,
            self._requests,
            self._waited,
            settled.complete_through,
            settled.outcome.told,
        )

    def _outcome(self, run: Run[Any, Any], load_id: str) -> Outcome:
        """Build the outcome, after the last row."""
        run.refuse_fed(self.source.feeds)
        if self.source.end:
            self.source.end(run)
        self._count(run)
        return Outcome.of(
            run,
            sorted(self.asked),
            self.redact,
            load_id=load_id,
            closed_at=self.settings.now() - self.ahead,
            clock=self.vendors_clock or run.started_at,
            requests=self._requests,
            waited_seconds=self._waited,
        )

    def _instant(self, client: Connection) -> datetime:
        """Return the run's clock, and keep it for the ledger."""
        self.vendors_clock = client.clock()
        instant = instant_of_run(self.started_at, self.vendors_clock)
        self.ahead, self.started_at = self.started_at - instant, instant
        return instant

    def _tell_of_clocks(self, run: Run[Any, Any]) -> None:
        if self.ahead > APART:
            run.warn(
                f"{self.entry.label}: this machine's clock is {self.ahead} ahead of {self.entry.label}'s; the"
                f" run uses {self.entry.label}'s. Correct the machine's clock and keep it right (NTP)."
            )

    def _trusted(self, run: Run[Any, Any], state: Mapping[str, Any]) -> dict[str, Any]:
        """Drop cursors in the future, so that their records are read again."""
        now = self.vendors_clock or run.started_at
        trusted, refused = without_future(state, now)
        if refused:
            more = f" and {len(refused) - 3} more" if len(refused) > 3 else ""
            run.warn(
                f"{self.entry.label}: cursors are later than {now:%Y-%m-%dT%H:%M:%SZ}"
                f" ({', '.join(refused[:3])}{more}): the clock was ahead when they were written. They are"
                " refused and their records are read again. Keep the clock right (NTP)."
            )
        return trusted

    @property
    def _requests(self) -> int:
        return self.client.counters.requests if self.client else 0

    @property
    def _waited(self) -> float:
        return round(self.client.waited_seconds - self.waited_before, 3) if self.client else 0.0

    def _origin(self, client: Connection) -> str:
        # the sandbox takes another port each time, so an address says nothing; an account without records may
        # have no name yet
        return f"{client.place}: {self.source.identify(client)}"

    def _refuse_mixing(self, run: Run[Any, Any], origin: str) -> None:
        before = run.state.get("origin") or origin
        place, _, name = before.partition(": ")
        if before != origin and name and origin != f"{place}: ":
            raise PermanentError(
                f"{self.entry.label}: the warehouse holds data of another place ({before}) than the one set"
                f" now ({origin}). Set SCORELINE_HOME to another folder, or remove {self.settings.home} to"
                " start over."
            )

    def _count(self, run: Run[Any, Any]) -> None:
        """Ask the vendor how many records there are, if it can tell.

        Only after a pull of everything: a person who loads one table waits for that table.
        """
        totals = self.source.totals
        if totals is None or run.backfill or self.asked != set(self.entry.tables):
            return
        try:
            run.totals = dict(totals(run))
        except SourceError as error:
            run.warn(f"{self.entry.label}'s own totals could not be read: {error}")

    def _record(self, rows: dict[str, dict[str, Any]]) -> None:
        finished_at = self.settings.now() - self.ahead
        self.warehouse.record_loads(
            ledger_rows(self.entry, rows, self.started_at, finished_at, self._requests, self._waited)
        )

    def _record_failure(self, text: str) -> None:
        with self.warehouse.write_lock(f"load {self.entry.name}"):
            self._record({name: {"status": "failed", "error": self.redact(text)} for name in self.asked})
