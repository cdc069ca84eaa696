"""The warehouse of one home folder: a DuckDB file and its lock."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, ClassVar, NamedTuple, TypeVar

import duckdb
from filelock import FileLock, Timeout

from foundation.settings import Company, Settings
from foundation.warehouse.errors import WarehouseBusy, disk_errors, translate
from foundation.warehouse.memory import remove_left, within
from foundation.warehouse.tables import CONFIG, LEDGER, ApiVersion, settings_rows

T = TypeVar("T")
log = logging.getLogger(__name__)

FOREIGN_WAIT_SECONDS = 30.0
"""How long to wait for a process that holds the file without our lock, such as an analyst's shell."""


class Waited(NamedTuple):
    """How the write lock was got."""

    seconds: float
    holder: str | None
    """Who held it for more than a second before; None: nobody."""


@dataclass(frozen=True)
class Warehouse:
    """The warehouse of one home folder. Cheap to create: it opens nothing until it is used.

    `lake.Lake` is the one that several machines share; `open_warehouse()` returns the one that company.toml
    asks for.
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
            with contextlib.suppress(OSError):  # a full disk must not hide the block's own error
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
        """Wrap a dbt build in the file `path`, which holds what was loaded so far."""
        return self.write_lock(holder)

    def preparing(self, holder: str) -> contextlib.AbstractContextManager[object]:
        """Wrap `prepare()`."""
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
        connection = duckdb.connect(str(self.path), read_only=True)
        within(self.settings.memory, connection)
        return connection

    def again(self, work: Callable[[], T]) -> T:
        """Run a transaction, during which nobody else writes."""
        return work()

    def tidy(self) -> None:
        """Do the daily clean-up."""
        for folder in (self.settings.home, self.settings.published_path.parent):
            remove_left(folder)

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
                connection = duckdb.connect(str(self.path), read_only=read_only)
                within(self.settings.memory, connection)
                return connection
            except duckdb.IOException as error:
                translated = translate(error, self.settings)
                if not isinstance(translated, WarehouseBusy) or time.monotonic() > give_up:
                    raise translated or error from None
                time.sleep(0.2)

    def prepare(
        self,
        company: Company,
        sources: Sequence[tuple[str, str, float, str]],
        versions: Sequence[ApiVersion] = (),
        of_the_store: Mapping[str, Sequence[Sequence[Any]]] | None = None,
    ) -> None:
        """Create the ledger and write clock and settings, so that dbt reads them as tables. Call with the
        lock held.

        `sources`: (source, label, freshness limit in hours, kind) per registered source. `versions`:
        the versions of the APIs in use. `of_the_store`: what people set and wrote, rows per table; None: the
        store can't be read, so what was read before stays.
        """
        with disk_errors(self.settings), contextlib.closing(self.connect()) as connection:
            self.declare_ledger(connection)
        with disk_errors(self.settings), contextlib.closing(self.connect_file()) as connection:
            connection.execute(CONFIG)
            connection.begin()
            connection.execute("delete from config.clock")
            connection.execute("insert into config.clock values (?)", [self.settings.now()])
            connection.execute("delete from config.settings")
            connection.executemany("insert into config.settings values (?, ?)", settings_rows(company))
            connection.executemany("insert into config.sources values (?, ?, ?, ?)", sources)
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
        connection.execute(LEDGER)

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


@contextlib.contextmanager
def transaction(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Commit the block as a whole, or roll it back."""
    connection.begin()
    try:
        yield
        connection.commit()
    except BaseException:
        with contextlib.suppress(duckdb.Error):  # a commit that failed has ended it
            connection.rollback()
        raise


def utc(instant: datetime) -> str:
    """An instant as ISO text with Z, for notes and metadata."""
    return instant.strftime("%Y-%m-%dT%H:%M:%SZ")
