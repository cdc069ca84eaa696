"""Datto RMM's wire contract (API v2): the password grant with the public client, lists with links, the
account's sliding minute.

What the published sources leave open is decided the stricter way: a 429 has no Retry-After, who keeps on
after it is blocked with a 403, an error's body is a bare message. Links keep `max` and `page` and lose every
filter. The last page's link is null for devices and "" for sites.

Tables: `datto_rmm.devices` and `datto_rmm.sites`, properties as on the wire. What moves every minute is
worked out when it is asked for: when a device was last seen (`silent_since`, milliseconds: not since then)
and how many devices of a site are online.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import re
from typing import Any
from urllib.parse import parse_qsl, urlencode

from sandbox.engine.store import Row, View, to_ms
from sandbox.engine.world import Answer, Call, World

CREDENTIALS = {
    "DATTO_RMM_API_KEY": "SANDBOXCANARYRMMKEY4471",
    "DATTO_RMM_API_SECRET": "sandbox-canary-rmm-secret-90bd",
}

OPEN_PATHS = r"^/api/v2/system/status/?$"
ROWS = ("devices", "sites")

MOST_ROWS = 250
TOKEN_SECONDS = 360_000
READS, SECONDS = 600, 60.0
SLOW_SHARE = 0.9
PATIENCE = 60
"""After this many refused calls in five minutes, the address is blocked for the rest of the five minutes."""

MINUTE, HOUR = 60_000, 3_600_000
_LIKE = {"hostname": "hostname", "operatingSystem": "operatingSystem", "siteName": "siteName"}


def refuse(world: World, call: Call, status: int) -> Answer:
    """The vendor's body for an error status."""
    if call.path.startswith("/auth/") and status in (400, 401):
        return Answer(status, {"error": "invalid_grant", "error_description": "Bad credentials"})
    texts = {
        401: "Unauthorized",
        403: "Access is denied",
        404: "Not Found",
        405: "Method Not Allowed",
        429: "Too Many Requests",
    }
    return Answer(status, {"message": texts.get(status, "Internal Server Error")})


async def handle(world: World, call: Call) -> Answer:
    """Answer one call."""
    path = call.path.rstrip("/")
    if path == "/auth/oauth/token":
        return _token(world, call)
    if re.match(OPEN_PATHS, path):
        return Answer(200, {"version": "14.2.0", "status": "OK", "started": "2025-10-01T00:00:00Z"})
    if not path.startswith("/api/v2/"):
        return refuse(world, call, 404)
    if not _signed_in(world, call):
        return refuse(world, call, 401)
    if call.method != "GET":
        return refuse(world, call, 405)
    reads = world.limiter("datto_rmm.reads", READS, SECONDS)
    refused = world.limiter("datto_rmm.refused", PATIENCE, 300.0)
    if world.limits.enforced and refused.used() >= PATIENCE:
        return refuse(world, call, 403)
    if not reads.take() and world.limits.enforced:
        refused.take()
        return refuse(world, call, 429)
    if world.limits.enforced and reads.used() > SLOW_SHARE * READS:
        await asyncio.sleep(1.0)
    return _answer(world, call, path.removeprefix("/api/v2"))


# ------------------------------------------------------------------ the way in


def _token(world: World, call: Call) -> Answer:
    client = base64.b64encode(b"public-client:public").decode()
    if call.method != "POST" or call.headers.get("authorization") != f"Basic {client}":
        return Answer(
            401,
            {
                "error": "unauthorized",
                "error_description": "Full authentication is required to access this resource",
            },
        )
    form = dict(parse_qsl(call.body.decode("utf-8", "replace")))
    if form.get("grant_type") != "password":
        return Answer(400, {"error": "unsupported_grant_type", "error_description": "Unsupported grant type"})
    if (form.get("username"), form.get("password")) != tuple(CREDENTIALS.values()):
        return refuse(world, call, 400)
    issued = to_ms(world.clock.now())
    token = {
        "access_token": _sign(issued),
        "token_type": "bearer",
        "expires_in": TOKEN_SECONDS - 1,
        "scope": "any",
        "jti": "sandbox",
    }
    return Answer(200, token)


def _sign(issued: int) -> str:
    seal = hashlib.sha256(f"{issued}/{CREDENTIALS['DATTO_RMM_API_SECRET']}".encode()).hexdigest()[:24]
    return f"eyJsandboxcanaryrmmtoken.{issued}.{seal}"


def _signed_in(world: World, call: Call) -> bool:
    match = re.fullmatch(
        r"Bearer (eyJsandboxcanaryrmmtoken\.(\d+)\.\w+)", call.headers.get("authorization", "")
    )
    return bool(
        match
        and match[1] == _sign(int(match[2]))
        and to_ms(world.clock.now()) - int(match[2]) < TOKEN_SECONDS * 1000
    )


# ------------------------------------------------------------------ lists


def _answer(world: World, call: Call, path: str) -> Answer:
    view = world.view()
    if path == "/account":
        return Answer(200, _account(view))
    if path == "/account/devices":
        return _devices(world, view, call, None)
    if path == "/account/sites":
        wanted = call.query.get("siteName", "").lower()
        rows = [row for row in view.table("datto_rmm.sites") if wanted in row.props["name"].lower()]
        counts = _counts(view)
        return _page(call, "sites", [_site(row, counts) for row in rows], last="")
    if match := re.fullmatch(r"/site/([^/]+)/devices", path):
        if not any(row.props["uid"] == match[1] for row in view.table("datto_rmm.sites")):
            return refuse(world, call, 404)
        return _devices(world, view, call, match[1])
    if path == "/system/pagination":
        return Answer(200, {"max": MOST_ROWS})
    if path == "/system/request_rate":
        used = world.limiter("datto_rmm.reads", READS, SECONDS).used()
        return Answer(
            200,
            {
                "slidingTimeWindowSizeSeconds": int(SECONDS),
                "accountUid": ACCOUNT_UID,
                "accountCount": used,
                "accountRateLimit": READS,
                "accountCutOffRatio": SLOW_SHARE,
                "accountWriteRateLimit": READS,
                "accountWriteCount": 0,
                "operationWriteStatus": {"site-create": {"limit": 100, "count": 0}},
            },
        )
    return refuse(world, call, 404)


ACCOUNT_UID = "cedar7f0a4"


def _account(view: View) -> dict[str, Any]:
    counts = _counts(view)
    total, online = (sum(count[part] for count in counts.values()) for part in (0, 1))
    return {
        "id": 4711,
        "uid": ACCOUNT_UID,
        "name": "Cedar Ridge IT",
        "currency": "USD",
        "descriptor": {
            "bilingEmail": "billing@cedar-ridge.example",
            "deviceLimit": 5000,
            "timeZone": "America/Chicago",
        },
        "devicesStatus": {
            "numberOfDevices": total,
            "numberOfOnlineDevices": online,
            "numberOfOfflineDevices": total - online,
        },
    }


def _devices(world: World, view: View, call: Call, site_uid: str | None) -> Answer:
    if "filterId" in call.query:
        # the sandbox has one filter: all servers
        if call.query["filterId"] != "9001":
            return refuse(world, call, 404)
        rows = [
            row for row in view.table("datto_rmm.devices") if row.props["deviceType"]["category"] == "Server"
        ]
    else:
        rows = list(view.table("datto_rmm.devices"))
        for name, field in _LIKE.items():
            if wanted := call.query.get(name, "").lower():
                rows = [row for row in rows if wanted in (row.props[field] or "").lower()]
        if wanted := call.query.get("deviceType", "").lower():
            rows = [row for row in rows if wanted in row.props["deviceType"]["category"].lower()]
    if site_uid is not None:
        rows = [row for row in rows if row.props["siteUid"] == site_uid]
    return _page(call, "devices", rows, last=None, shape=lambda row: _device(row, view.at))


def _page(call: Call, key: str, rows: list[Any], *, last: str | None, shape: Any = lambda row: row) -> Answer:
    """One page: pages count from 0, links keep `max` and `page` only."""
    try:
        size, page = min(int(call.query.get("max", MOST_ROWS)), MOST_ROWS), int(call.query.get("page", 0))
    except ValueError:
        size = page = -1
    if size < 1 or page < 0:
        return Answer(400, {"message": "Request parameters are invalid."})

    def link(number: int) -> str:
        return f"{call.base_url}{call.path}?{urlencode({'max': size, 'page': number})}"

    items = [shape(row) for row in rows[page * size : (page + 1) * size]]
    details = {
        "count": len(items),
        "totalCount": len(rows),
        "prevPageUrl": link(page - 1) if page else last,
        "nextPageUrl": link(page + 1) if (page + 1) * size < len(rows) else last,
    }
    return Answer(200, {"pageDetails": details, key: items})


def seen(row: Row, now: int) -> tuple[int, bool]:
    """When a device was last seen, and whether it is online: servers always, others at most times, silent
    ones never."""
    silent = row.props.get("silent_since")
    if silent is not None:
        return silent, False
    always = row.props["deviceType"]["category"] == "Server" or row.props["deviceClass"] != "device"
    away = (
        0
        if always or (row.id * 2_654_435_761 + now // (4 * HOUR)) % 100 < 72
        else (row.id * 7919 + now // HOUR) % 40 * HOUR
    )
    return now - away - (row.id * 104_729) % (5 * MINUTE), away == 0


def _device(row: Row, now: int) -> dict[str, Any]:
    last_seen, online = seen(row, now)
    item = {name: value for name, value in row.props.items() if name != "silent_since"}
    fields = {f"udf{number}": None for number in range(1, 31)} | (item.get("udf") or {})
    reboot = max(row.props["creationDate"], last_seen - (row.id * 31 % 45) * 24 * HOUR)
    return {
        "id": row.id,
        **item,
        "udf": fields,
        "online": online,
        "lastSeen": last_seen,
        "lastReboot": reboot if row.props["deviceClass"] == "device" else None,
        "lastAuditDate": last_seen - last_seen % (24 * HOUR),
        "webRemoteUrl": f"https://sandbox.rmm.example/web-remote/canary-remote-{row.id}",
        "portalUrl": f"https://sandbox.rmm.example/device/{row.id}",
    }


def _counts(view: View) -> dict[int, tuple[int, int]]:
    """Site id -> devices, devices online."""
    found: dict[int, tuple[int, int]] = {}
    for row in view.table("datto_rmm.devices"):
        total, online = found.get(row.props["siteId"], (0, 0))
        found[row.props["siteId"]] = (total + 1, online + seen(row, view.at)[1])
    return found


def _site(row: Row, counts: dict[int, tuple[int, int]]) -> dict[str, Any]:
    total, online = counts.get(row.id, (0, 0))
    status = {
        "numberOfDevices": total,
        "numberOfOnlineDevices": online,
        "numberOfOfflineDevices": total - online,
    }
    return {"id": row.id, **row.props, "devicesStatus": status}
