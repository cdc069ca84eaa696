"""Zendesk Support's wire contract: cursor-based incremental export of tickets, their count, agents, groups,
over the tables `zendesk.*`.

What the published sources leave open is decided the stricter way: `start_time` together with `cursor`, a
`start_time` younger than a minute and a cursor of another shape are a 400, a page of the export holds at most
1,000 rows, the 429 has a plain body.

Tables: `zendesk.tickets`, `zendesk.users`, `zendesk.groups`, properties as on the wire. A deleted ticket
stays in the export as a row with the status `deleted`; one that is `erased` has lost its contents and most of
its keys.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable
from typing import Any

from sandbox.engine.store import Row
from sandbox.engine.world import Answer, Call, Limiter, World

CREDENTIALS = {
    "ZENDESK_SUBDOMAIN": "cedar-ridge-sandbox",
    "ZENDESK_EMAIL": "sandbox.zendesk@cedar-ridge.example",
    "ZENDESK_API_KEY": "sandbox-canary-zendesk-b41f7e",
}
OPEN_PATHS = ""
ROWS = ("tickets", "users", "groups")

EXPORTS, REQUESTS = (10, 60.0), (200, 60.0)
"""(Most requests, in this many seconds) of the incremental exports, and of everything (Suite Team)."""
MOST_EXPORTED, MOST_LISTED = 1_000, 100
WITHHELD = 60
"""Seconds for which a change is kept out of the export."""

DURATIONS = (
    "reply_time_in_minutes",
    "first_resolution_time_in_minutes",
    "full_resolution_time_in_minutes",
    "agent_wait_time_in_minutes",
    "requester_wait_time_in_minutes",
)


class _Refused(Exception):
    """An answer other than success, raised from wherever it is noticed."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer


def _error(status: int, error: Any, description: str = "") -> Answer:
    return Answer(status, {"error": error} | ({"description": description} if description else {}))


def refuse(world: World, call: Call, status: int) -> Answer:
    """Zendesk's own body for an error status; `error` is a text or an object."""
    if status == 401:
        return _error(401, "Couldn't authenticate you")
    if status == 403:
        return _error(
            403,
            {
                "title": "Forbidden",
                "message": "You do not have access to this page. Please contact the account owner.",
            },
        )
    if status == 404:
        return _error(404, "InvalidEndpoint", "Not found")
    if status == 429:
        return _error(
            429, "APIRateLimitExceeded", "Rate limit for the API exceeded, please wait before trying again"
        )
    if status == 500:
        return Answer(500, {"status": 500, "error": "Internal Server Error"})
    return _error(status, "Error", f"Status {status}")


async def handle(world: World, call: Call) -> Answer:
    """Answer one call: Basic credentials with `/token`, the account's minute, and the exports' own."""
    if call.headers.get("authorization") != _basic():
        return refuse(world, call, 401)
    path = call.path.removesuffix(".json")
    minute = world.limiter("zendesk", *REQUESTS)
    limits = {"X-Rate-Limit": minute}
    if path.startswith("/api/v2/incremental/"):
        limits["ratelimit-limit"] = world.limiter("zendesk.exports", *EXPORTS)
    if world.limits.enforced and any(limiter.used() >= limiter.limit for limiter in limits.values()):
        answer = refuse(world, call, 429)
        answer.headers["Retry-After"] = "60"
        return answer
    for limiter in limits.values():
        limiter.take()
    try:
        answer = (
            Answer(200, _dispatch(world, call, path)) if call.method == "GET" else refuse(world, call, 404)
        )
    except _Refused as refused:
        answer = refused.answer
    for name, limiter in limits.items():
        answer.headers |= {
            name: str(limiter.limit),
            f"{name.removesuffix('-limit')}-remaining": _remaining(limiter),
        }
    return answer


def _basic() -> str:
    user = f"{CREDENTIALS['ZENDESK_EMAIL']}/token:{CREDENTIALS['ZENDESK_API_KEY']}"
    return f"Basic {base64.b64encode(user.encode()).decode()}"


def _remaining(limiter: Limiter) -> str:
    return str(max(limiter.limit - limiter.used(), 0))


def _dispatch(world: World, call: Call, path: str) -> Any:
    if path == "/api/v2/incremental/tickets/cursor":
        return _export(world, call)
    if path == "/api/v2/users/me":
        me = next(
            row
            for row in world.view().table("zendesk.users")
            if row.props["email"] == CREDENTIALS["ZENDESK_EMAIL"]
        )
        return {"user": _record(me, "users")}
    if path == "/api/v2/users":
        roles = call.query.get("role[]", call.query.get("role", ""))
        rows = [
            row
            for row in world.view().table("zendesk.users")
            if not roles or row.props["role"] in roles.split(",")
        ]
        return _listed(call, "users", rows)
    if path == "/api/v2/search/count":
        if call.query.get("query") != "type:ticket":
            raise _Refused(_error(422, "invalid", "The sandbox searches for all tickets only"))
        return {
            "count": sum(row.props["status"] != "deleted" for row in world.view().table("zendesk.tickets"))
        }
    if path == "/api/v2/groups":
        return _listed(call, "groups", world.view().table("zendesk.groups"))
    raise _Refused(refuse(world, call, 404))


# ------------------------------------------------------------------ the export


def _export(world: World, call: Call) -> dict[str, Any]:
    now = int(world.clock.now().timestamp())
    after = _start(call, now)
    size = min(max(_number(call, "per_page", MOST_EXPORTED), 1), MOST_EXPORTED)
    rows = sorted(
        (row.props["generated_timestamp"], row.id, row) for row in world.view().table("zendesk.tickets")
    )
    found = [row for stamp, key, row in rows if (stamp, key) > after and stamp <= now - WITHHELD]
    if call.query.get("exclude_deleted") == "true":
        found = [row for row in found if row.props["status"] != "deleted"]
    page = found[:size]
    if page:
        after = (page[-1].props["generated_timestamp"], page[-1].id)
    cursor = (
        base64.b64encode(f"{after[0]}.0||{after[1]}|".encode()).decode()
        if page or "cursor" in call.query
        else None
    )
    sideloads = call.query.get("include", "").split(",")
    return {
        "tickets": [_ticket(row, "metric_sets" in sideloads) for row in page],
        # the includes are not repeated in it
        "after_url": (
            f"{call.base_url}/api/v2/incremental/tickets/cursor.json?cursor={cursor}" if cursor else None
        ),
        "after_cursor": cursor,
        "before_url": None,
        "before_cursor": None,
        "end_of_stream": len(found) <= size,
    }


def _start(call: Call, now: int) -> tuple[int, int]:
    """After which (generated_timestamp, id) to begin."""
    if "cursor" in call.query:
        if "start_time" in call.query:
            raise _Refused(_error(400, "InvalidParameter", "start_time and cursor cannot be used together"))
        try:
            match = re.fullmatch(r"(\d+)\.0\|\|(\d+)\|", base64.b64decode(call.query["cursor"]).decode())
        except ValueError:
            match = None
        if match is None:
            raise _Refused(_error(400, "InvalidCursor", "The cursor is invalid"))
        return int(match[1]), int(match[2])
    if "start_time" not in call.query:
        raise _Refused(_error(400, "ParameterMissing", "Parameter start_time is required"))
    start = _number(call, "start_time", 0)
    if start > now - WITHHELD:
        raise _Refused(
            _error(400, "StartTimeTooRecent", "Too recent start_time. Use a start_time older than 60 seconds")
        )
    return start - 1, 0


def _number(call: Call, name: str, default: int) -> int:
    try:
        return int(call.query.get(name, default))
    except ValueError:
        raise _Refused(_error(400, "InvalidValue", f"Parameter {name} must be an integer")) from None


def _ticket(row: Row, with_metrics: bool) -> dict[str, Any]:
    props = row.props
    url = f"https://{CREDENTIALS['ZENDESK_SUBDOMAIN']}.zendesk.com/api/v2/tickets/{row.id}.json"
    if props.get("erased"):
        kept = ("created_at", "updated_at", "generated_timestamp", "status")
        return {
            "id": row.id,
            "url": url,
            "subject": "SCRUBBED",
            "raw_subject": "SCRUBBED",
            "description": "SCRUBBED",
        } | {name: props[name] for name in kept}
    item = {name: value for name, value in props.items() if name != "metric_set"}
    item |= {
        "id": row.id,
        "url": url,
        "external_id": None,
        "raw_subject": props["subject"],
        "submitter_id": props.get("submitter_id", props["requester_id"]),
        "recipient": None,
        "tags": [],
        "custom_fields": [{"id": 5001, "value": "retail"}],
        "fields": [{"id": 5001, "value": "retail"}],
        "ticket_form_id": None,
        "brand_id": 26_363_600_000_001,
        "is_public": True,
        "has_incidents": False,
        "due_at": None,
    }
    if with_metrics and props["metric_set"] is not None:
        item["metric_set"] = {"id": row.id * 7 + 26_363_000_000_000, "ticket_id": row.id} | props[
            "metric_set"
        ]
    return item


# ------------------------------------------------------------------ ordinary lists


def _record(row: Row, name: str) -> dict[str, Any]:
    return {
        "id": row.id,
        "url": f"https://{CREDENTIALS['ZENDESK_SUBDOMAIN']}.zendesk.com/api/v2/{name}/{row.id}.json",
    } | row.props


def _listed(call: Call, name: str, rows: Iterable[Row]) -> dict[str, Any]:
    """Cursor pagination: `page[size]`, `page[after]`."""
    size = min(_number(call, "page[size]", MOST_LISTED), MOST_LISTED)
    after = _number(call, "page[after]", 0)
    found = [row for row in rows if row.id > after]
    page, more = found[:size], len(found) > size
    last = str(page[-1].id) if page else None
    return {
        name: [_record(row, name) for row in page],
        "meta": {"has_more": more, "after_cursor": last, "before_cursor": str(page[0].id) if page else None},
        "links": {
            "next": (
                f"{call.base_url}/api/v2/{name}.json?page[size]={size}&page[after]={last}" if more else None
            ),
            "prev": None,
        },
    }
