"""Bill.com's wire contract (v3): sign-in with a session, bills and vendors by cursor, filters, limits, errors
as lists.

What the published sources leave open is decided the stricter way: only the fields and words that someone has
seen working may be filtered, a cursor belongs to its filters, limit answers are a 429. A session ends after
35 minutes of real time without a call.

Tables: `billcom.bills` and `billcom.vendors`, properties as on the wire without `id`; keys without a value
are left out.
"""

from __future__ import annotations

import base64
import hmac
import re
import secrets
import time
from collections.abc import Callable, Iterator
from typing import Any

import orjson

from sandbox.engine.store import Row, parse_ms
from sandbox.engine.world import Answer, Call, World

CREDENTIALS = {
    "BILLCOM_API_KEY": "canary-billcom-devkey-01KX77",
    "BILLCOM_ORG_ID": "008canarybillcomorg7",
    "BILLCOM_USERNAME": "bdc.canary.token-name",
    "BILLCOM_PASSWORD": "canary/billcom+token value 9",
}

OPEN_PATHS = ""
ROWS = ("results",)

IDLE_SECONDS = 35 * 60
AT_ONCE, PER_HOUR, LOGINS = 3, 20_000, 200
_SESSIONS: dict[str, float] = {}
"""Session -> when it was last used; of every sandbox in this process."""

_FILTERED = {
    "bills": {"approvalStatus", "vendorId", "createdTime", "updatedTime", "archived"},
    "vendors": {"accountType", "billCurrency", "name", "createdTime", "updatedTime", "archived"},
}
_WORDS = {"approvalStatus": {"UNASSIGNED", "ASSIGNED", "APPROVED", "DENIED"}}
_CONDITION = re.compile(r'(\w+):(eq|ne|gt|gte|lt|lte|in|nin|sw):("[^"]*"|[^,]*)(?:,|$)')


class _Refused(Exception):
    def __init__(self, answer: Answer) -> None:
        self.answer = answer


def _error(status: int, code: str | None, message: str, category: str = "REQUEST") -> Answer:
    error = {
        "timestamp": "2026-01-05T08:00:00.000+00:00",
        "severity": "ERROR",
        "category": category,
        "message": message,
    }
    return Answer(status, [error | ({"code": code} if code else {})])


def refuse(world: World, call: Call, status: int) -> Answer:
    """Bill.com's own body for an error status."""
    if status == 401 and call.path == "/v3/login":
        return _error(401, "BDC_1101", "Invalid username or password.")
    known = {
        401: ("BDC_1109", "Session is invalid. Please log in."),
        403: ("BDC_1361", "The session must be MFA-trusted."),
        404: ("BDC_1121", "API path not found."),
        429: ("BDC_1322", "Max number of concurrent requests reached."),
    }
    return _error(status, *known.get(status, ("BDC_9999", "An unexpected error occurred.")))


async def handle(world: World, call: Call) -> Answer:
    """Answer one call."""
    try:
        if call.path == "/v3/login" and call.method == "POST":
            return _login(world, call)
        session = call.headers.get("sessionid", "")
        if call.headers.get("devkey") != CREDENTIALS["BILLCOM_API_KEY"]:
            return _error(401, "BDC_1102", "Developer key is invalid.")
        if time.monotonic() - _SESSIONS.get(session, -IDLE_SECONDS) >= IDLE_SECONDS:
            return refuse(world, call, 401)
        _SESSIONS[session] = time.monotonic()
        if world.limits.enforced and not world.limiter("billcom.hour", PER_HOUR, 3600.0).take():
            return _error(429, "BDC_1144", "Max number of requests per hour reached.")
        return _route(world, call, session)
    except _Refused as refused:
        return refused.answer


def _login(world: World, call: Call) -> Answer:
    if world.limits.enforced and not world.limiter("billcom.login", LOGINS, 3600.0).take():
        return _error(429, "BDC_1144", "Max number of logins per hour reached.")
    try:
        body = call.json()
    except ValueError:
        body = {}
    for name in ("username", "password", "organizationId", "devKey"):
        if not isinstance(body, dict) or not body.get(name):
            return _error(400, None, f"{name}: must not be null")
    if body["devKey"] != CREDENTIALS["BILLCOM_API_KEY"]:
        return _error(400, "BDC_1102", "Developer key is invalid.")
    pairs = (
        ("username", "BILLCOM_USERNAME"),
        ("password", "BILLCOM_PASSWORD"),
        ("organizationId", "BILLCOM_ORG_ID"),
    )
    if not all(
        hmac.compare_digest(str(body[name]).encode(), CREDENTIALS[variable].encode())
        for name, variable in pairs
    ):
        return refuse(world, call, 401)
    session = f"canary-billcom-session-{secrets.token_hex(8)}"
    _SESSIONS[session] = time.monotonic()
    return Answer(
        200,
        {
            "sessionId": session,
            "organizationId": body["organizationId"],
            "userId": "00601EXAMPLE00user1",
            "trusted": False,
        },
    )


def _route(world: World, call: Call, session: str) -> Answer:
    if call.path == "/v3/logout" and call.method == "POST":
        _SESSIONS.pop(session, None)
        return Answer(200, {})
    if call.path == "/v3/login/session":
        return Answer(
            200,
            {
                "organizationId": CREDENTIALS["BILLCOM_ORG_ID"],
                "userId": "00601EXAMPLE00user1",
                "mfaStatus": "SETUP",
            },
        )
    match = re.fullmatch(r"/v3/(bills|vendors)(?:/(\w+))?", call.path)
    if match is None or call.method != "GET":
        return refuse(world, call, 404)
    table = world.view().table(f"billcom.{match[1]}")
    if match[2]:
        row = table.by_id.get(match[2])
        return (
            Answer(200, {"id": row.id, **row.props}) if row else _error(404, "BDC_1171", "Object not found.")
        )
    return _page(list(table), match[1], call)


def _page(rows: list[Row], kind: str, call: Call) -> Answer:
    query = call.query
    if unknown := set(query) - {"max", "page", "filters", "sort"}:
        return _error(400, None, f"{min(unknown)}: unknown parameter")
    size = query.get("max", "20")
    if not size.isdigit() or not 1 <= int(size) <= 100:
        return _error(400, None, "max: must be between 1 and 100")
    filters, sort = query.get("filters", ""), query.get("sort", "createdTime:asc")
    if not re.fullmatch(r"(createdTime|updatedTime|name):(asc|desc)", sort):
        return _error(400, None, "sort: unknown field or order")
    keeps = list(_conditions(kind, filters))
    field, _, order = sort.partition(":")
    found = [row for row in rows if all(keep(row) for keep in keeps)]
    found.sort(key=lambda row: (str(row.props.get(field, "")), row.id), reverse=order == "desc")
    start = 0
    if "page" in query:
        try:
            told, start_text = base64.urlsafe_b64decode(query["page"]).decode().rsplit("|", 1)
            start = int(start_text)
        except ValueError:
            return _error(400, None, "page: is not valid")
        if told != f"{filters};{sort}":
            return _error(400, None, "page: does not belong to these filters")
    body: dict[str, Any] = {
        "results": [{"id": row.id, **row.props} for row in found[start : start + int(size)]]
    }
    if start + int(size) < len(found):
        body["nextPage"] = base64.urlsafe_b64encode(f"{filters};{sort}|{start + int(size)}".encode()).decode()
    return Answer(200, orjson.dumps(body))


def _conditions(kind: str, filters: str) -> Iterator[Callable[[Row], bool]]:
    if filters and "".join(match[0] for match in _CONDITION.finditer(filters)) != filters:
        raise _Refused(_error(400, None, "filters: is not valid"))
    for name, operator, raw in _CONDITION.findall(filters):
        value = raw.strip('"')
        if name not in _FILTERED[kind] or (name in _WORDS and not set(value.split(",")) <= _WORDS[name]):
            raise _Refused(_error(400, None, f"filters: {name}:{value} is not supported"))
        if name.endswith("Time"):
            if not raw.startswith('"'):
                raise _Refused(_error(400, None, f"filters: {name} needs quotes"))
            try:
                yield _compared(name, operator, parse_ms(value), parse_ms)
            except ValueError:
                raise _Refused(_error(400, None, f"filters: {name} is no date")) from None
        else:
            yield _compared(name, operator, value.lower(), lambda other: str(other).lower())


def _compared(name: str, operator: str, value: Any, parse: Callable[[Any], Any]) -> Callable[[Row], bool]:
    def keep(row: Row) -> bool:
        other = parse(row.props.get(name, ""))
        tests: dict[str, Callable[[], bool]] = {
            "eq": lambda: other == value,
            "ne": lambda: other != value,
            "gt": lambda: other > value,
            "gte": lambda: other >= value,
            "lt": lambda: other < value,
            "lte": lambda: other <= value,
            "in": lambda: other in value.split(","),
            "nin": lambda: other not in value.split(","),
            "sw": lambda: other.startswith(value),
        }
        return bool(tests[operator]())

    return keep
