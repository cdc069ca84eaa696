"""Drawings that Slack or Teams fetches by address. Each shows what the message said, under a signed name that
expires; the portal serves it to anyone who has the address."""

from __future__ import annotations

import re
import secrets
import time
from contextlib import suppress
from hashlib import sha256
from pathlib import Path

from itsdangerous import BadSignature, URLSafeTimedSerializer

from foundation.atomic import write_atomically
from foundation.settings import Settings

LASTS = 14 * 86_400
"""Seconds. Slack and Teams keep a copy of their own once somebody has seen it."""
SIZE = (512, 180)
"""Width and height of a drawing in pixels. Its picture is twice as large, and Teams shows at most 1024
pixels."""

_KEY = "key"


def keep(settings: Settings, line_id: str, png: bytes) -> str:
    """Store a drawing of a line and return its signed name."""
    _forget_old(settings)
    digest = sha256(png).hexdigest()[:32]
    write_atomically(_folder(settings) / f"{digest}.png", png)
    key = _folder(settings) / _KEY
    if not key.exists():
        write_atomically(key, secrets.token_hex(32).encode())
    return str(_serializer(settings).dumps([line_id, digest]))


def find(settings: Settings, name: str) -> tuple[str, bytes] | None:
    """Return the line and the drawing of a signed name; None: the signature is not ours, or has expired."""
    try:
        line_id, digest = _serializer(settings).loads(name, max_age=LASTS)
        return line_id, (_folder(settings) / f"{digest}.png").read_bytes()
    except (BadSignature, FileNotFoundError):
        return None


def _folder(settings: Settings) -> Path:
    return settings.home / "pictures"


def _serializer(settings: Settings) -> URLSafeTimedSerializer:
    """Signs with a key that only this home has."""
    return URLSafeTimedSerializer((_folder(settings) / _KEY).read_bytes(), salt="picture")


def _forget_old(settings: Settings) -> None:
    for path in _folder(settings).glob("*.png"):
        if re.fullmatch(r"[0-9a-f]{32}", path.stem):
            with suppress(FileNotFoundError):
                if time.time() - path.stat().st_mtime > LASTS:
                    path.unlink()
