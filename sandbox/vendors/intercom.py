"""Intercom's wire contract (REST, 2.14): search and single read of conversations, admins, teams, over the
tables `intercom.*`.

What the published sources leave open is decided the stricter way: `>` and `<` are strict, without a `sort`
the newest come first, `next` is missing on the last page, and without a pinned version `statistics` keep
their old, smaller shape. With the switch `day_filters` date filters are cut to days, as Intercom documents it
for contacts.

Tables: `intercom.conversations`, `intercom.admins`, `intercom.teams`, properties as on the wire, ids as
integers (texts on the wire). A deleted conversation leaves every answer without a trace.
"""

from __future__ import annotations

import base64
import math
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import orjson

from sandbox.engine.store import Row, from_ms
from sandbox.engine.world import Answer, Call, World

CREDENTIALS = {"INTERCOM_API_KEY": "sandbox-canary-intercom-9d3a60"}
OPEN_PATHS = ""
ROWS = ("conversations", "admins", "teams")

REQUESTS = (167, 10.0)
"""(Most requests, in this many seconds) of a small app; a private app usually has ten times as many."""
MOST_ROWS = 150
APP, ZONE = "cr1dg3it", ZoneInfo("America/Chicago")

DELIVERED_AS = (
    "customer_initiated",
    "campaigns_initiated",
    "operator_initiated",
    "automated",
    "admin_initiated",
)
STATISTICS = (
    "time_to_assignment",
    "time_to_admin_reply",
    "time_to_first_close",
    "time_to_last_close",
    "median_time_to_reply",
    "first_contact_reply_at",
    "first_assignment_at",
    "first_admin_reply_at",
    "first_close_at",
    "last_assignment_at",
    "last_assignment_admin_reply_at",
    "last_contact_reply_at",
    "last_admin_reply_at",
    "last_close_at",
    "last_closed_by_id",
    "handling_time",
)
_SINCE_2_13 = ("handling_time",)
_DATES = ("created_at", "updated_at", "waiting_since", "snoozed_until")
_SEARCHED = (*_DATES, "id", "open", "state", "priority", "admin_assignee_id", "team_assignee_id", "title")


class _Refused(Exception):
    """An answer other than success, raised from wherever it is noticed."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer


def _error(status: int, code: str, message: str) -> Answer:
    return Answer(
        status,
        {"type": "error.list", "request_id": "b0x3s5a7", "errors": [{"code": code, "message": message}]},
    )


def refuse(world: World, call: Call, status: int) -> Answer:
    """Intercom's own body for an error status."""
    if status == 400:
        return _error(400, "parameter_invalid", "Invalid parameter")
    if status == 401:
        return _error(401, "unauthorized", "Access Token Invalid")
    if status == 403:
        return _error(403, "api_plan_restricted", "Active subscription needed.")
    if status == 404:
        return _error(404, "not_found", "Resource Not Found")
    if status == 429:
        return _error(429, "rate_limit_exceeded", f"Exceeded rate limit of {REQUESTS[0]} in 10_seconds")
    return _error(status, "server_error", "An error occurred")


async def handle(world: World, call: Call) -> Answer:
    """Answer one call: the token, the media type, the window of ten seconds."""
    if call.headers.get("authorization") != f"Bearer {CREDENTIALS['INTERCOM_API_KEY']}":
        return refuse(world, call, 401)
    limiter = world.limiter("intercom", *REQUESTS)
    if "application/json" not in call.headers.get("accept", ""):
        error = {
            "code": "media_type_not_acceptable",
            "message": "The Accept header should send a media type of application/json",
        }
        answer = Answer(406, {"type": "error.list", "errors": [error]})
    elif not limiter.take() and world.limits.enforced:
        answer = refuse(world, call, 429)
    else:
        try:
            answer = Answer(200, _dispatch(world, call))
        except _Refused as refused:
            answer = refused.answer
    answer.headers |= {
        "X-RateLimit-Limit": str(limiter.limit),
        "X-RateLimit-Remaining": str(max(limiter.limit - limiter.used(), 0)),
        "X-RateLimit-Reset": str(int(world.clock.now().timestamp()) + math.ceil(limiter.seconds)),
        "Intercom-Version": call.headers.get("intercom-version", "2.3"),
    }
    return answer


def _dispatch(world: World, call: Call) -> Any:
    view = world.view()
    if call.method == "POST" and call.path == "/conversations/search":
        return _search(world, call)
    if call.method == "GET" and call.path.startswith("/conversations/"):
        row = view.table("intercom.conversations").by_id.get(
            int(call.path[15:]) if call.path[15:].isdigit() else None
        )
        if row is None:
            raise _Refused(refuse(world, call, 404))
        parts = {"type": "conversation_part.list", "conversation_parts": [], "total_count": 0}
        return _conversation(call, row) | {"conversation_parts": parts}
    if call.method == "GET" and call.path == "/admins":
        rows = [{"type": "admin", "id": str(row.id)} | row.props for row in view.table("intercom.admins")]
        return {"type": "admin.list", "admins": rows}
    if call.method == "GET" and call.path == "/teams":
        return {
            "type": "team.list",
            "teams": [
                {"type": "team", "id": str(row.id)} | row.props for row in view.table("intercom.teams")
            ],
        }
    if call.method == "GET" and call.path == "/me":
        app = {
            "type": "app",
            "id_code": APP,
            "name": "Cedar Ridge IT",
            "region": "US",
            "timezone": ZONE.key,
            "created_at": 1_704_700_800,
        }
        return {
            "type": "admin",
            "id": "7387001",
            "name": "Theo Marsh",
            "email": "theo.marsh@cedar-ridge.example",
            "app": app,
        }
    raise _Refused(refuse(world, call, 404))


# ------------------------------------------------------------------ conversations


def _conversation(call: Call, row: Row) -> dict[str, Any]:
    props, statistics = row.props, row.props["statistics"]
    if statistics is not None:
        left_out = () if _version(call) >= (2, 13) else _SINCE_2_13
        statistics = {"type": "conversation_statistics"} | {
            name: value for name, value in statistics.items() if name not in left_out
        }
    ticket = props.get("ticket")
    return props | {
        "type": "conversation",
        "id": str(row.id),
        "statistics": statistics,
        "contacts": {
            "type": "contact.list",
            "contacts": [{"type": "contact", "id": f"66ea{row.id}", "external_id": None}],
        },
        "first_contact_reply": {"created_at": props["created_at"], "type": "conversation", "url": None},
        "read": True,
        "tags": {"type": "tag.list", "tags": []},
        "sla_applied": None,
        "teammates": {
            "type": "admin.list",
            "admins": [{"type": "admin", "id": str(props["admin_assignee_id"])}],
        },
        "custom_attributes": {},
        "topics": {"type": "topic.list", "topics": [], "total_count": 0},
        "ticket": ticket,
        "linked_objects": {"type": "list", "data": [], "total_count": 0, "has_more": False},
    }


def _version(call: Call) -> tuple[int, ...]:
    text = call.headers.get("intercom-version", "2.3")
    return tuple(int(part) for part in text.split(".") if part.isdigit())


def _search(world: World, call: Call) -> dict[str, Any]:
    try:
        body = call.json()
    except ValueError:
        raise _Refused(
            Answer(400, {"status": 400, "error": "There was a problem in the JSON you submitted"})
        ) from None
    paging = body.get("pagination") or {}
    size = paging.get("per_page", 20)
    if not isinstance(size, int) or size > MOST_ROWS:
        raise _Refused(_error(400, "parameter_invalid", "Per Page is too big"))
    order = body.get("sort") or {"field": "updated_at", "order": "descending"}
    sign = 1 if order.get("order") == "ascending" else -1
    keep = _keep(body.get("query"), bool(world.faults.switch("intercom", "day_filters")), 1)
    rows = sorted(
        (sign * row.props[order["field"]], sign * row.id, row)
        for row in world.view().table("intercom.conversations")
        if keep(row)
    )
    page, after = _position(paging.get("starting_after"))
    following = [
        row for stamp, key, row in rows if after is None or (stamp, key) > (sign * after[0], sign * after[1])
    ]
    shown = following[:size]
    pages: dict[str, Any] = {
        "type": "pages",
        "page": page,
        "per_page": size,
        "total_pages": max(math.ceil(len(rows) / size), 1),
    }
    if len(following) > size:
        token = orjson.dumps([shown[-1].props[order["field"]] * 1000, shown[-1].id, page + 1])
        pages["next"] = {"page": page + 1, "starting_after": base64.b64encode(token).decode()}
    found = [_conversation(call, row) for row in shown]
    return {"type": "conversation.list", "pages": pages, "total_count": len(rows), "conversations": found}


def _position(token: str | None) -> tuple[int, tuple[int, int] | None]:
    if token is None:
        return 1, None
    try:
        stamp, key, page = orjson.loads(base64.b64decode(token))
    except ValueError:
        raise _Refused(_error(400, "parameter_invalid", "Invalid starting_after")) from None
    return page, (stamp // 1000, key)


_Keep = Callable[[Row], bool]


def _keep(condition: Any, by_day: bool, level: int) -> _Keep:
    if not isinstance(condition, dict) or "value" not in condition:
        raise _Refused(_error(400, "parameter_not_found", "query is required"))
    operator = str(condition.get("operator"))
    value: Any = condition["value"]
    if operator in ("AND", "OR"):
        if level > 2 or not isinstance(value, list) or not 1 <= len(value) <= 15:
            raise _Refused(_error(400, "parameter_invalid", "Too many levels or filters"))
        keeps = [_keep(item, by_day, level + 1) for item in value]
        combine = all if operator == "AND" else any
        return lambda row: combine(keep(row) for keep in keeps)
    field = condition.get("field")
    if field not in _SEARCHED:
        raise _Refused(_error(400, "parameter_invalid", f"Field {field} is not supported"))
    if field in _DATES:
        return _by_date(field, operator, int(value), by_day)
    tests: dict[str, _Keep] = {
        "=": lambda row: row.props.get(field) == value,
        "!=": lambda row: row.props.get(field) != value,
        "IN": lambda row: row.props.get(field) in value,
        "NIN": lambda row: row.props.get(field) not in value,
    }
    if operator not in tests:
        raise _Refused(_error(400, "parameter_invalid", f"Operator {operator} is not supported"))
    return tests[operator]


def _by_date(field: str, operator: str, bound: int, by_day: bool) -> _Keep:
    if by_day and bound < 10_000_000_000:
        # `>` then begins with the next day of the workspace, `<` ends before the day
        day = from_ms(bound * 1000).astimezone(ZONE).replace(hour=0, minute=0, second=0)
        bound = int((day + timedelta(days=1)).timestamp()) - 1 if operator == ">" else int(day.timestamp())
    tests: dict[str, _Keep] = {
        ">": lambda row: (row.props.get(field) or 0) > bound,
        "<": lambda row: (row.props.get(field) or 0) < bound,
        "=": lambda row: row.props.get(field) == bound,
    }
    if operator not in tests:
        raise _Refused(_error(400, "parameter_invalid", f"Operator {operator} is not supported for dates"))
    return tests[operator]
