"""Dagster's storage for the events of runs: its own SQLite files, each opened once instead of once per
statement."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import dagster as dg
from dagster._core.storage.event_log.sqlite.sqlite_event_log import SqliteEventLogStorage
from dagster._core.storage.sqlite import create_db_conn_string
from sqlalchemy import Connection, Engine, create_engine, event

BATCH = 5000
"""The most planned events that one transaction stores: more than a build has."""
_KEPT_OPEN = 4
"""Files that stay open: the index and the newest runs."""


class EventLog(SqliteEventLogStorage):
    """A build has some 2,500 events. For each, Dagster creates an engine, opens the file and flushes it to
    disk up to three times. Here the connections stay open, and a batch is one transaction. Files and tables
    are Dagster's own, so `dagster.yaml` may name either class."""

    def __init__(self, inst_data: Any = None) -> None:
        self._given = inst_data

    def register_instance(self, instance: dg.DagsterInstance) -> None:
        """Open the files of the instance, at the paths of Dagster's own class."""
        self._engines: dict[str, Engine] = {}
        self._joined: dict[str, Connection] = {}
        self._tables: set[str] = set()
        self._lock = threading.RLock()
        super().__init__(str(Path(instance.root_directory) / "history" / "runs"), self._given)
        super().register_instance(instance)

    @property
    def inst_data(self) -> Any:
        """Return how `dagster.yaml` names this class, for other processes."""
        return self._given

    @classmethod
    def config_type(cls) -> dict[str, Any]:
        """Return the settings in `dagster.yaml`: none."""
        return {}

    @classmethod
    def from_config_value(cls, inst_data: Any, config_value: Any) -> EventLog:
        """Create the storage that `dagster.yaml` names."""
        return cls(inst_data)

    def has_table(self, table_name: str) -> bool:
        """Return whether a table exists. Dagster asks several times per event, and tables are never dropped,
        so a yes is kept."""
        if table_name not in self._tables and super().has_table(table_name):
            self._tables.add(table_name)
        return table_name in self._tables

    @contextmanager
    def _connect(self, shard: str) -> Iterator[Connection]:
        with self._lock:
            if shard in self._joined:
                yield self._joined[shard]
                return
            with self._engine(shard).begin() as connection:
                yield connection

    def store_event_batch(self, events: Sequence[dg.EventLogEntry]) -> None:
        """Store the events in one transaction per file."""
        with self._lock, ExitStack() as transactions:
            for shard in ("index", *dict.fromkeys(entry.run_id for entry in events)):
                self._joined[shard] = transactions.enter_context(self._connect(shard))
                transactions.callback(self._joined.pop, shard)
            super().store_event_batch(events)

    def _engine(self, shard: str) -> Engine:
        if shard in self._engines:
            self._engines[shard] = self._engines.pop(shard)  # the newest is last
            return self._engines[shard]
        engine = create_engine(
            create_db_conn_string(self._base_dir, shard),
            pool_size=1,
            connect_args={"timeout": 60, "check_same_thread": False},
        )
        # the file is intact after a crash of the machine; the last events may be lost
        event.listen(engine, "connect", lambda opened, _: opened.execute("pragma synchronous = normal"))
        self._initdb(engine)
        self._engines[shard] = engine
        if len(self._engines) > _KEPT_OPEN:
            self._engines.pop(next(iter(self._engines))).dispose()
        return engine

    def dispose(self) -> None:
        """Close the files."""
        super().dispose()
        with self._lock:
            while self._engines:
                self._engines.popitem()[1].dispose()
