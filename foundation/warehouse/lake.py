"""The warehouse that several machines share: a DuckLake, with Postgres as its catalog and object storage (or
a folder) for its data.

The lake holds what cannot be computed again: raw tables, the ledger of loads, what was published (schema
`snapshots`). Loads write to it side by side. A build takes what has changed since its last one into
`warehouse.duckdb` of its own home, computes there, and gives the snapshots back. So dbt works on a local file
whatever the warehouse is, and any machine can be the next to build.

What only one may do at a time is guarded by Postgres' advisory locks, which end with the process that holds
them. The published file is in the storage under the name of its build; a pointer beside it is replaced last,
and readers fetch the file when the pointer has changed.
"""

from __future__ import annotations

import contextlib
import logging
import os
import random
import re
import threading
import time
from collections.abc import Callable, Iterator
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import unquote, urlsplit

import duckdb
import psycopg
from filelock import FileLock
from pydantic import SecretStr

from foundation.errors import SettingsError
from foundation.postgres import lock_key, lock_session
from foundation.storage import Storage, StorageError, storage_of
from foundation.warehouse import builds
from foundation.warehouse.errors import WarehouseError
from foundation.warehouse.exchange import NAME, TAKEN, attach_file, give_back, take
from foundation.warehouse.extensions import load_extensions, quoted
from foundation.warehouse.file import Waited, Warehouse
from foundation.warehouse.memory import within

log = logging.getLogger(__name__)

KEPT_DAYS = 7
"""Days that the lake's own snapshots stay."""
_TRIES = 8
"""The most tries of a transaction that touches the same rows as another machine's."""
_T = TypeVar("_T")
_OPENING = threading.Lock()
_opened: dict[tuple[int, str], duckdb.DuckDBPyConnection] = {}
"""(process, lake) -> the DuckDB that the process's connections share."""


class Lake(Warehouse):
    """The warehouse where company.toml says `kind = "ducklake"`. Builds compute in the file `path`."""

    resumes = False
    """Another machine may have loaded since, and its rows are newer: what a killed load has fetched is
    fetched again."""

    @cached_property
    def catalog_url(self) -> str:
        return str(_needed(self.settings.catalog_url, "WAREHOUSE_CATALOG_URL").get_secret_value())

    @cached_property
    def storage(self) -> Storage:
        _needed(self.settings.storage_url, "WAREHOUSE_STORAGE_URL")
        return storage_of(self.settings)

    @property
    def metadata_schema(self) -> str:
        """The schema of the catalog's database: companies may share one."""
        return "_".join(filter(None, (NAME, self.settings.location)))

    @property
    def data_path(self) -> str:
        return f"{self.storage.root}/data"

    # ---- connections

    def connect(self, *, read_only: bool = False) -> duckdb.DuckDBPyConnection:
        """A connection whose tables are the lake's. `read_only` says what for: it is not enforced.

        Connections of a process share one DuckDB, because loading the extensions takes half a second. Each
        has its own transaction.

        Raises:
            WarehouseError: the catalog or the storage cannot be reached.
        """
        key = (os.getpid(), self._identity())
        with self.errors(), _OPENING:
            if key in _opened:
                try:
                    return self._cursor(_opened[key])
                except duckdb.Error:  # Postgres was restarted
                    _opened.pop(key).close()
            _opened[key] = self.open_alone()
            return self._cursor(_opened[key])

    def _cursor(self, opened: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyConnection:
        cursor = opened.cursor()
        if secret := self.storage.duckdb_secret():
            cursor.execute(secret)  # credentials of a cloud's role change
        cursor.execute(f"use {NAME}")
        cursor.execute(f"from {NAME}.current_snapshot()")
        return cursor

    def open_alone(self) -> duckdb.DuckDBPyConnection:
        """A DuckDB of its own with the lake in it, to be closed."""
        connection = duckdb.connect()
        within(self.settings.memory, connection, self.settings.home / NAME)
        try:
            load_extensions(connection)
            for name, value in (("ducklake_max_retry_count", 30), ("ducklake_retry_wait_ms", 50)):
                connection.execute(f"set {name} = {value}")
            if secret := self.storage.duckdb_secret():
                connection.execute(secret)
            options = f"data_path {quoted(self.data_path)}, metadata_schema '{self.metadata_schema}'"
            address = quoted(f"ducklake:postgres:{self.catalog_url}")
            connection.execute(f"attach {address} as {NAME} ({options})")
            connection.execute(f"use {NAME}")
        except BaseException:
            connection.close()
            raise
        return connection

    def look(self) -> duckdb.DuckDBPyConnection:
        return self.connect(read_only=True)

    def kept_open(self) -> contextlib.AbstractContextManager[Any]:
        """Share nothing: each connection has a transaction of its own."""
        return contextlib.nullcontext()

    @contextlib.contextmanager
    def errors(self) -> Iterator[None]:
        """Raise WarehouseError, without a secret, where the block fails because of the catalog or storage."""
        try:
            yield
        except (psycopg.Error, StorageError, duckdb.IOException, duckdb.HTTPException) as error:
            raise self.translated(error) from None

    def translated(self, error: Exception) -> WarehouseError:
        """An error of Postgres or the storage, for people."""
        text = re.sub(r"\s+", " ", str(error)).strip().removeprefix("IO Error: ")
        for secret in self.secrets():
            text = text.replace(secret, "***")
        place = urlsplit(self.catalog_url)
        return WarehouseError(
            f"The lake (catalog {place.path.lstrip('/')} on {place.hostname}, data in {self.storage.root})"
            f" cannot be used: {text[:400]}. Start what is missing, or correct WAREHOUSE_CATALOG_URL and"
            " WAREHOUSE_STORAGE_URL. Nothing is lost: the next run reads what this one has not."
        )

    def secrets(self) -> list[str]:
        """What must not be in any text."""
        password = urlsplit(self.catalog_url).password or ""
        return [one for one in (password, unquote(password), *self.storage.secrets()) if one]

    # ---- locks

    @contextlib.contextmanager
    def write_lock(self, holder: str) -> Iterator[Waited]:
        """Wait only for exclusive work on the lake: a move, or the daily clean-up."""
        with self._lock("writers", holder, shared=True) as waited:
            yield waited

    @contextlib.contextmanager
    def alone(self, holder: str) -> Iterator[Waited]:
        """Keep every writer of every machine out."""
        with self._lock("writers", holder) as waited:
            yield waited

    @contextlib.contextmanager
    def source_lock(self, source: str) -> Iterator[None]:
        with self._lock(f"source {source}", f"load {source}"):
            yield

    @contextlib.contextmanager
    def _lock(self, name: str, holder: str, *, shared: bool = False) -> Iterator[Waited]:
        """Hold one of Postgres' advisory locks. It ends with the connection, so with the process."""
        key = lock_key(f"{self.metadata_schema}/{name}")
        kind = "_shared" if shared else ""
        began, before = time.monotonic(), None
        with self.errors():
            connection = lock_session(self.catalog_url, holder)
        with contextlib.closing(connection):
            with self.errors():
                if not connection.execute(f"select pg_try_advisory_lock{kind}(%s)", [key]).fetchone()[0]:  # type: ignore[index]
                    before = _holder(connection, key)
                    log.info("waiting for %s: %s", name, before or "another process has it")
                    connection.execute(f"select pg_advisory_lock{kind}(%s)", [key])
                    log.info("waited %.1f s for %s", time.monotonic() - began, name)
            yield Waited(time.monotonic() - began, before)

    def again(self, work: Callable[[], _T]) -> _T:
        """Run a transaction, and again if another machine changed the same rows meanwhile."""
        for tried in range(_TRIES):
            try:
                return work()
            except duckdb.TransactionException as error:
                if tried == _TRIES - 1:
                    raise
                log.info("another machine was first; trying again (%s)", str(error).splitlines()[0][:200])
                time.sleep(random.uniform(0.1, 0.5) * (tried + 1))
        raise AssertionError

    # ---- builds

    @contextlib.contextmanager
    def building(self, holder: str) -> Iterator[Waited]:
        """Let one build run at a time, on whichever machine. It begins with what the lake has now, and its
        snapshots are in the lake at its end; a build that fails gives nothing back."""
        with self._lock("build", holder) as waited, self._own_file():
            self.pull()
            yield waited
            with self.write_lock(holder):
                self.push_snapshots()

    @contextlib.contextmanager
    def preparing(self, holder: str) -> Iterator[None]:
        with self._own_file():
            yield

    @contextlib.contextmanager
    def _own_file(self) -> Iterator[None]:
        """Keep other processes of this home from the local file. Not re-entrant, as the locks of Postgres."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(self.path.with_suffix(".lock")):
            yield

    def pull(self) -> int:
        """Copy what has changed since the last time into the local file. Returns how many tables were copied.
        Call it in `building()`."""
        with self._beside_file() as connection:
            return take(connection, self._identity(), self.metadata_schema)

    def push_snapshots(self) -> None:
        """Write what a build has recorded into the lake."""
        with self._beside_file() as connection:
            give_back(connection)

    @contextlib.contextmanager
    def _beside_file(self) -> Iterator[duckdb.DuckDBPyConnection]:
        with self.errors(), contextlib.closing(self.open_alone()) as connection:
            attach_file(connection, self.path)
            yield connection

    def _identity(self) -> str:
        place = urlsplit(self.catalog_url)
        return f"{place.hostname}:{place.port}{place.path}/{self.metadata_schema} {self.data_path}"

    def tidy(self) -> None:
        """Once a day: forget snapshots of the lake older than a week, put small files together, and delete
        what nothing names any more, also what a killed load had written."""
        super().tidy()
        with self.errors():
            with contextlib.closing(self.connect()) as connection:
                old = connection.execute(
                    f"select min(snapshot_time) < now() - interval {KEPT_DAYS + 1} day"
                    f" from {NAME}.snapshots()"
                ).fetchone()
            if old != (True,):
                return
            with self.alone("tidy up"), contextlib.closing(self.open_alone()) as connection:
                for call in (
                    f"ducklake_expire_snapshots('{NAME}', older_than => now() - interval {KEPT_DAYS} day)",
                    f"ducklake_merge_adjacent_files('{NAME}')",
                    f"ducklake_cleanup_old_files('{NAME}', cleanup_all => true)",
                    f"ducklake_delete_orphaned_files('{NAME}', older_than => now() - interval 1 day)",
                ):
                    connection.execute(f"call {call}")

    # ---- publishing

    def publish(self, schema: str = "marts") -> Path:
        """Publish into this home, then for everyone: the file first, the pointer to it last."""
        with self._own_file():
            with contextlib.closing(super().connect()) as connection:
                taken = connection.execute(f"select snapshot from {TAKEN}").fetchone()
            snapshot = taken[0] if taken else 0
            with self._lock("publish", "publish"), self.errors():
                current = builds.newest(self.storage)
                if current and current.snapshot > snapshot:
                    log.warning("build %s is newer than this one, and stays published", current.build)
                    return self.fetch()
                target = super().publish(schema)
                builds.put(self.storage, self.settings, target, snapshot)
                return target

    def fetch(self) -> Path:
        """Return the published file in this home, after fetching it if another build has been published.

        The present file stays readable if the storage cannot be reached.
        """
        return builds.fetch(self.storage, self.settings, self.errors)

    def declare_ledger(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Create what the ledger lacks. Looks first, because statements cost and disturb other machines."""
        rows = connection.execute(
            "select table_name, column_name from information_schema.columns where table_schema = 'ledger'"
        ).fetchall()
        if not set(rows) >= _LEDGER:
            with self._lock("ledger", "declare the ledger"):
                self.again(lambda: super(Lake, self).declare_ledger(connection))


_LEDGER = {("loads", "lacks"), ("loads", "warnings"), ("backfills", "error"), ("unread", "load_id")}
"""The newest columns: if they exist, all columns do."""


def _holder(connection: psycopg.Connection[Any], key: int) -> str | None:
    found = connection.execute(
        "select string_agg(distinct application_name, '; ') from pg_locks join pg_stat_activity using (pid)"
        " where locktype = 'advisory' and granted and (classid::bigint << 32 | objid::bigint) = %s",
        [key],
    ).fetchone()
    return found[0] if found else None


def _needed(value: SecretStr | str | None, variable: str) -> Any:
    if value is None:
        raise SettingsError(
            f'{variable} is not set, but company.toml says [warehouse] kind = "ducklake". Set it in the'
            " environment or in .env."
        )
    return value
