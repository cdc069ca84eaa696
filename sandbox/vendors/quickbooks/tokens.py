"""Intuit's tokens: exchanges, chains, and who may enter."""

from __future__ import annotations

import base64
import hashlib
import hmac
import time
from itertools import count
from urllib.parse import parse_qs

from sandbox.engine.store import to_ms
from sandbox.engine.world import Answer, Call, World

CREDENTIALS = {
    "QUICKBOOKS_CLIENT_ID": "ABcanaryclientquickbooks51xQ",
    "QUICKBOOKS_CLIENT_SECRET": "canary-quickbooks-secret-9f31c7",
    "QUICKBOOKS_REFRESH_TOKEN": "AB11canary-quickbooks-typed-77d0e2",
    "QUICKBOOKS_REALM_ID": "9130canary355188",
}
ACCESS_SECONDS = 3_600
DAY = 86_400_000
_SERIAL = count(1)


def _signed(*parts: object) -> str:
    text = "|".join(map(str, parts))
    mark = hmac.new(b"sandbox", text.encode(), hashlib.sha256).hexdigest()[:12]
    return base64.urlsafe_b64encode(f"{text}|{mark}".encode()).decode().rstrip("=")


def _opened(token: str) -> list[str] | None:
    try:
        text, _, mark = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)).decode().rpartition("|")
    except ValueError:
        return None
    known = hmac.new(b"sandbox", text.encode(), hashlib.sha256).hexdigest()[:12]
    return text.split("|") if hmac.compare_digest(mark, known) else None


def _spent(world: World) -> set[str]:
    """Names of the refresh tokens whose successors were used."""
    found: set[str] = world.memory.setdefault("quickbooks.spent", set())
    return found


def exchange(world: World, call: Call) -> Answer:
    keys = f"{CREDENTIALS['QUICKBOOKS_CLIENT_ID']}:{CREDENTIALS['QUICKBOOKS_CLIENT_SECRET']}"
    if call.headers.get("authorization", "") != f"Basic {base64.b64encode(keys.encode()).decode()}":
        return Answer(401, {"error": "invalid_client"})
    fields = {name: values[0] for name, values in parse_qs(call.body.decode()).items()}
    if fields.get("grant_type") != "refresh_token":
        return Answer(400, {"error": "unsupported_grant_type"})
    now = to_ms(world.clock.now())
    given, typed = fields.get("refresh_token", ""), CREDENTIALS["QUICKBOOKS_REFRESH_TOKEN"]
    if given == typed:
        name, before, consented, issued = typed, "", now, now - DAY
    elif given.startswith(f"{typed}."):
        name, before, consented, issued = given, "", now, now - DAY
    elif given.startswith("AB11-canary-") and (parts := _opened(given.removeprefix("AB11-canary-"))):
        name, before, consented, issued = parts[0], parts[1], int(parts[2]), int(parts[3])
    else:
        return _no_grant()
    if name in _spent(world) or now - issued > 100 * DAY or now - consented > 5 * 365 * DAY:
        return _no_grant()
    newest: dict[str, str] = world.memory.setdefault("quickbooks.newest", {})
    if newest.get(before, name) != name:
        return _no_grant()
    if before and before != typed:
        _spent(world).add(before)
    if now - issued >= DAY:
        before, name, issued = name, f"r{next(_SERIAL)}-{time.time_ns()}", now
        if before != typed:
            newest[before] = name
        given = "AB11-canary-" + _signed(name, before, consented, issued)
    left = min(100 * DAY - (now - issued), 5 * 365 * DAY - (now - consented))
    body = {
        "token_type": "bearer",
        "access_token": "eyJcanary." + _signed(before, f"{time.time():.3f}"),
        "expires_in": ACCESS_SECONDS,
        "refresh_token": given,
        "x_refresh_token_expires_in": left // 1000,
    }
    return Answer(200, body)


def _no_grant() -> Answer:
    return Answer(400, {"error": "invalid_grant", "error_description": "Incorrect or invalid refresh token"})


def may_enter(world: World, header: str) -> bool:
    if not header.startswith("Bearer eyJcanary."):
        return False
    parts = _opened(header.removeprefix("Bearer eyJcanary."))
    if parts is None or time.time() - float(parts[1]) > ACCESS_SECONDS:
        return False
    if parts[0] and parts[0] != CREDENTIALS["QUICKBOOKS_REFRESH_TOKEN"]:
        _spent(world).add(parts[0])
    return True
