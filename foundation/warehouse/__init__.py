"""The warehouse: one DuckDB file that one process writes at a time, and a published copy for all readers.

DuckDB lets one process hold a file for writing. So every writer waits for `write_lock()`, an inter-process
file lock, and keeps it only while it loads or transforms. Readers use `published/scoreline.duckdb`, which
`publish()` replaces atomically; a reader that has the old copy open keeps reading the old copy.
"""

from __future__ import annotations

import contextlib
import time
import tomllib
from datetime import date
from functools import lru_cache
from pathlib import Path

import duckdb

from foundation.errors import SettingsError
from foundation.settings import Settings
from foundation.text import read_text
from foundation.warehouse.errors import (
    DiskFull,
    TooLarge,
    WarehouseBusy,
    WarehouseDamaged,
    WarehouseError,
    backups,
    disk_errors,
    no_room,
    translate,
)
from foundation.warehouse.file import Waited, Warehouse, transaction, utc
from foundation.warehouse.memory import within
from foundation.warehouse.tables import ApiVersion, settings_rows

__all__ = [
    "ApiVersion",
    "DiskFull",
    "TooLarge",
    "Waited",
    "Warehouse",
    "WarehouseBusy",
    "WarehouseDamaged",
    "WarehouseError",
    "backups",
    "disk_errors",
    "first_published_week",
    "no_room",
    "open_warehouse",
    "published_file",
    "read_published",
    "settings_rows",
    "transaction",
    "translate",
    "utc",
    "warehouse_kind",
]

DEMO_MARK = "demo-company.txt"
"""File in the home of a demo: the name of its company."""


def open_warehouse(settings: Settings) -> Warehouse:
    """The warehouse that company.toml asks for.

    Raises:
        SettingsError: company.toml is not valid.
    """
    if warehouse_kind(settings) == "file":
        return Warehouse(settings)
    from foundation.warehouse.lake import Lake  # its drivers take half a second

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
        from foundation.warehouse.lake import Lake

        Lake(settings).fetch()
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
    connection = duckdb.connect(str(path), read_only=True)
    within(settings.memory, connection)
    return connection


def first_published_week(settings: Settings) -> date | None:
    """The Monday of the oldest published week; None: nothing is published, or nobody can read it."""
    try:
        with contextlib.closing(read_published(settings)) as connection:
            found = connection.execute("select min(week_start) from marts.fct_scorecard_weekly").fetchone()
    except (LookupError, WarehouseError, duckdb.Error):
        return None
    return found[0] if found else None
