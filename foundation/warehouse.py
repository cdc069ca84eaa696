"""The warehouse: one DuckDB file that one process writes at a time, and a published copy for all readers.

DuckDB lets one process hold a file for writing. So every writer waits for `write_lock()`, an inter-process
file lock, and keeps it only while it loads or transforms. Readers use `published/scoreline.duckdb`, which
`publish()` replaces atomically; a reader that has the old copy open keeps reading the old copy.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import re
import time
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, ClassVar, NamedTuple, TypeVar

import duckdb
from filelock import FileLock, Timeout

from foundation.errors import ScorelineError, SettingsError
from foundation.formats import for_sql
from foundation.settings import Company, Settings
from foundation.text import read_text

T = TypeVar("T")
log = logging.getLogger(__name__)

DEMO_MARK = "demo-company.txt"
"""File in the home of a demo: the name of its company."""
FOREIGN_WAIT_SECONDS = 30.0
"""How long to wait for a process that holds the file without our lock, such as an analyst's shell."""

_LEDGER = """
create schema if not exists ledger;
create table if not exists ledger.loads (
    -- order of writing: under SCORELINE_AS_OF all instants are equal
    load_number bigint not null,
    load_id text not null,            -- one per source and run
    source text not null,
    table_name text not null,
    status text not null,             -- ok | failed | not_connected | not_available
    started_at timestamptz not null,
    finished_at timestamptz not null,
    complete_from timestamptz,        -- null: from the vendor's beginning
    -- every record changed before this instant is in the raw table; null: not ok
    complete_through timestamptz,
    rows_loaded bigint,
    rows_total bigint,
    newest_record timestamptz,
    requests bigint,
    waited_seconds double,
    error text,                       -- redacted; says what to do
    vendor_total bigint,              -- how many records the vendor says there are; null: not asked
    access_ends timestamptz,          -- when the account must be connected again; null: never, or unknown
    warnings text[],                  -- redacted; of the run, in its first row
    lacks text                        -- redacted; rows that could not be read or placed; null: none
);
-- for warehouses made before these columns existed
alter table ledger.loads add column if not exists vendor_total bigint;
alter table ledger.loads add column if not exists access_ends timestamptz;
alter table ledger.loads add column if not exists warnings text[];
alter table ledger.loads add column if not exists lacks text;
create table if not exists ledger.backfills (
    source text not null,
    since timestamptz,                -- window, half open; null: from the beginning
    until timestamptz,                -- null: until it ran
    tables text not null,             -- names separated by commas; empty: all
    -- id at the vendor; empty: everything that belongs to none of the others; *: the whole source
    person text not null,
    name text not null,
    status text not null,             -- ok | failed | not_connected
    rows_loaded bigint not null,
    requests bigint not null,
    finished_at timestamptz not null,
    warnings text[] not null,
    error text                        -- redacted; says what to do
);
"""
_CONFIG = """
create schema if not exists config;
create table if not exists config.clock (as_of timestamptz not null);
create table if not exists config.settings (name text not null, value text not null);
create table if not exists config.sources (
    source text not null, label text not null, cadence text not null, freshness_hours double not null,
    kind text not null                -- system: asked over the network | files: read from a folder
);
alter table config.sources add column if not exists kind text;
create table if not exists config.goals (
    sequence bigint not null, line_id text not null, valid_from date not null, operator text not null,
    target decimal(18, 6) not null, target_2 decimal(18, 6), band decimal(9, 6), tolerance decimal(18, 6),
    per text, reason text not null
);
create table if not exists config.normals (
    line_id text not null, starts_on date not null, reason text not null, entered_at timestamptz not null,
    entered_by text not null
);
create table if not exists config.notes (
    line_id text not null, period_start date not null, text text not null, version integer not null,
    entered_at timestamptz not null, entered_by text not null
);
create table if not exists config.actions (
    action_id text not null, line_id text not null, period_start date not null, what text not null,
    owner text not null, due_on date not null, state text not null, entered_at timestamptz not null,
    entered_by text not null
);
create table if not exists config.api_versions (
    source text not null, version text not null,
    part text not null,               -- the part of the API that this version serves; empty: all of it
    last_day date,                    -- null: unknown
    last_day_text text,               -- as the vendor publishes it: a day, a month, "not before" a day
    warned_from date                  -- the first day of the warning
);
alter table config.api_versions add column if not exists warned_from date;
"""


class ApiVersion(NamedTuple):
    """A row of `config.api_versions`."""

    source: str
    version: str
    part: str
    last_day: date | None
    last_day_text: str | None
    warned_from: date | None


_HELD = "Could not set lock on file"
_FULL = ("No space left on device", "Disk quota exceeded", "max_temp_directory_size")
_DAMAGED = (
    "Corrupt database file",
    "not a valid DuckDB database file",
    "Could not read enough bytes from file",
)


class WarehouseError(ScorelineError):
    """The warehouse file cannot be used. The text names the file, the reason and the way out."""


class WarehouseBusy(WarehouseError):
    """A process without the write lock holds the file. The text names the process and the published copy."""


class DiskFull(WarehouseError):
    """There is no room for what is to be written. The text names the folder."""


class WarehouseDamaged(WarehouseError):
    """The file is not a complete DuckDB database. The text says what is safe, what is not, and how to
    restore it."""


def translate(error: Exception, settings: Settings) -> WarehouseError | None:
    """An error about the warehouse's file or a full disk, for people; None if the error is about something
    else."""
    text, path = str(error), settings.warehouse_path
    if full := disk_full(text, settings):
        return full
    if _HELD in text:
        holder = re.search(r"PID (\d+)", text)
        who = f"process {holder[1]}" if holder else "another process"
        return WarehouseBusy(
            f"{path} is open in {who}, which does not use Scoreline's write lock. "
            f"Close it there and run again; to read, open {settings.published_path} instead."
        )
    if any(words in text for words in _DAMAGED):
        copies = backups(settings)
        way_out = (
            f"Restore the backup of {copies[-1].name} with `scoreline restore`, then run refresh and build."
            if copies
            else (f"There is no backup in {settings.backups_dir}. Move the file away to start without them.")
        )
        return WarehouseDamaged(
            f"{path} is damaged ({text.splitlines()[0].removeprefix('IO Error: ')}). The published database,"
            " the pages and the store are other files and are not affected. Raw tables can be"
            " fetched again; the schema snapshots (what was published) and the daily snapshots of balances,"
            f" queues and devices cannot. {way_out}"
        )
    if isinstance(error, duckdb.IOException):
        return WarehouseError(f"{path} cannot be used: {text.splitlines()[0].removeprefix('IO Error: ')}")
    return None


def disk_full(text: str, settings: Settings) -> DiskFull | None:
    """The full disk that an error's text tells of (DuckDB's, the operating system's, dbt's); None if it tells
    of none."""
    if not any(words in text for words in _FULL):
        return None
    named = re.search(r"""['"](/[^'"\n]+)['"]""", text)
    folder = Path(named[1]).parent if named else settings.home
    return DiskFull(
        f"The disk with {folder} is full, so this run could not finish; what was stored before stays. Make"
        " room there (`backup.keep` in company.toml says how many backups stay) and run it again."
    )


@contextlib.contextmanager
def disk_errors(settings: Settings) -> Iterator[None]:
    """Raise DiskFull where the block fails because a disk is full."""
    try:
        yield
    except (duckdb.Error, OSError) as error:
        raise disk_full(str(error), settings) or error from None


def backups(settings: Settings) -> list[Path]:
    """The folders with backups, oldest first, named after the day (YYYY-MM-DD)."""
    return sorted(path.parent for path in settings.backups_dir.glob("????-??-??/warehouse.duckdb"))


class Waited(NamedTuple):
    """How the write lock was got."""

    seconds: float
    holder: str | None
    """Who held it for more than a second before; None: nobody."""


@dataclass(frozen=True)
class Warehouse:
    """The warehouse of one home folder. Cheap to create: it opens nothing until it is used.

    `foundation.lake.Lake` is the one that several machines share; `open_warehouse()` returns the one that
    company.toml asks for.
    """

    settings: Settings
    resumes: ClassVar[bool] = True
    """Whether a load may go on with what an interrupted one has fetched: nobody else has loaded since."""

    @property
    def path(self) -> Path:
        return self.settings.warehouse_path

    @contextlib.contextmanager
    def write_lock(self, holder: str) -> Iterator[Waited]:
        """Wait for the write lock and hold it; returns how long that took. Not re-entrant: never nest.

        `holder` is written beside the lock, so that a waiting process can log whom it waits for. The
        operating system frees the lock when its process dies, however it dies.
        """
        lock_path = self.path.with_suffix(".lock")
        lock_path.parent.mkdir(parents=True, exist_ok=True)
        note = lock_path.with_suffix(".holder")
        lock = FileLock(lock_path)
        waited_from, before = time.monotonic(), None
        try:
            lock.acquire(timeout=1)
        except Timeout:
            with contextlib.suppress(OSError, ValueError):
                held = json.loads(note.read_text(encoding="utf-8"))
                before = f"{held['holder']} (process {held['pid']})"
                log.info("waiting for the warehouse: %s is writing", before)
            lock.acquire()
            log.info("waited %.1f s for the warehouse", time.monotonic() - waited_from)
        try:
            with contextlib.suppress(OSError):  # a full disk must not hide what the block has to say of it
                note.write_text(json.dumps({"holder": holder, "pid": os.getpid()}), encoding="utf-8")
            yield Waited(time.monotonic() - waited_from, before)
        finally:
            lock.release()

    @contextlib.contextmanager
    def source_lock(self, source: str) -> Iterator[None]:
        """Let only one process load a source at a time; the others wait."""
        self.settings.dlt_dir.mkdir(parents=True, exist_ok=True)
        lock = FileLock(self.settings.dlt_dir / f"{source}.lock")
        try:
            lock.acquire(timeout=1)
        except Timeout:
            log.info("%s is being loaded by another process; waiting for it", source)
            lock.acquire()
        try:
            yield
        finally:
            lock.release()

    def building(self, holder: str) -> contextlib.AbstractContextManager[Waited]:
        """Around a dbt build in the file `path`, which has what was loaded so far."""
        return self.write_lock(holder)

    def preparing(self, holder: str) -> contextlib.AbstractContextManager[object]:
        """Around `prepare()`."""
        return self.write_lock(holder)

    def connect(self, *, read_only: bool = False) -> duckdb.DuckDBPyConnection:
        """Open what loads write to: raw tables and ledger. Take `write_lock()` first."""
        return self.connect_file(read_only=read_only)

    def kept_open(self) -> contextlib.AbstractContextManager[Any]:
        """The file stays open over the block, so that dlt's and our connections share one database instead of
        opening and writing it out each time. It also waits for, and names, a process that holds the file
        without our lock. Call with the lock held."""
        return contextlib.closing(self.connect())

    def look(self) -> duckdb.DuckDBPyConnection:
        """Open raw tables and ledger to read them now, without a lock.

        Raises:
            duckdb.Error: nothing was loaded yet, or a load is writing.
        """
        return duckdb.connect(str(self.path), read_only=True)

    def again(self, work: Callable[[], T]) -> T:
        """Do a transaction; nobody else writes meanwhile."""
        return work()

    def tidy(self) -> None:
        """What is to be done once a day."""

    def connect_file(self, *, read_only: bool = False) -> duckdb.DuckDBPyConnection:
        """Open the file `path`. Take the lock first: even a reader keeps out a writer in another process.

        Raises:
            WarehouseBusy: a process without the lock holds the file for longer than FOREIGN_WAIT_SECONDS.
            WarehouseDamaged: the file is not a complete database.
        """
        self.path.parent.mkdir(parents=True, exist_ok=True)
        give_up = time.monotonic() + FOREIGN_WAIT_SECONDS
        while True:
            try:
                return duckdb.connect(str(self.path), read_only=read_only)
            except duckdb.IOException as error:
                translated = translate(error, self.settings)
                if not isinstance(translated, WarehouseBusy) or time.monotonic() > give_up:
                    raise translated or error from None
                time.sleep(0.2)

    def prepare(
        self,
        company: Company,
        sources: Sequence[tuple[str, str, str, float, str]],
        versions: Sequence[ApiVersion] = (),
        of_the_store: Mapping[str, Sequence[Sequence[Any]]] | None = None,
    ) -> None:
        """Create the ledger and write clock and settings, so that dbt reads them as tables. Call with the
        lock held.

        `sources`: (source, label, cadence, freshness limit in hours, kind) per registered source. `versions`:
        the versions of the APIs in use. `of_the_store`: what people set and wrote, rows per table; None: the
        store can't be read, so what was read before stays.
        """
        with disk_errors(self.settings), contextlib.closing(self.connect()) as connection:
            self.declare_ledger(connection)
        with disk_errors(self.settings), contextlib.closing(self.connect_file()) as connection:
            connection.execute(_CONFIG)
            connection.begin()
            connection.execute("delete from config.clock")
            connection.execute("insert into config.clock values (?)", [self.settings.now()])
            connection.execute("delete from config.settings")
            connection.executemany("insert into config.settings values (?, ?)", settings_rows(company))
            connection.execute("delete from config.sources")
            connection.executemany("insert into config.sources values (?, ?, ?, ?, ?)", sources)
            connection.execute("delete from config.api_versions")
            if versions:
                connection.executemany("insert into config.api_versions values (?, ?, ?, ?, ?, ?)", versions)
            for table, rows in (of_the_store or {}).items():
                connection.execute(f"delete from config.{table}")
                if rows:
                    marks = ", ".join("?" * len(rows[0]))
                    connection.executemany(f"insert into config.{table} values ({marks})", rows)
            connection.commit()

    def declare_ledger(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Create missing tables of the ledger. Call with the lock held."""
        connection.execute(_LEDGER)

    def record_loads(
        self, rows: list[dict[str, Any]], connection: duckdb.DuckDBPyConnection | None = None
    ) -> None:
        """Append to `ledger.loads`. Call with the lock held. `connection`: joins its open transaction, after
        `declare_ledger()`."""
        if connection is None:
            with contextlib.closing(self.connect()) as own:
                self.declare_ledger(own)
                self.record_loads(rows, own)
            return
        last = connection.execute("select coalesce(max(load_number), 0) from ledger.loads").fetchone()
        for number, row in enumerate(rows, last[0] + 1 if last else 1):
            columns = ", ".join(["load_number", *row])
            connection.execute(
                f"insert into ledger.loads ({columns}) values ({', '.join('?' * (len(row) + 1))})",
                [number, *row.values()],
            )

    def record_backfill(self, row: dict[str, Any]) -> None:
        """Write one part of a backfill to `ledger.backfills`, in place of its earlier row. Call with the lock
        held."""
        key = ("source", "since", "until", "tables", "person")
        with contextlib.closing(self.connect()) as connection:
            self.declare_ledger(connection)
            self.again(lambda: self._note_backfill(row, key, connection))

    @staticmethod
    def _note_backfill(
        row: dict[str, Any], key: Sequence[str], connection: duckdb.DuckDBPyConnection
    ) -> None:
        with transaction(connection):
            same = " and ".join(f"{column} is not distinct from ?" for column in key)
            connection.execute(f"delete from ledger.backfills where {same}", [row[column] for column in key])
            connection.execute(
                f"insert into ledger.backfills ({', '.join(row)}) values ({', '.join('?' * len(row))})",
                list(row.values()),
            )

    def publish(self, schema: str = "marts") -> Path:
        """Copy every table of `schema` into a new file and replace the published one with it. Call with the
        lock held.

        The published file is always complete: the new one is written beside it, flushed to disk, then renamed
        over it.

        Raises:
            LookupError: `schema` has no tables. DiskFull: there is no room for the copy.
        """
        target = self.settings.published_path
        part = target.with_suffix(".part")
        try:
            with disk_errors(self.settings):
                target.parent.mkdir(parents=True, exist_ok=True)
                part.unlink(missing_ok=True)
                self._copy(schema, part)
                part.replace(target)
        finally:
            for left in (part, part.with_name(f"{part.name}.wal")):
                left.unlink(missing_ok=True)
        return target

    def _copy(self, schema: str, part: Path) -> None:
        with contextlib.closing(self.connect_file()) as connection:
            names = connection.execute(
                "select table_name from information_schema.tables where table_schema = ? order by 1", [schema]
            ).fetchall()
            if not names:
                raise LookupError(
                    f"nothing to publish: {self.path} has no tables in schema {schema}; run the build first"
                )
            connection.execute(f"attach '{str(part).replace(chr(39), chr(39) * 2)}' as published")
            connection.execute(f"create schema published.{schema}")
            for (name,) in names:
                connection.execute(f'create table published.{schema}."{name}" as from {schema}."{name}"')
            connection.execute("detach published")
        with part.open("rb+") as file:
            os.fsync(file.fileno())


def settings_rows(company: Company) -> list[tuple[str, str]]:
    """`company.toml` as rows (name, value), one row per item of a list: `('hubspot.pipelines', 'default')`.
    `format.*` says how numbers, amounts and days are written."""
    formats = for_sql(company.company.locale, company.company.currency)
    rows = [(f"format.{name}", text) for name, text in formats.items()]
    for section, table in company.model_dump(mode="json", by_alias=True, exclude={"warehouse"}).items():
        for key, value in table.items():
            items = value if isinstance(value, list) else [value]
            rows += [(f"{section}.{key}", str(item)) for item in items if isinstance(item, str | int | float)]
    return rows


def open_warehouse(settings: Settings) -> Warehouse:
    """The warehouse that company.toml asks for.

    Raises:
        SettingsError: company.toml is not valid.
    """
    if warehouse_kind(settings) == "file":
        return Warehouse(settings)
    from foundation.lake import Lake  # its drivers take half a second

    return Lake(settings)


def warehouse_kind(settings: Settings) -> str:
    """`file` or `ducklake`, as company.toml says now. A demo has a file of its own, whatever it says."""
    if (settings.home / DEMO_MARK).exists():
        return "file"
    try:
        changed = settings.company_file.stat().st_mtime_ns
    except OSError:
        return "file"  # whoever needs the file says that it is missing
    return _kind(settings.company_file, changed)


@lru_cache(maxsize=16)
def _kind(company_file: Path, changed: int) -> str:
    try:
        found = tomllib.loads(read_text(company_file)).get("warehouse", {})
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{company_file}: {error}") from None
    return str(found.get("kind", "file")) if isinstance(found, dict) else "file"


def published_file(settings: Settings) -> Path:
    """The published copy for readers; of a lake, the newest build's, fetched into this home.

    Raises:
        WarehouseError: the lake cannot be reached, and nothing was fetched before.
    """
    place, now = settings.published_path, time.monotonic()
    if warehouse_kind(settings) != "file" and now - _looked.get(place, -LOOK_SECONDS) >= LOOK_SECONDS:
        from foundation.lake import Lake, fetch

        fetch(Lake(settings))
        _looked[place] = now
    return place


LOOK_SECONDS = 10.0
"""How long a process reads the same build before it looks for a newer one."""
_looked: dict[Path, float] = {}


def read_published(settings: Settings) -> duckdb.DuckDBPyConnection:
    """The published copy, read-only.

    Raises:
        LookupError: nothing has been published yet.
    """
    path = published_file(settings)
    if not path.exists():
        raise LookupError(f"{path} does not exist yet: run the refresh and build jobs (make demo runs both)")
    return duckdb.connect(str(path), read_only=True)


@contextlib.contextmanager
def transaction(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """All of the block, or nothing of it."""
    connection.begin()
    try:
        yield
        connection.commit()
    except BaseException:
        with contextlib.suppress(duckdb.Error):  # a commit that failed has ended it
            connection.rollback()
        raise


def first_published_week(settings: Settings) -> date | None:
    """The Monday of the oldest published week; None: nothing is published, or nobody can read it."""
    try:
        with contextlib.closing(read_published(settings)) as connection:
            found = connection.execute("select min(week_start) from marts.fct_scorecard_weekly").fetchone()
    except (LookupError, WarehouseError, duckdb.Error):
        return None
    return found[0] if found else None


def utc(instant: datetime) -> str:
    """An instant as ISO text with Z, for notes and metadata."""
    return instant.strftime("%Y-%m-%dT%H:%M:%SZ")
