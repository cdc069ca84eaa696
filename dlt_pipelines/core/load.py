"""Load one source: extract and normalise without the warehouse's lock, load with it, write the ledger.

The warehouse is the only truth. Cursors are dlt state, and dlt loads them with the rows they stand for, and
with what the run found out beside rows (`settlement.py`); every run begins by taking schema and state from
the warehouse and throws its own working folder away. A run that is killed therefore loses nothing: killed
while it fetched, nothing has happened; killed later, its complete package lies in the working folder and the
next run loads and settles it first. Nothing doubles either: every table is merged by its key or replaced by
scope, in one transaction.
"""

from __future__ import annotations

import contextlib
import logging
import shutil
import traceback
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Literal

import dlt
import duckdb
from dlt.common.configuration.container import Container
from dlt.common.configuration.providers import ConfigProvider, CustomLoaderDocProvider
from dlt.common.configuration.specs.pluggable_run_context import PluggableRunContext
from dlt.common.runtime.run_context import RunContext
from dlt.common.storages.load_package import create_load_id

from dlt_pipelines import versions
from dlt_pipelines.core.clocks import APART, instant_of_run, without_future
from dlt_pipelines.core.destination import destination_of
from dlt_pipelines.core.run import Run
from dlt_pipelines.core.settlement import Outcome, Settled, TableReport, closing, ledger_rows, settle, waiting
from dlt_pipelines.core.source import CURSORS, Window
from dlt_pipelines.core.tables import declared, running
from dlt_pipelines.core.unchanged import is_stored
from dlt_pipelines.doctor import credential_ages
from dlt_pipelines.errors import PermanentError, SourceError
from dlt_pipelines.registry import SOURCES, SourceEntry, source_entry
from dlt_pipelines.wire.connection import Connection
from dlt_pipelines.wire.redaction import Redactor, redacted_logs
from foundation.seeds import check_seeds
from foundation.settings import Company, Settings, SettingsError
from foundation.store.for_dbt import rows_for_dbt
from foundation.warehouse import Warehouse, WarehouseError, open_warehouse, transaction, translate

log = logging.getLogger(__name__)

_LOADERS = 4
"""Jobs that load at once. DuckDB uses all cores for one; more of them only cost memory."""

_DLT_SETTINGS: dict[str, Any] = {
    "runtime": {"dlthub_telemetry": False, "log_level": "WARNING"},
    # a trace keeps exceptions as they were raised, before anything is redacted
    "enable_runtime_trace": False,
    # Arrow tables skip dlt's normaliser, and staging wants to know which load a row came with
    "normalize": {"parquet_normalizer": {"add_dlt_load_id": True}},
    "load": {"delete_completed_jobs": True},
}


class _OwnContext(RunContext):
    """dlt without config.toml and secrets.toml of whatever folder the process runs in, and without the
    environment's dlt names."""

    def initial_providers(self) -> list[ConfigProvider]:
        return [CustomLoaderDocProvider("scoreline", lambda: _DLT_SETTINGS)]

    @property
    def global_dir(self) -> str:
        """Instead of ~/.dlt or /var/dlt: everything of ours stays in the home folder of the project."""
        return self.run_dir


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
        return _Load(entry, settings, company, asked, window, client).run()


def ensure_tables(settings: Settings, company: Company) -> None:
    """Declare every raw table and column that does not exist yet, and write ledger, clock and settings for
    dbt: all that dbt needs of sources that are not connected. Quick when all is there.

    Raises:
        SettingsError: a seed file has a wrong header or cell; dbt would blame a model, or read something else
        than was meant. WarehouseBusy: a process without the write lock holds the warehouse.
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
        lacking = _lacking(warehouse, SOURCES.values())
    for name in lacking:
        with warehouse.source_lock(name):
            _declare(SOURCES[name], settings)
    _note_unconnected(settings, warehouse)


def _note_unconnected(settings: Settings, warehouse: Warehouse) -> None:
    """Record the sources that are not connected, unless the ledger says so already. A refresh leaves them
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


def _lacking(warehouse: Warehouse, entries: Collection[SourceEntry]) -> dict[str, list[str]]:
    """Source -> tables that do not exist or lack a declared column. Call with the lock held."""
    with contextlib.closing(warehouse.connect()) as connection:
        rows = connection.execute(
            "select table_schema, table_name, column_name from information_schema.columns"
        ).fetchall()
    there = set(rows)
    lacking: dict[str, list[str]] = {}
    for entry in entries:
        for name, resource in declared(entry.source).resources.items():
            if any((f"raw_{entry.name}", name, column) not in there for column in resource.columns):
                lacking.setdefault(entry.name, []).append(name)
    return lacking


def _declare(entry: SourceEntry, settings: Settings) -> None:
    """Make the tables of a source that are not there yet, empty. Call with the source's lock held and the
    warehouse's free."""
    warehouse = open_warehouse(settings)
    with warehouse.write_lock(f"declare {entry.name}"), warehouse.kept_open():
        missing = _lacking(warehouse, [entry]).get(entry.name)
        if not missing:
            return
        pipeline, _ = _open_pipeline(entry, settings)
    empty = declared(entry.source).with_resources(*missing)
    for resource in empty.resources.values():
        # an empty merge would empty a table that only lacks a column
        resource.apply_hints(write_disposition="append")
        for column in resource.columns.values():
            column.pop("dedup_sort", None)  # says something of merges only, and dlt warns of it elsewhere
    with translated(entry, Redactor(), settings):
        pipeline.extract(empty, loader_file_format="parquet")
        pipeline.normalize()
        with warehouse.write_lock(f"declare {entry.name}"), warehouse.kept_open():
            pipeline.load()


def _own_dlt(settings: Settings) -> None:
    container = Container()
    # asking for the context would make dlt's default one first, with everything it reads and starts
    if PluggableRunContext not in container or not isinstance(
        container[PluggableRunContext].context, _OwnContext
    ):
        container[PluggableRunContext] = PluggableRunContext(_OwnContext(str(settings.dlt_dir)))


def _open_pipeline(entry: SourceEntry, settings: Settings) -> tuple[Any, list[str]]:
    """Load and settle what killed runs left; return the pipeline with the schema and state of the
    warehouse, and the warnings of those runs. Call with the lock held."""
    _own_dlt(settings)

    warehouse = open_warehouse(settings)

    def attached() -> Any:
        return dlt.pipeline(
            pipeline_name=entry.name,
            pipelines_dir=str(settings.dlt_dir),
            dataset_name=f"raw_{entry.name}",
            destination=destination_of(warehouse),
        )

    with warehouse.kept_open():
        try:
            pipeline = attached()
            if pipeline.has_pending_data and warehouse.resumes:
                log.info("%s: loading what an interrupted run had already fetched", entry.label)
                pipeline.normalize()
                pipeline.load()
            pipeline = pipeline.drop()
        except Exception as error:
            if _warehouse_error(error, settings):
                raise
            # its cursors were not loaded either, so the same records are fetched again
            log.warning(
                "%s: what an interrupted run left cannot be used (%s); it is fetched again",
                entry.label,
                type(error).__name__,
            )
            shutil.rmtree(settings.dlt_dir / entry.name, ignore_errors=True)
            pipeline = attached()
        pipeline.sync_destination()
        return pipeline, _settled_late(entry, warehouse)


def _is_pending(entry: SourceEntry, settings: Settings) -> bool:
    """Whether a killed run left what it had fetched, as `has_pending_data` of a pipeline that is not open."""
    packages = ("normalize/extracted", "load/normalized")
    return any(any((settings.dlt_dir / entry.name).glob(f"{folder}/*")) for folder in packages)


def _settled_late(entry: SourceEntry, warehouse: Warehouse) -> list[str]:
    """Settle what killed runs have loaded; returns their warnings. Call with the lock held."""
    settled = _settle(entry, warehouse, lambda outcome: outcome.closed_at)
    warnings = [text for one in settled for text in one.outcome.told]
    for text in warnings:
        log.warning("an interrupted load said: %s", text)
    return warnings


def _settle(entry: SourceEntry, warehouse: Warehouse, ended: Callable[[Outcome], datetime]) -> list[Settled]:
    """Settle every load that is not settled yet, oldest first. Call with the lock held. `ended`: returns
    when a load ended."""
    with contextlib.closing(warehouse.connect()) as connection:
        warehouse.declare_ledger(connection)
        return [
            warehouse.again(partial(settle, connection, warehouse, entry, outcome, ended(outcome)))
            for outcome in waiting(connection, entry)
        ]


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

    def run(self) -> LoadReport:
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
        _declare(self.entry, self.settings)
        with self.warehouse.write_lock(f"load {self.entry.name}"):
            self._record({name: {"status": "not_connected"} for name in self.asked})
        return LoadReport(self.entry.name, "not_connected", {}, 0, 0.0, None)

    def _pull(self, client: Connection) -> LoadReport:
        entry, source = self.entry, self.source
        if entry.kind == "files" and not self.window.is_backfill and (report := self._nothing_new(client)):
            return report
        with self.warehouse.write_lock(f"load {entry.name}: cursors"), self.warehouse.kept_open():
            pipeline, warnings = _open_pipeline(entry, self.settings)
        origin = self._origin(client)
        run = Run(
            self.settings,
            self.company,
            self._instant(client),
            client,
            source.memory(),
            source.pulled_with(self.asked),
            self.window,
        )
        run.warnings += warnings
        self._tell_of_clocks(run)
        run.state = self._trusted(run, pipeline.state.get("sources", {}).get(entry.name, {}))
        self._refuse_mixing(run, origin)
        if source.recall:
            with (
                self.warehouse.write_lock(f"load {entry.name}: known rows"),
                contextlib.closing(self.warehouse.connect()) as connection,
            ):
                source.recall(connection, run)
        if source.begin:
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
            pipeline.load(workers=_LOADERS)
            *_, settled = _settle(entry, self.warehouse, lambda _: self.settings.now() - self.ahead)
        if run.unavailable:
            _declare(entry, self.settings)
        return self._report(settled)

    def _nothing_new(self, client: Connection) -> LoadReport | None:
        """The load of files that say what the warehouse has: a row in the ledger, without half a second of
        dlt. None: they say something else."""
        entry, source, warehouse = self.entry, self.source, self.warehouse
        run = Run(
            self.settings,
            self.company,
            self.started_at,
            client,
            source.memory(),
            source.pulled_with(self.asked),
        )
        if source.begin:
            source.begin(run)
        with (
            warehouse.write_lock(f"load {entry.name}"),
            contextlib.closing(warehouse.connect()) as connection,
        ):
            if _is_pending(entry, self.settings) or not is_stored(connection, source, run):
                return None
            run.warnings += _settled_late(entry, warehouse)
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
                " run goes by the latter. Correct the machine's clock and keep it right (NTP)."
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


@contextlib.contextmanager
def translated(entry: SourceEntry, redact: Redactor, settings: Settings) -> Iterator[None]:
    """Raise SourceError or WarehouseError, redacted, in place of what dlt wraps them in."""
    try:
        yield
    except Exception as error:
        if broken := _warehouse_error(error, settings):
            raise broken from None
        for cause in _chain(error):
            if isinstance(cause, SourceError):
                text = redact(cause)
                raise type(cause)(
                    text if text.startswith(entry.label) else f"{entry.label}: {text}"
                ) from None
            if isinstance(cause, SettingsError):
                raise PermanentError(f"{entry.label}: {redact(cause)}") from None
        log.error("%s: %s", entry.label, redact("".join(traceback.format_exception(error))))
        root = list(_chain(error))[-1]
        raise PermanentError(
            f"{entry.label}: {type(root).__name__}: {redact.cut(root, 1000)}. The log has the full story; if"
            " a new kind of record causes it, report it with that."
        ) from None


def _chain(error: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    waiting: list[BaseException | None] = [error]
    while waiting:
        current = waiting.pop(0)
        if current is None or id(current) in seen:
            continue
        seen.add(id(current))
        yield current
        waiting += [current.__cause__, current.__context__]


def _warehouse_error(error: BaseException, settings: Settings) -> WarehouseError | None:
    """Return the warehouse error behind `error`: the file is held by another process, damaged or not
    writable, or the disk is full."""
    for cause in _chain(error):
        if isinstance(cause, WarehouseError):
            return cause
        if isinstance(cause, duckdb.Error | OSError) and (found := translate(cause, settings)):
            return found
    return None
