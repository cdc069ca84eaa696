"""Moves the warehouse: from the file into the lake, or back. Everything is copied and compared before
anything changes."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb

from foundation.errors import ScorelineError
from foundation.settings import Settings
from foundation.warehouse import Warehouse, disk_errors
from foundation.warehouse.exchange import HERE, NAME, attach_file, tables_of
from foundation.warehouse.lake import Lake

Told = Callable[[str, int, int], None]
"""(table, its number, how many there are)"""


class MoveError(ScorelineError):
    """The warehouse was not moved, and nothing has changed. The text says why."""


def move_to_lake(settings: Settings, told: Told) -> int:
    """Copy raw tables, ledger and snapshots of the file into the empty lake; returns how many tables. The
    file stays where it is.

    Raises:
        MoveError: there is no file, the lake is not empty, or a table did not arrive as it was.
        WarehouseError: the lake cannot be reached.
    """
    file, lake = Warehouse(settings), Lake(settings)
    if not file.path.exists():
        raise MoveError(f"{file.path} does not exist, so there is nothing to move.")
    with file.write_lock("move"), lake.alone("move"), lake.errors(), _both(file.path, lake) as connection:
        if there := tables_of(connection, NAME):
            raise MoveError(
                f"The lake holds {len(there)} tables already. Move into an empty one: another database or"
                " SCORELINE_LOCATION, and another WAREHOUSE_STORAGE_URL."
            )
        return _copied(connection, HERE, NAME, told)


def move_to_file(settings: Settings, told: Told) -> int:
    """Copy the lake's tables into the local file, in place of what the last build took from it; returns how
    many. The lake stays as it is.

    Raises:
        MoveError: the lake is empty, or a table did not arrive as it was.
        WarehouseError: the lake cannot be reached. DiskFull: there is no room.
    """
    lake = Lake(settings)
    part = lake.path.with_name(f"{lake.path.name}.moved")
    with Warehouse(settings).write_lock("move"), lake.alone("move"):
        try:
            for end in ("", ".wal"):
                part.with_name(f"{part.name}{end}").unlink(missing_ok=True)
            with disk_errors(settings), lake.errors(), _both(part, lake) as connection:
                if not tables_of(connection, NAME):
                    raise MoveError("The lake is empty, so there is nothing to move.")
                moved = _copied(connection, NAME, HERE, told)
            part.replace(lake.path)
            lake.path.with_name(f"{lake.path.name}.wal").unlink(missing_ok=True)
        finally:
            part.unlink(missing_ok=True)
    return moved


@contextlib.contextmanager
def _both(file: Path, lake: Lake) -> Iterator[duckdb.DuckDBPyConnection]:
    """Wrap a transaction over the lake and the file, attached as `here`; roll it back if the block raises."""
    with contextlib.closing(lake.open_alone()) as connection:
        attach_file(connection, file)
        connection.begin()
        yield connection
        connection.commit()


def _copied(connection: duckdb.DuckDBPyConnection, source: str, target: str, told: Told) -> int:
    tables = sorted(tables_of(connection, source))
    for number, (schema, name) in enumerate(tables, 1):
        table = f'{schema}."{name}"'
        told(f"{schema}.{name}", number, len(tables))
        connection.execute(f"create schema if not exists {target}.{schema}")
        connection.execute(f"create table {target}.{table} as from {source}.{table}")
        before, after = (_sums(connection, f"{database}.{table}") for database in (source, target))
        if before != after:
            raise MoveError(
                f"{schema}.{name} did not arrive as it was ({before[0]:,} rows, {after[0]:,} arrived)."
                " Nothing has changed; run it again."
            )
    return len(tables)


def _sums(connection: duckdb.DuckDBPyConnection, table: str) -> tuple[int, int]:
    """Return the number of rows and the sum of their digests."""
    found = connection.execute(
        f"select count(*), coalesce(sum(cast(hash(columns) as hugeint)), 0) from {table} as columns"
    ).fetchone()
    assert found is not None
    return int(found[0]), int(found[1])
