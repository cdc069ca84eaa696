"""Who may read what runs write: only the owner of the home, and for the site whom company.toml allows."""

from __future__ import annotations

import errno
import os
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from foundation.errors import SettingsError

if TYPE_CHECKING:
    from foundation.settings import Company, Settings

_OTHERS = stat.S_IRWXG | stat.S_IRWXO


def private_files() -> None:
    """Let only the owner read files that this process and its children create: they hold bank transactions,
    names, addresses and logs."""
    os.umask(_OTHERS)


def make_home(home: Path) -> None:
    """Make the folder of everything that runs write, and be sure that it can be written.

    Raises:
        SettingsError: a file is in its place, or this user may not write there.
    """
    way_out = "Set SCORELINE_HOME to a folder that this user can write."
    try:
        home.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=home):
            pass
    except (FileExistsError, NotADirectoryError) as error:
        raise SettingsError(f"{home} is not a folder: {error.filename} is a file. {way_out}") from None
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise SettingsError(f"The disk with {home} is full. Make room there and run it again.") from None
        raise SettingsError(f"{home} cannot be written: {os.strerror(error.errno or 0)}. {way_out}") from None


def close_home(settings: Settings, company: Company) -> None:
    """Remove other users' permissions from the home, if the folder is ours and has a warehouse in it.

    If others may read the site (`pages.site_mode`), they may enter the home without listing it.
    """
    home = settings.home
    if settings.warehouse_path.exists() and home.stat().st_uid == os.getuid():
        home.chmod(home_mode(company))


def home_mode(company: Company) -> int:
    """Permissions of the home: 0700, plus entry for those who may read the site."""
    return 0o700 | (site_mode(company) & 0o044) >> 2


def site_mode(company: Company) -> int:
    """Permissions of the site's files."""
    return int(company.pages.site_mode, 8)


def open_to_others(settings: Settings, company: Company) -> Iterator[Path]:
    """Files and folders in the home, except the site, that other users can read."""
    if not settings.warehouse_path.exists():
        return  # nothing to read yet
    for path in (settings.home, *_private(settings)):
        if path.exists():
            allowed = home_mode(company) if path == settings.home else 0o700
            if stat.S_IMODE(path.stat().st_mode) & _OTHERS & ~allowed:
                yield path


def _private(settings: Settings) -> Iterator[Path]:
    yield from (
        settings.warehouse_path,
        settings.published_path,
        settings.store_path,
        settings.backups_dir,
        settings.dlt_dir,
    )
    yield from (settings.outbox_dir, *sorted(settings.outbox_dir.glob("*.*")), settings.dagster_home)
