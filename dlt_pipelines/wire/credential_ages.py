"""The age of each credential: how long its current value has been in use.

Only a slow salted hash (scrypt) of a value is kept, in `secrets/ages/<source>.json` of the home. It shows
whether the value is still the same and cannot be turned back into it. Loads and the doctor both compare, so a
change is noticed within a day.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from datetime import datetime
from pathlib import Path

from pydantic import SecretStr

from dlt_pipelines.wire.credentials import Credentials
from foundation.settings import Settings

_STAYS = ("_ID", "_USERNAME", "_EMAIL")
"""Endings of variables that name an account; they are never rotated."""


def values_of(credentials: Credentials) -> dict[str, str]:
    """Return variable -> value, for every secret that is set and can be rotated."""
    fields = type(credentials).model_fields
    found = {fields[name].alias or name: value for name, value in credentials}
    return {
        name: value.get_secret_value()
        for name, value in found.items()
        if isinstance(value, SecretStr) and not name.endswith(_STAYS)
    }


def since(settings: Settings, source: str, values: dict[str, str]) -> dict[str, datetime]:
    """Return variable -> when its current value was first seen (UTC, by the clock of the run). Remembers new
    values."""
    path = settings.home / "secrets" / "ages" / f"{source}.json"
    kept, now = _read(path), settings.now()
    found: dict[str, datetime] = {}
    fresh: dict[str, dict[str, str]] = {}
    for name, value in values.items():
        entry = kept.get(name, {})
        with contextlib.suppress(KeyError, ValueError):
            if _hash(value, entry["salt"]) == entry["hash"]:
                # a clock that was ahead once must not make a credential look younger forever
                found[name] = min(datetime.fromisoformat(entry["since"]), now)
        if name not in found:
            salt = os.urandom(16).hex()
            entry = {"salt": salt, "hash": _hash(value, salt), "since": now.isoformat()}
            found[name] = now
        fresh[name] = {**entry, "since": found[name].isoformat()}
    if fresh != kept:
        _write(path, fresh)
    return found


def _hash(value: str, salt: str) -> str:
    return hashlib.scrypt(value.encode(), salt=bytes.fromhex(salt), n=2**13, r=8, p=1).hex()


def _read(path: Path) -> dict[str, dict[str, str]]:
    """Return the kept entries; none if the file is missing or damaged: the ages then start again."""
    try:
        content = json.loads(path.read_bytes())
        return {name: entry for name, entry in content.items() if isinstance(entry, dict)}
    except (OSError, ValueError, AttributeError):
        return {}


def _write(path: Path, entries: dict[str, dict[str, str]]) -> None:
    """Replace the file, mode 0600. If the disk is full, only the ages are lost."""
    with contextlib.suppress(OSError):
        for folder in (path.parent.parent, path.parent):  # mkdir gives parents another mode
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        part = path.with_suffix(f".{os.getpid()}.part")
        try:
            with os.fdopen(
                os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8"
            ) as file:
                json.dump(entries, file, indent=1)
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)
