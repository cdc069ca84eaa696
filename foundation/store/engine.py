"""Opens the store, brings it up to date, and says in one sentence what is wrong with it."""

from __future__ import annotations

import os
import re
import sqlite3
import stat
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from functools import lru_cache
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from filelock import FileLock
from sqlalchemy.pool import NullPool

from foundation.errors import ScorelineError
from foundation.postgres import CONNECT_TIMEOUT
from foundation.settings import Settings
from foundation.warehouse import backups

VERSION = "0002"
"""The newest migration in `migrations/versions/`."""
LOCK_TIMEOUT = 30.0
"""Seconds that another process may keep the store to itself."""
_MIGRATING = 7215368
"""Key of Postgres' advisory lock for migrations."""


class StoreError(ScorelineError):
    """The store can't be used. The text says which one, why, and what to do."""


class StoreLost(StoreError):
    """The store is gone or damaged, while what it should know of is still there."""


def begin(settings: Settings) -> AbstractContextManager[sa.Connection]:
    """A transaction that writes; it is on disk when the block ends, and undone where the block raises.

    Raises:
        StoreError: the store can't be used.
    """
    return _transaction(settings, write=True)


def read(settings: Settings) -> AbstractContextManager[sa.Connection]:
    """A transaction that reads one state of the store.

    Raises:
        StoreError: the store can't be used.
    """
    return _transaction(settings, write=False)


@contextmanager
def _transaction(settings: Settings, *, write: bool) -> Iterator[sa.Connection]:
    with store_errors(settings):
        engine = open_store(settings)
        options: dict[str, Any] = {"store_writes": write}
        if not write and engine.dialect.name == "postgresql":
            options |= {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
        with engine.connect().execution_options(**options) as connection, connection.begin():
            yield connection


def open_store(settings: Settings) -> sa.Engine:
    """The store's engine; the store exists and is up to date.

    Raises:
        StoreError: the store can't be used.
        StoreLost: it is missing, while there are traces of an earlier one.
    """
    with store_errors(settings):
        engine = engine_of(settings)
        same = (os.getpid(), 0) if settings.store_url else _own_file(settings.store_path)
        old = settings.deliveries_path.exists()
        # asked once per process and file: whoever replaces the file has brought it up to date
        if old or _known.get(engine.url) != same:
            if old or version_of(engine) != VERSION:
                bring_up_to_date(engine, settings)
            _known[engine.url] = same
        return engine


def engine_of(settings: Settings) -> sa.Engine:
    """Return the store's engine, whatever state the store is in."""
    return _engine(_address(settings), os.getpid(), LOCK_TIMEOUT)


def _address(settings: Settings) -> sa.URL:
    if settings.store_url is None:
        return sa.URL.create("sqlite", database=str(settings.store_path))
    return sa.make_url(settings.store_url.get_secret_value())


def name_of(settings: Settings) -> str:
    """What people call the store: its file, or the server and database of STORE_URL, without a password."""
    url = _address(settings)
    if url.get_backend_name() == "sqlite":
        return str(url.database)
    return f"the store {url.database} on {url.host or 'localhost'} (STORE_URL)"


@lru_cache(maxsize=8)
def _engine(url: sa.URL, process: int, lock_timeout: float) -> sa.Engine:
    """One per process: a fork may not share connections."""
    if url.get_backend_name() != "sqlite":
        return sa.create_engine(
            url,
            pool_pre_ping=True,
            connect_args={
                "connect_timeout": CONNECT_TIMEOUT,
                "application_name": "scoreline",
                "keepalives_idle": 30,
            },
            hide_parameters=True,
        )
    engine = sa.create_engine(
        url, poolclass=NullPool, connect_args={"timeout": lock_timeout}, hide_parameters=True
    )
    sa.event.listen(engine, "connect", _set_up_sqlite)
    sa.event.listen(engine, "begin", _begin_sqlite)
    return engine


def _set_up_sqlite(connection: sqlite3.Connection, record: object) -> None:
    connection.isolation_level = None  # transactions begin where `_begin_sqlite` says so
    connection.execute("pragma foreign_keys = on")
    connection.execute("pragma synchronous = full")  # what is committed is on disk


def _begin_sqlite(connection: sa.Connection) -> None:
    if connection.get_execution_options().get("isolation_level") == "AUTOCOMMIT":
        return
    # a writer takes its turn at the beginning: one that has read first could not wait for it
    writes = connection.get_execution_options().get("store_writes", True)
    connection.exec_driver_sql("begin immediate" if writes else "begin")


_known: dict[sa.URL, tuple[int, int]] = {}
"""Stores that are up to date -> what tells them from another one at the same address."""


def _own_file(path: Path) -> tuple[int, int]:
    """Create the file if it is missing. Returns what tells it from one that takes its place; an empty one is
    like no other."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with suppress(FileExistsError):
            # only a new one: to close a file ends every lock that this process has on it, SQLite's too
            os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
        found = path.stat()
        if stat.S_IMODE(found.st_mode) != 0o600:
            path.chmod(0o600)  # it holds addresses
        return (found.st_dev, found.st_ino) if found.st_size else (0, time.monotonic_ns())
    except OSError as error:
        raise StoreError(
            f"{path}: {error.strerror}. Make it readable and writable, then run it again."
        ) from None


def version_of(engine: sa.Engine) -> str | None:
    """The last migration of the store; None: it has no tables yet."""
    with engine.connect().execution_options(store_writes=False) as connection:
        return _version_in(connection)


def _version_in(connection: sa.Connection) -> str | None:
    if not sa.inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(sa.text("select version_num from alembic_version")).scalar()


def _one_at_a_time(settings: Settings) -> AbstractContextManager[object]:
    """Let one process of this home in. Postgres has a lock of its own for other homes."""
    settings.home.mkdir(parents=True, exist_ok=True)
    return FileLock(settings.store_path.with_suffix(".lock"))


def bring_up_to_date(engine: sa.Engine, settings: Settings, *, anyway: bool = False) -> None:
    """Migrate, and take over the ledger of deliveries of earlier versions. All of it happens, or nothing.

    `anyway`: also begin where there are traces of an earlier store.
    """
    from foundation.store.old_ledger import rows_of, set_aside

    with _one_at_a_time(settings):
        old = settings.deliveries_path.exists()
        begins = not old and not anyway and version_of(engine) is None
        if begins and settings.store_url and settings.store_path.exists():
            raise StoreLost(
                f"{name_of(settings)} is empty, but {settings.store_path} holds a store. Copy it with"
                " `scoreline store move`, or unset STORE_URL."
            )
        if begins and (traces := _traces(settings)):
            raise StoreLost(f"{name_of(settings)} is missing or empty, but {traces}. {WAY_BACK}")
        if engine.dialect.name == "sqlite":
            with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                connection.exec_driver_sql("pragma journal_mode = wal")
        with engine.connect() as connection, connection.begin():
            if engine.dialect.name == "postgresql":
                connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_MIGRATING)))
            version = _version_in(connection)
            if version != VERSION:
                _migrate(connection, version)
            for table, rows in (rows_of(settings.deliveries_path) if old else {}).items():
                add_missing(connection, table, rows)
        if old:
            set_aside(settings.deliveries_path)


def _migrate(connection: sa.Connection, version: str | None) -> None:
    # imported here: it takes longer than to open a store that is up to date
    from alembic import command
    from alembic.config import Config
    from alembic.script import ScriptDirectory
    from alembic.util import CommandError

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["connection"] = connection
    if version is not None:
        try:
            ScriptDirectory.from_config(config).get_revision(version)
        except CommandError:
            raise StoreError(
                f"The store has version {version}, which this version of Scoreline does not know. Update"
                " Scoreline, then run it again."
            ) from None
    command.upgrade(config, "head")


def add_missing(connection: sa.Connection, table: sa.Table, rows: list[dict[str, Any]]) -> None:
    """Insert the rows whose key the table does not have."""
    if rows:
        connection.execute(upsert(connection, table).on_conflict_do_nothing(), rows)


def upsert(connection: sa.Connection, table: sa.Table) -> Any:
    """An insert with `on_conflict_do_update` and `on_conflict_do_nothing`."""
    from sqlalchemy.dialects import postgresql, sqlite

    return (sqlite if connection.dialect.name == "sqlite" else postgresql).insert(table)


WAY_BACK = (
    "Nothing was sent and nothing typed was taken, because the store remembers both. Way out: `scoreline"
    " new-ledger` brings back the newest backup's, or starts an empty one, and sends nothing again that is"
    " due now."
)
"""After the sentence about a store that is lost. Never the copy of a backup as it is: what was sent since
would be sent again."""


def _traces(settings: Settings) -> str:
    """What says that this home had a store before; empty where nothing does."""
    if next(settings.outbox_dir.glob("*.*"), None):
        return f"{settings.outbox_dir} holds mails"
    # the site's first build makes the store before its first page
    if (settings.site_dir / "index.html").exists():
        return f"the site in {settings.site_dir} has been built"
    copies = [folder for folder in backups(settings) if copy_in(folder, settings)]
    return f"the backup {copies[-1]} has one" if copies else ""


def copy_in(folder: Path, settings: Settings) -> Path | None:
    """The copy of the store in a backup; of an earlier version, that of its ledger of deliveries."""
    names = (settings.store_path.name, settings.deliveries_path.name)
    return next((folder / name for name in names if (folder / name).exists()), None)


@contextmanager
def store_errors(settings: Settings) -> Iterator[None]:
    """Raise StoreError where the block fails because of the store."""
    try:
        yield
    except (sa.exc.IntegrityError, sa.exc.ProgrammingError, sa.exc.DataError):
        raise  # a mistake in the program
    except sa.exc.DBAPIError as error:
        raise (StoreLost if damaged(error) else StoreError)(
            f"{name_of(settings)}: {way_out(error)}"
        ) from None


def damaged(error: sa.exc.DBAPIError) -> bool:
    """Whether the store's file is damaged."""
    return _sqlite_name(error).startswith(("SQLITE_NOTADB", "SQLITE_CORRUPT"))


def way_out(error: sa.exc.DBAPIError) -> str:
    """What is wrong with the store and what to do."""
    name, text = _sqlite_name(error), _said(error)
    if name.startswith("SQLITE_FULL") or type(error.orig).__name__ == "DiskFull":
        return f"{text}. Make room on the disk, then run it again."
    if damaged(error):
        return f"{text}. {WAY_BACK}"
    if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        return f"{text}. Another program holds it open: close it there, then run it again."
    if name:
        return (
            f"{text}. Check that the disk has room and that the file and its folder can be written, then run"
            " it again."
        )
    return f"{text}. Start the database or correct STORE_URL, then run it again."


def _sqlite_name(error: sa.exc.DBAPIError) -> str:
    return getattr(error.orig, "sqlite_errorname", "")


def _said(error: sa.exc.DBAPIError) -> str:
    """Return the database's message on one line."""
    return re.sub(r"\s+", " ", str(error.orig)).strip().rstrip(".")
