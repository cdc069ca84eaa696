"""The published builds of a lake: files in the storage, and beside them a pointer to the newest one."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

from filelock import FileLock
from pydantic import BaseModel

from foundation.settings import Settings
from foundation.storage import Missing, Storage
from foundation.warehouse.errors import WarehouseError

log = logging.getLogger(__name__)

KEPT = 5
"""Builds that stay in the storage: a reader may still be fetching an earlier one."""
_POINTER = "published/current.json"


class Pointer(BaseModel):
    """Which build is published."""

    build: str
    """Its file is `published/<build>.duckdb`. Names sort by the time of the build."""
    snapshot: int
    """The lake's snapshot that the build was made of."""
    sha256: str
    """Of the file."""
    published_at: str
    """ISO instant, UTC."""

    @property
    def name(self) -> str:
        """The name of its file in the storage."""
        return f"published/{self.build}.duckdb"


def newest(storage: Storage) -> Pointer | None:
    """Return which build is published; None: none yet."""
    try:
        return Pointer.model_validate_json(storage.read(_POINTER))
    except Missing:
        return None


def put(storage: Storage, settings: Settings, file: Path, snapshot: int) -> None:
    """Publish a file for all machines: the file first, the pointer to it last. Call with the lock held."""
    pointer = Pointer(
        build=f"{snapshot:012d}-{uuid4().hex[:12]}",
        snapshot=snapshot,
        sha256=_digest(file),
        published_at=datetime.now(UTC).isoformat(timespec="seconds"),
    )
    storage.put(pointer.name, file)
    storage.write(_POINTER, pointer.model_dump_json().encode())
    _note(settings).write_text(pointer.model_dump_json(), encoding="utf-8")
    for old in sorted(storage.names("published/"))[:-KEPT]:
        if old.endswith(".duckdb") and not old.endswith(pointer.name):
            storage.delete(old)


def fetch(storage: Storage, settings: Settings, errors: Callable[[], AbstractContextManager[None]]) -> Path:
    """Return the published file in this home, after fetching it if another build has been published.

    `errors`: raises WarehouseError where its block fails because of the storage.

    Raises:
        WarehouseError: the storage cannot be reached and nothing was fetched before, or the file does not
            match its pointer.
    """
    target = settings.published_path
    target.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(target.with_suffix(".lock")):
        for tried in (1, 2):
            try:
                with errors():
                    pointer = newest(storage)
            except WarehouseError as error:
                if not target.exists():
                    raise
                log.warning("the newest build cannot be looked for, the last one is read: %s", error)
                return target
            if pointer is None or (target.exists() and _noted(settings) == pointer.build):
                return target
            part = target.with_suffix(".fetched")
            try:
                with errors():
                    storage.get(pointer.name, part)
                if _digest(part) == pointer.sha256:
                    part.replace(target)
                    _note(settings).write_text(pointer.model_dump_json(), encoding="utf-8")
                    log.info("fetched the published build %s", pointer.build)
                    return target
            except Missing:  # a newer build has replaced it meanwhile
                pass
            finally:
                part.unlink(missing_ok=True)
            log.warning("the published build %s could not be fetched whole (%d)", pointer.build, tried)
    raise WarehouseError(
        f"The published file in {storage.root} does not match its pointer. Run the build again."
    )


def _note(settings: Settings) -> Path:
    return settings.published_path.with_suffix(".json")


def _noted(settings: Settings) -> str | None:
    """Return the build that this home has."""
    try:
        return Pointer.model_validate_json(_note(settings).read_bytes()).build
    except (OSError, ValueError):
        return None


def _digest(file: Path) -> str:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()
