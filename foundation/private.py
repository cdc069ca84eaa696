"""Who may read what runs leave behind: the home is its owner's, and only the site opens as far as
company.toml says."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from foundation.settings import Company, Settings

_OTHERS = stat.S_IRWXG | stat.S_IRWXO


def private_files() -> None:
    """Files that this process and its children make are readable by their owner alone: bank transactions,
    names, addresses, logs."""
    os.umask(_OTHERS)


def close_home(settings: Settings, company: Company) -> None:
    """Take other users' permissions from the home, if the folder is ours: one with a warehouse in it.

    Where the site may be read by others (`pages.site_mode`), they may pass through the home, without listing
    it.
    """
    home = settings.home
    if settings.warehouse_path.exists() and home.stat().st_uid == os.getuid():
        home.chmod(home_mode(company))


def home_mode(company: Company) -> int:
    """Permissions of the home: 0700, and passing through for whom the site is open."""
    return 0o700 | (site_mode(company) & 0o044) >> 2


def site_mode(company: Company) -> int:
    """Permissions of the site's files."""
    return int(company.pages.site_mode, 8)


def open_to_others(settings: Settings, company: Company) -> Iterator[Path]:
    """Files and folders in the home (the site apart) that other users can read."""
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
        settings.deliveries_path,
        settings.backups_dir,
        settings.dlt_dir,
    )
    yield from (settings.outbox_dir, *sorted(settings.outbox_dir.glob("*.eml")), settings.dagster_home)
