"""JustCall's wire contract (API v2.1): the raw key pair as Authorization, pages from 0, two clocks, hourly
and per-minute limits.

What the published sources leave open is decided so that a loader cannot lean on it: there are no totals,
`next_page_link` is null on the last page, the 429 names the reset only in its headers, unknown parameters are
ignored. Filters by date are in the zone of the account, while `call_date` and `call_time` are UTC.

Tables `justcall.users`, `justcall.calls`, `justcall.sales_dialer`, properties as on the wire.
"""

from __future__ import annotations

import base64
import re
from typing import Any

from sandbox.engine.store import Row, View
from sandbox.engine.world import Answer, Call, Limiter, World

CREDENTIALS = {
    "JUSTCALL_API_KEY": "sandboxcanaryjustcall51ce07",
    "JUSTCALL_API_SECRET": "sandbox-canary-justcall-secret-9b20",
}

OPEN_PATHS = ""
ROWS = ("data",)
_SIZES = {"calls": 20, "users": 50, "sales_dialer/calls": 20}


def refuse(world: World, call: Call, status: int) -> Answer:
    """JustCall's own body for an error status."""
    texts = {
        401: "Invalid API key or secret",
        403: "Your plan does not include this",
        404: "Not found",
        429: "Too many requests",
    }
    return Answer(status, {"status": "error", "message": texts.get(status, "Something went wrong")})


async def handle(world: World, call: Call) -> Answer:
    """Answer one call: the key pair, both limits, then the path."""
    pair = f"{CREDENTIALS['JUSTCALL_API_KEY']}:{CREDENTIALS['JUSTCALL_API_SECRET']}"
    given = call.headers.get("authorization", "")
    if given not in (pair, f"Basic {base64.b64encode(pair.encode()).decode()}"):
        return refuse(world, call, 401)
    hour = world.limiter("justcall.hour", world.limits.justcall_hourly, 3600.0)
    burst = world.limiter("justcall.minute", world.limits.justcall_burst, 60.0)
    taken = burst.used() < burst.limit and hour.take() and burst.take()
    answer = _answer(world, call) if taken or not world.limits.enforced else refuse(world, call, 429)
    if world.limits.enforced:
        answer.headers |= _headers(world, "X-Rate-Limit", hour, 3600) | _headers(
            world, "X-Rate-Limit-Burst", burst, 60
        )
    return answer


def _headers(world: World, name: str, limiter: Limiter, seconds: int) -> dict[str, str]:
    return {
        f"{name}-Limit": str(limiter.limit),
        f"{name}-Remaining": str(max(limiter.limit - limiter.used(), 0)),
        f"{name}-Reset": str(int(world.clock.now().timestamp()) + seconds),
    }


def _answer(world: World, call: Call) -> Answer:
    path = call.path.removeprefix("/v2.1/").rstrip("/")
    view = world.view()
    if call.method == "GET" and call.path.startswith("/v2.1/"):
        if path in _SIZES:
            return _list(view, path, call)
        if match := re.fullmatch(r"calls/(\d+)", path):
            row = view.table("justcall.calls").by_id.get(int(match[1]))
            return (
                Answer(200, {"status": "success", "data": {"id": row.id, **row.props}})
                if row
                else refuse(world, call, 404)
            )
    return Answer(404, f"Cannot {call.method} {call.path}".encode(), content_type="text/plain")


def _list(view: View, path: str, call: Call) -> Answer:
    query = call.query
    try:
        page, size = int(query.get("page", 0)), int(query.get("per_page", _SIZES[path]))
        agent = int(query["agent_id"]) if query.get("agent_id") else None
    except ValueError:
        page, size, agent = -1, 0, None
    if page < 0 or not 1 <= size <= 100:
        return Answer(
            400, {"status": "error", "message": "page must be 0 or more, per_page between 1 and 100"}
        )
    if path == "users":
        rows = list(view.table("justcall.users"))
    else:
        table = view.table("justcall.calls" if path == "calls" else "justcall.sales_dialer")
        low, high = _wall(query.get("from_datetime", "")), _wall(query.get("to_datetime", ""), last=True)
        rows = [
            row
            for row in table
            if (agent is None or row.props["agent_id"] == agent) and low <= _local(row) <= high
        ]
        if direction := query.get("call_direction"):
            rows = [row for row in rows if row.props["call_info"]["direction"] == direction]
        if query.get("sort") == "datetime":
            rows.sort(key=_local)
    if query.get("order", "asc" if path == "users" else "desc") == "desc":
        rows.reverse()
    chosen = rows[page * size : (page + 1) * size]
    data = [{("call_id" if path.startswith("sales") else "id"): row.id, **row.props} for row in chosen]
    following = None
    if len(rows) > (page + 1) * size:
        following = f"{call.base_url}/v2.1/{path}?page={page + 1}&per_page={size}&last_call_id_fetched={chosen[-1].id}"
    return Answer(200, {"status": "success", "count": len(data), "data": data, "next_page_link": following})


def _wall(text: str, *, last: bool = False) -> str:
    """A bound as the account's wall clock; a day alone is its first or last second; no text, no bound."""
    if not text:
        return "9999" if last else ""
    return text if len(text) > 10 else f"{text} {'23:59:59' if last else '00:00:00'}"


def _local(row: Row) -> str:
    props: dict[str, Any] = row.props
    return f"{props['call_user_date']} {props['call_user_time']}"
