"""Copies of the store for backups, and a copy in the place of a store that is lost."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from foundation.settings import Settings
from foundation.store.engine import (
    StoreError,
    add_missing,
    bring_up_to_date,
    engine_of,
    name_of,
    open_store,
    read,
    store_errors,
    version_of,
)
from foundation.store.schema import metadata


def copy_store(settings: Settings, folder: Path) -> None:
    """Copy the store into `store.sqlite` in a folder, whichever database it is.

    Raises:
        StoreError: the store can't be read, or the copy can't be written.
    """
    copy = _in(folder, settings)
    if settings.store_url is None:
        open_store(settings)
        try:
            with (
                closing(sqlite3.connect(settings.store_path)) as source,
                closing(sqlite3.connect(copy.store_path)) as target,
            ):
                source.backup(target)
        except sqlite3.Error as error:
            raise StoreError(
                f"{settings.store_path} could not be copied: {error}. Make room and try again."
            ) from None
    else:
        _copy_rows(settings, copy)
        copy.store_path.with_suffix(".lock").unlink(missing_ok=True)


def replace_store(settings: Settings, folder: Path) -> Path | None:
    """Put the `store.sqlite` of a folder in the place of a store that is lost or damaged.

    Returns:
        Where the damaged file went; None: there was none.

    Raises:
        StoreError: the copy can't be read, or the store can't be written.
    """
    copy = _in(folder, settings)
    if settings.store_url is not None:
        with store_errors(settings):
            bring_up_to_date(engine_of(settings), settings, anyway=True)
        _copy_rows(copy, settings)
        return None
    path = settings.store_path
    aside = path.with_name(f"{path.stem}.{settings.now():%Y%m%dT%H%M%SZ}.replaced{path.suffix}")
    # with its log, which SQLite would apply to the new file
    for end in ("", "-wal", "-shm"):
        if (old := Path(f"{path}{end}")).exists():
            old.replace(f"{aside}{end}")
    copy.store_path.replace(path)
    if aside.exists() and not aside.stat().st_size:
        aside.unlink()
    return aside if aside.exists() else None


def move_to_postgres(settings: Settings) -> Path:
    """Copy `store.sqlite` into the database of STORE_URL. Returns the new name of the file.

    Raises:
        StoreError: STORE_URL is not set, there is no file, the database holds a store already, or one of them
            can't be used.
    """
    path = settings.store_path
    if settings.store_url is None:
        raise StoreError("STORE_URL is not set. Set it in .env to the database that is to hold the store.")
    if not path.exists():
        raise StoreError(f"{path} does not exist, so there is nothing to move.")
    with store_errors(settings):
        engine = engine_of(settings)
        if version_of(engine) is not None:
            with engine.connect() as connection:
                if any(
                    connection.execute(table.select().limit(1)).first() for table in metadata.sorted_tables
                ):
                    raise StoreError(f"{name_of(settings)} has rows already. Nothing was moved.")
    replace_store(settings, settings.home)
    kept = path.with_name(f"{path.stem}.before-postgres{path.suffix}")
    path.replace(kept)
    return kept


def _in(folder: Path, settings: Settings) -> Settings:
    return settings.model_copy(update={"home": folder, "store_url": None})


def _copy_rows(settings: Settings, other: Settings) -> None:
    """Copy every row that the other store lacks."""
    engine = open_store(other)
    with read(settings) as source, store_errors(other), engine.begin() as target:
        for table in metadata.sorted_tables:
            add_missing(target, table, [dict(row) for row in source.execute(table.select()).mappings()])
            if "sequence" in table.c and target.dialect.name == "postgresql":
                # rows that brought their number with them do not move the counter
                target.exec_driver_sql(
                    f"select setval(pg_get_serial_sequence('{table.name}', 'sequence'), max(sequence))"
                    f" from {table.name} having max(sequence) is not null"
                )
