"""Backups: a folder per day with the warehouse and the store, and how to restore them.

The warehouse holds what no vendor returns again: what was published (schema snapshots), daily balances,
queues and device states. A backup is a copy of the whole file, made under the write lock after a checkpoint,
so that rows, cursors and ledger match.
"""

from __future__ import annotations

import contextlib
import os
import shutil
from pathlib import Path

from foundation.calendar import local_date
from foundation.errors import ScorelineError
from foundation.settings import Company, Settings
from foundation.store import StoreError
from foundation.store.copies import copy_store
from foundation.warehouse import Warehouse, backups, warehouse_kind


class BackupError(ScorelineError):
    """A backup failed, or a restore. The text says why and what to do. Existing files are untouched."""


def daily_backup(settings: Settings, company: Company) -> Path | None:
    """Make today's backup, unless it exists or `backup.keep` is 0; delete the oldest beyond `backup.keep`.
    Call it after a build.

    Raises:
        BackupError: the disk is full, or the folder cannot be written.
    """
    keep = company.backup.keep
    folder = settings.backups_dir / local_date(settings.now(), company.zone).isoformat()
    if keep == 0 or folder in backups(settings):
        return None
    make_backup(settings, folder)
    for old in backups(settings)[:-keep]:
        shutil.rmtree(old)
    return folder


def make_backup(settings: Settings, folder: Path) -> None:
    """Copy the warehouse and the store into `folder`, replacing its contents. On failure the
    folder stays as it was.

    Raises:
        BackupError: there is no warehouse yet, the disk is full, or the folder cannot be written.
        WarehouseError: the warehouse is damaged, or a process without the write lock holds it.
    """
    warehouse = Warehouse(settings)
    if not warehouse.path.exists():
        raise BackupError(f"{warehouse.path} does not exist yet, so there is nothing to back up.")
    part = folder.with_name(f".{folder.name}.part")
    try:
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir(parents=True)
        copy_store(settings, part)
        with warehouse.write_lock("backup"):
            with contextlib.closing(warehouse.connect()) as connection:
                connection.execute("checkpoint")
            _copy(warehouse.path, part / "warehouse.duckdb")
        shutil.rmtree(folder, ignore_errors=True)
        part.replace(folder)
    except StoreError as error:
        raise BackupError(f"{folder}: no backup was made: {error}") from None
    except OSError as error:
        raise BackupError(
            f"{folder}: no backup was made: {error.strerror}. Make room and try again."
        ) from None
    finally:
        shutil.rmtree(part, ignore_errors=True)


def backup_of(settings: Settings, day: str | None = None) -> Path:
    """The backup of a day, by default the newest.

    Raises:
        BackupError: there is none.
    """
    found = {folder.name: folder for folder in backups(settings)}
    if not found:
        raise BackupError(f"{settings.backups_dir} has no backup.")
    if day is not None and day not in found:
        raise BackupError(f"{settings.backups_dir} has no backup of {day}. It has: {', '.join(found)}.")
    return found[day or max(found)]


def restore(settings: Settings, day: str | None = None) -> tuple[Path, Path | None]:
    """Restore the warehouse of a backup (default: the newest). Returns the backup, and where the current file
    was moved.

    The next refresh reads what changed since, from the cursors of the backup. The store stays: an older one
    would lack what was typed since, and send mails twice.

    Raises:
        BackupError: there is no such backup, or it cannot be copied.
    """
    if warehouse_kind(settings) != "file":
        raise BackupError(
            'The warehouse is a lake. To put a backup in its place, write kind = "file" below [warehouse] in'
            " company.toml, restore, and run `scoreline warehouse move --to ducklake` into an empty lake."
        )
    folder = backup_of(settings, day)
    path = settings.warehouse_path
    part = path.with_name(f"{path.name}.restored")
    aside = path.with_name(f"{path.stem}.{settings.now():%Y%m%dT%H%M%SZ}.replaced{path.suffix}")
    try:
        with Warehouse(settings).write_lock("restore"):
            _copy(folder / path.name, part)
            # with its write-ahead log, or DuckDB would apply that to the restored file
            for end in ("", ".wal"):
                if Path(f"{path}{end}").exists():
                    Path(f"{path}{end}").replace(f"{aside}{end}")
            part.replace(path)
            # packages fetched after the backup carry cursors that would skip what changed in between
            for fetched in settings.dlt_dir.glob("*/"):
                shutil.rmtree(fetched, ignore_errors=True)
    except OSError as error:
        raise BackupError(
            f"The backup {folder} was not restored: {error.strerror}. Make room and try again."
        ) from None
    finally:
        part.unlink(missing_ok=True)
    return folder, aside if aside.exists() else None


def _copy(source: Path, target: Path) -> None:
    shutil.copyfile(source, target)
    with target.open("rb+") as file:
        os.fsync(file.fileno())
