"""Datto's Partner Portal wire contract (v1): basic authentication, devices by page, assets, SaaS domains,
applications and seats.

What the published sources leave open is decided the stricter way: more than two requests at once are a 429,
more than one to SaaS a 504, and neither says how long to wait. Assets are a bare list, or pages when paging
is asked for; SaaS lists are never paged.

Tables: `datto_bcdr.devices`, `.assets`, `.customers`, `.seats`, properties as on the wire. What moves every
hour is worked out when it is asked for, from `troubles`: [from, to, text] (milliseconds) of an asset during
which every backup fails, [from, to, application, services] of a SaaS customer. `since` is the first backup of
an asset; `interval` its hours between backups.
"""

from __future__ import annotations

import asyncio
import base64
import re
from typing import Any

from sandbox.engine.formats import bcdr_time
from sandbox.engine.store import Row, View
from sandbox.engine.world import Answer, Call, World

CREDENTIALS = {
    "DATTO_API_PUBLIC_KEY": "sandboxcanarydatto01",
    "DATTO_API_SECRET_KEY": "sandbox-canary-datto-secret-6e17c0",
}

OPEN_PATHS = ""
ROWS = ("items",)

SERVICE_SECONDS = 0.002
HOUR, DAY = 3_600_000, 86_400_000
SEAT_TYPES = ("User", "SharedMailbox", "SharedDrive", "Site", "TeamSite", "Team")

_ROUTES = (
    r"/bcdr/device",
    r"/bcdr/device/(?P<serial>[^/]+)",
    r"/bcdr/device/(?P<serial>[^/]+)/(?P<part>asset)(?:/(?P<kind>agent|share))?",
    r"/bcdr/device/(?P<serial>[^/]+)/(?P<part>alert)",
    r"/saas/domains",
    r"/saas/(?P<customer>\d+)/(?P<part>applications|seats)",
)


def refuse(world: World, call: Call, status: int) -> Answer:
    """Datto's own body for an error status."""
    codes = {
        401: ("exception.unauthorizedhttpexception", "Unauthorized"),
        403: ("exception.accessdeniedhttpexception", "Access denied"),
        404: ("exception.notfoundhttpexception", f'No route found for "{call.method} {call.path}"'),
        429: ("exception.toomanyrequestshttpexception", "Too many requests"),
        504: ("exception.gatewaytimeout", "Gateway timeout"),
    }
    code, message = codes.get(status, ("exception.exception", "Internal server error"))
    return Answer(status, {"code": code, "message": message})


async def handle(world: World, call: Call) -> Answer:
    """Answer one call: first whether there is such a route, then who asks, then how many ask at once."""
    path = call.path.removeprefix("/v1").rstrip("/")
    match = next((found for route in _ROUTES if (found := re.fullmatch(route, path))), None)
    if match is None or call.method != "GET" or not call.path.startswith("/v1/"):
        return refuse(world, call, 404)
    wanted = base64.b64encode(":".join(CREDENTIALS.values()).encode()).decode()
    if call.headers.get("authorization") != f"Basic {wanted}":
        return refuse(world, call, 401)
    answer = await _in_turn(world, call, path, match.groupdict())
    used = world.limiter("datto_bcdr.hour", 1_000_000, 3600.0)
    used.take()
    answer.headers |= {
        "X-Request-Id": f"sandbox-{world.calls}",
        "X-API-Limit-Remaining": str(5_000 - used.used() % 5_000),
        "X-API-Limit-Resets": "3600",
        "X-API-Limit-Cost": "1",
    }
    return answer


async def _in_turn(world: World, call: Call, path: str, found: dict[str, str]) -> Answer:
    saas = path.startswith("/saas")
    lanes = ("datto_bcdr", "datto_bcdr.saas") if saas else ("datto_bcdr",)
    if world.limits.enforced and world.in_flight.get("datto_bcdr", 0) >= 2:
        return refuse(world, call, 429)
    if world.limits.enforced and saas and world.in_flight.get("datto_bcdr.saas", 0) >= 1:
        return refuse(world, call, 504)
    for lane in lanes:
        world.in_flight[lane] = world.in_flight.get(lane, 0) + 1
    try:
        if world.limits.enforced:
            await asyncio.sleep(SERVICE_SECONDS)
        return _answer(world, call, world.view(), path, found)
    finally:
        for lane in lanes:
            world.in_flight[lane] -= 1


def _answer(world: World, call: Call, view: View, path: str, found: dict[str, str]) -> Answer:
    if path == "/saas/domains":
        return Answer(200, [_domain(row, view.at) for row in view.table("datto_bcdr.customers")])
    if "customer" in found:
        customer = view.table("datto_bcdr.customers").by_id.get(int(found["customer"]))
        if customer is None:
            return refuse(world, call, 404)
        if found["part"] == "seats":
            return _seats(world, call, view, customer)
        return _applications(world, call, view, customer)
    if "serial" not in found:
        rows = [
            row
            for row in view.table("datto_bcdr.devices")
            if call.query.get("showHiddenDevices", "1") == "1" or not row.props["hidden"]
        ]
        return _page(world, call, [_device(row, view) for row in rows])
    device = view.table("datto_bcdr.devices").by_id.get(found["serial"])
    if device is None:
        return refuse(world, call, 404)
    if "part" not in found:
        return Answer(200, _device(device, view))
    if found["part"] == "alert":
        return _page(world, call, [])
    assets = [
        _asset(row, view.at) for row in _assets(view, device.id) if found["kind"] in (None, row.props["type"])
    ]
    if "_page" in call.query or "_perPage" in call.query:
        return _page(world, call, assets)
    return Answer(200, assets)


def _page(world: World, call: Call, items: list[Any]) -> Answer:
    try:
        page, size = int(call.query.get("_page", 1)), int(call.query.get("_perPage", 100))
    except ValueError:
        page = size = 0
    if page < 1 or size < 1:
        return Answer(400, {"code": "exception.badrequesthttpexception", "message": "Invalid paging."})
    rows = items[(page - 1) * size : page * size]
    pagination = {
        "page": page,
        "perPage": size,
        "totalPages": max(1, -(-len(items) // size)),
        "count": len(rows),
    }
    return Answer(200, {"pagination": pagination, "items": rows})


# ------------------------------------------------------------------ BCDR


def _assets(view: View, serial: str) -> list[Row]:
    return [row for row in view.table("datto_bcdr.assets") if row.props["device"] == serial]


def _device(row: Row, view: View) -> dict[str, Any]:
    kinds = [asset.props["type"] for asset in _assets(view, row.id)]
    item = {name: value for name, value in row.props.items() if name != "silent_since"}
    seen = row.props.get("silent_since") or view.at - (view.at // 7_000 + len(row.id)) % 600_000
    return {
        "serialNumber": row.id,
        **item,
        "lastSeenDate": bcdr_time(seen),
        "agentCount": kinds.count("agent"),
        "shareCount": kinds.count("share"),
        "alertCount": 0,
        "uptime": max(0, (view.at - row.changed) // 1000),
        "remoteWebUrl": f"https://canary-remote-web.example/{row.id}",
    }


def _failing(troubles: list[list[Any]], when: int) -> list[Any] | None:
    return next((trouble for trouble in troubles if trouble[0] <= when < trouble[1]), None)


def _asset(row: Row, now: int) -> dict[str, Any]:
    props = row.props
    step = props["interval"] * HOUR
    stopped = props.get("stopped_at")
    newest = (min(now, stopped) if stopped else now) // step * step + row.id % 600_000
    tried = [when for when in range(newest, newest - 4 * step, -step) if props["since"] <= when <= now]
    trouble = _failing(props["troubles"], tried[0]) if tried else None
    # the newest backup that worked: the last one before the trouble
    good = (trouble[0] // step * step - step + row.id % 600_000 if trouble else tried[0]) if tried else 0
    good = good if good >= props["since"] else 0
    backups = []
    for when in tried:
        wrong = _failing(props["troubles"], when)
        backups.append(
            {
                "timestamp": bcdr_time(when),
                "backup": {
                    "status": "failure" if wrong else "success",
                    "errorMessage": wrong[2] if wrong else None,
                },
                "localVerification": {"status": "error" if wrong else "success", "errors": []},
                "advancedVerification": {
                    "screenshotVerification": {
                        "status": "success" if props["type"] == "agent" else "",
                        "image": "",
                    }
                },
            }
        )
    shown = {
        name: value
        for name, value in props.items()
        if name not in ("device", "troubles", "since", "interval", "stopped_at")
    }
    screenshot = good // DAY * DAY + 5 * HOUR if props["type"] == "agent" and good else 0
    return {
        **shown,
        "assetId": row.id,
        "lastSnapshot": good // 1000,
        "latestOffsite": max(0, good // 1000 - 3_600) or None,
        "localSnapshots": 0 if not good else 48,
        "lastScreenshotAttempt": min(screenshot, good) // 1000,
        "lastScreenshotAttemptStatus": bool(good and (row.id + now // DAY) % 29),
        "lastScreenshotUrl": f"https://canary-screenshot.example/{row.id}" if good else "",
        "backups": backups,
    }


# ------------------------------------------------------------------ SaaS


def _failed(customer: Row, app: str, begins: int, ends: int) -> int:
    """Services of an application without a backup between two instants."""
    troubles = [t for t in customer.props["troubles"] if t[2] == app and t[0] <= begins and t[1] >= ends]
    return sum(trouble[3] for trouble in troubles)


def _domain(row: Row, now: int) -> dict[str, Any]:
    services = row.props["services"]
    active = sum(services.values())
    recent = active - sum(_failed(row, app, now - DAY, now) for app in services)
    shown = {name: value for name, value in row.props.items() if name not in ("services", "troubles")}
    stats = {
        "activeServicesCount": active,
        "activeServicesWithRecentBackupCount": recent,
        "backupPercentage": round(100 * recent / active) if active else 0,
    }
    return {"saasCustomerId": row.id, **shown, "backupStats": stats}


def _applications(world: World, call: Call, view: View, customer: Row) -> Answer:
    try:
        days = int(call.query.get("daysUntil", 10))
    except ValueError:
        days = 0
    if not 1 <= days <= 30:
        return Answer(
            400,
            {"code": "exception.badrequesthttpexception", "message": "daysUntil must be between 1 and 30"},
        )
    apps = []
    for app, active in customer.props["services"].items():
        history = []
        for day in range(days):
            later, earlier = view.at - day * DAY, view.at - (day + 1) * DAY
            good = active - min(active, _failed(customer, app, earlier, later))
            perfect = good - (customer.id + day) % 7 // 6 if good else 0
            share = good / active if active else 1
            history.append(
                {
                    "timeWindow": f"Between{day}dAnd{day + 1}d",
                    # the later end, as the vendor has it
                    "startTime": later,
                    "endTime": earlier,
                    "status": (
                        "Perfect"
                        if perfect == active
                        else "Good"
                        if share > 0.9
                        else "Fair"
                        if share > 0.5
                        else "Poor"
                    ),
                    "totalServiceCount": active + 1,
                    "activeServiceCount": active,
                    "activeServiceWithBackupCount": good,
                    "activeServiceWithPerfectBackupCount": perfect,
                }
            )
        running = [t for t in customer.props["troubles"] if t[2] == app and t[0] <= view.at < t[1]]
        since = min((trouble[0] for trouble in running), default=view.at - 6 * HOUR)
        fully: Any = since if view.at - since < 10 * DAY else "OVER_10_DAYS_AGO"
        apps.append(
            {
                "appType": app,
                "lastFullyProtectedTime": fully,
                "uningestedServiceCount": 0,
                "backupHistory": history,
            }
        )
    suite = {"suiteType": customer.props["productType"], "appTypes": apps}
    item = {
        "customerId": customer.id,
        "customerName": customer.props["saasCustomerName"],
        "usedBytes": 1_200_000,
        "suites": [suite],
    }
    return Answer(
        200, {"pagination": {"page": 1, "perPage": 25, "totalPages": 1, "count": 1}, "items": [item]}
    )


def _seats(world: World, call: Call, view: View, customer: Row) -> Answer:
    wanted = [name for name in call.query.get("seatType", ",".join(SEAT_TYPES)).split(",") if name]
    if not set(wanted) <= set(SEAT_TYPES):
        return Answer(400, {"code": "exception.badrequesthttpexception", "message": "Unknown seatType"})
    rows = [row.props for row in view.table("datto_bcdr.seats") if row.props["customer"] == customer.id]
    return Answer(
        200, [{k: v for k, v in row.items() if k != "customer"} for row in rows if row["seatType"] in wanted]
    )
