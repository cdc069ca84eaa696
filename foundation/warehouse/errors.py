"""What can be wrong with the warehouse's file, in sentences for people."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from pathlib import Path

import duckdb

from foundation.errors import ScorelineError
from foundation.settings import Settings

_HELD = "Could not set lock on file"
_FULL = ("No space left on device", "Disk quota exceeded", "max_temp_directory_size")
_LARGE = "Out of Memory Error"
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


class TooLarge(WarehouseError):
    """A statement needs more memory than it may take, even with the disk. The text names the setting."""


class WarehouseDamaged(WarehouseError):
    """The file is not a complete DuckDB database. The text says what is safe, what is not, and how to
    restore it."""


def translate(error: Exception, settings: Settings) -> WarehouseError | None:
    """An error about the warehouse's file or a full disk, for people; None if the error is about something
    else."""
    text, path = str(error), settings.warehouse_path
    if lack := no_room(text, settings):
        return lack
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


def no_room(text: str, settings: Settings) -> DiskFull | TooLarge | None:
    """Return what the text of an error (DuckDB's, the operating system's, dbt's) says is used up, the disk or
    the memory; None if it is about something else."""
    if _LARGE in text:
        return TooLarge(
            f"DuckDB needs more memory than the {settings.memory} that it may take, so this run could not"
            " finish; what was stored before stays. Set SCORELINE_MEMORY in the environment or in .env to"
            " more, such as 2GB, and run it again."
        )
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
    """Raise DiskFull or TooLarge where the block fails because disk or memory are used up."""
    try:
        yield
    except (duckdb.Error, OSError) as error:
        raise no_room(str(error), settings) or error from None


def backups(settings: Settings) -> list[Path]:
    """The folders with backups, oldest first, named after the day (YYYY-MM-DD)."""
    return sorted(path.parent for path in settings.backups_dir.glob("????-??-??/warehouse.duckdb"))
