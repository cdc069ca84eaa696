"""Autotask's wire contract (REST, V1.0): zone discovery, header credentials, queries, picklists, limits, over
the tables `autotask.*`.

What the published sources leave open is decided the stricter way: an unknown field in `IncludeFields` is a
validation error, a request above the thread limit is a 500 with the code in its text, the used-up hour is a
429 without `Retry-After`.

Tables: `autotask.<entity>` in lower case (tickets, timeentries, resources, companies, billingcodes),
properties as on the wire with date-times as texts and decimals as `Decimal`; a field that a record lacks is
null. `autotask.picklists` has one row per `Entity.field` with `values`. Only live rows exist: what is deleted
is gone without a trace.
"""

from __future__ import annotations

import asyncio
import re
from decimal import Decimal
from typing import Any
from urllib.parse import quote, unquote

import orjson

from sandbox.engine.store import Row, Table, View
from sandbox.engine.world import Answer, Call, World
from sandbox.vendors.autotask.entities import ENTITIES, FIELDS, USER_DEFINED, described, described_fields
from sandbox.vendors.autotask.errors import Refused, errors
from sandbox.vendors.autotask.filters import select

CREDENTIALS = {
    "AUTOTASK_USERNAME": "sandbox.api@cedar-ridge.example",
    "AUTOTASK_SECRET": "sandbox-canary-autotask-8c2e41",
    "AUTOTASK_INTEGRATION_CODE": "SANDBOXCANARYTRACKING77Q",
}

OPEN_PATHS = r"(?i)/v1\.0/zoneinformation/?$"
ROWS = ("items",)

MOST_ROWS = 500
SERVICE_SECONDS = 0.004
"""How long a query keeps one of the entity's three threads."""


def _decimal(value: Any) -> Any:
    if isinstance(value, Decimal):
        return orjson.Fragment(f"{value:.4f}".encode())
    raise TypeError(type(value))


def refuse(world: World, call: Call, status: int) -> Answer:
    """Autotask's own body for an error status."""
    if status == 401:
        return Answer(401)
    if status == 403:
        return errors(
            "The logged in Resource does not have the adequate permissions to query this entity type.",
            status=403,
        )
    if status == 405:
        return Answer(
            405, {"Message": f"The requested resource does not support http method '{call.method}'."}
        )
    if status == 404:
        return Answer(
            404, {"Message": f"No HTTP resource was found that matches the request URI '{call.path}'."}
        )
    if status == 429:
        return errors(
            "The maximum number of requests for the hour has been reached. Please try again later.",
            status=429,
        )
    return errors("An error occurred while processing your request.", status=status)


# ------------------------------------------------------------------ the way in


async def handle(world: World, call: Call) -> Answer:
    """Answer one call: zone discovery without credentials, everything else with them, the hour's budget and
    the entity's threads."""
    path = call.path.lower().rstrip("/")
    if re.search(OPEN_PATHS, path):
        return _zone(world, call)
    headers = call.headers
    if not all(name in headers for name in ("apiintegrationcode", "username", "secret")):
        return errors("The request is missing the ApiIntegrationCode, UserName or Secret header.", status=401)
    given = (headers["username"].lower(), headers["secret"], headers["apiintegrationcode"])
    if given != (
        CREDENTIALS["AUTOTASK_USERNAME"],
        CREDENTIALS["AUTOTASK_SECRET"],
        CREDENTIALS["AUTOTASK_INTEGRATION_CODE"],
    ):
        return Answer(401)
    match = re.fullmatch(r"/atservicesrest/v1\.0/(\w+)(/.*)?", path)
    if match is None:
        return refuse(world, call, 404)
    hour = world.limiter("autotask.hour", world.limits.autotask_hourly, 3600.0)
    if not hour.take() and world.limits.enforced:
        return refuse(world, call, 429)
    return await _threaded(world, call, match[1], match[2] or "")


async def _threaded(world: World, call: Call, entity: str, rest: str) -> Answer:
    """Serve within the entity's threads, slower when the hour is half used."""
    lane = f"autotask.{entity}"
    if world.limits.enforced and world.in_flight.get(lane, 0) >= world.limits.autotask_threads:
        return errors(
            f"Thread Threshold Exceeded. (Itgenatr005) More than {world.limits.autotask_threads} requests to"
            " this endpoint."
        )
    world.in_flight[lane] = world.in_flight.get(lane, 0) + 1
    try:
        if world.limits.enforced:
            share = (
                world.limiter("autotask.hour", world.limits.autotask_hourly, 3600.0).used()
                / world.limits.autotask_hourly
            )
            await asyncio.sleep(SERVICE_SECONDS + (1.0 if share > 0.75 else 0.5 if share > 0.5 else 0.0))
        try:
            return _dispatch(world, call, entity, rest)
        except Refused as refused:
            return refused.answer
    finally:
        world.in_flight[lane] -= 1


def _dispatch(world: World, call: Call, entity: str, rest: str) -> Answer:
    if entity == "thresholdinformation" and not rest:
        used = world.limiter("autotask.hour", world.limits.autotask_hourly, 3600.0).used()
        body = {
            "externalRequestThreshold": world.limits.autotask_hourly,
            "requestThresholdTimeframe": 60,
            "currentTimeframeRequestCount": used,
        }
        return Answer(200, body)
    if entity not in ENTITIES:
        return refuse(world, call, 404)
    name = ENTITIES[entity]
    view = world.view()
    if rest == "/query":
        return _first_page(world, view, call, name)
    if rest == "/query/next":
        return _next_page(world, view, call, name)
    if rest == "/query/count":
        if call.method != "POST":
            return refuse(world, call, 405)
        rows = select(_visible(world, view, name), name, _payload(call.body), None)
        return Answer(200, {"queryCount": len(rows)})
    if rest == "/entityinformation":
        return Answer(200, {"info": described(name)})
    if rest == "/entityinformation/fields":
        return Answer(200, {"fields": described_fields(view, name)})
    if re.fullmatch(r"/-?\d+", rest):
        row = _visible(world, view, name).by_id.get(int(rest[1:]))
        item = None if row is None else _item(name, row, list(FIELDS[name]), whole=True)
        return Answer(200, orjson.dumps({"item": item}, default=_decimal))
    return refuse(world, call, 404)


def _zone(world: World, call: Call) -> Answer:
    if (call.query.get("user") or "").lower() != CREDENTIALS["AUTOTASK_USERNAME"]:
        return errors("Zone information could not be determined for the given user.")
    body = {
        "zoneName": "Sandbox",
        "url": f"{call.base_url}/ATServicesRest/",
        "webUrl": "https://ww15.autotask.net/",
        "ci": 1000,
    }
    return Answer(200, body)


# ------------------------------------------------------------------ queries


def _payload(body: bytes | str) -> dict[str, Any]:
    """The query with its top-level keys in lower case."""
    try:
        payload = orjson.loads(body) if body else {}
    except ValueError:
        payload = None
    if not isinstance(payload, dict):
        raise Refused(errors("The request body is not valid JSON."))
    return {key.lower(): value for key, value in payload.items()}


def _first_page(world: World, view: View, call: Call, name: str) -> Answer:
    if call.method == "POST":
        return _page(world, view, call, name, _payload(call.body), [], None)
    search = call.query.get("search", "")
    if len(quote(search)) > 2_048:
        return refuse(world, call, 404)
    return _page(world, view, call, name, _payload(search), [], search)


def _next_page(world: World, view: View, call: Call, name: str) -> Answer:
    search = call.query.get("search")
    if call.method == "GET" and search is None:
        return refuse(world, call, 405)
    try:
        paging = orjson.loads(unquote(call.query.get("paging", "")))
        previous = [int(item) for item in paging["nextIds"]]
    except (ValueError, KeyError, TypeError):
        return errors("The paging parameter is not valid.")
    payload = _payload(call.body if call.method == "POST" else search or "")
    payload["maxrecords"] = paging.get("pageSize", MOST_ROWS)
    return _page(world, view, call, name, payload, previous, None if call.method == "POST" else search)


def _page(
    world: World,
    view: View,
    call: Call,
    name: str,
    payload: dict[str, Any],
    previous: list[int],
    search: str | None,
) -> Answer:
    size = payload.get("maxrecords", MOST_ROWS)
    if not isinstance(size, int) or not 1 <= size <= MOST_ROWS:
        return errors(f"The value for MaxRecords must be between 1 and {MOST_ROWS}.")
    fields = _included(name, payload)
    rows = select(_visible(world, view, name), name, payload, size + 1, previous[-1] if previous else None)
    page = rows[:size]
    following = None
    if len(rows) > size:
        paging = {"pageSize": size, "previousIds": previous, "nextIds": [page[-1].id]}
        following = f"{call.base_url}/ATServicesRest/V1.0/{name}/query/next?paging=" + quote(
            orjson.dumps(paging).decode(), safe='":,[]'
        )
        if search is not None:
            following += f"&search={quote(search)}"
    details = {"count": len(page), "requestCount": size, "prevPageUrl": None, "nextPageUrl": following}
    items = [_item(name, row, fields, whole="includefields" not in payload) for row in page]
    return Answer(200, orjson.dumps({"items": items, "pageDetails": details}, default=_decimal))


def _included(name: str, payload: dict[str, Any]) -> list[str]:
    wanted = payload.get("includefields")
    if wanted is None:
        return list(FIELDS[name])
    known = {field.lower(): field for field in FIELDS[name]}
    unknown = [str(field) for field in wanted if str(field).lower() not in known]
    if unknown:
        raise Refused(errors(*(f"Unable to find {field} in the {name} Entity." for field in unknown)))
    return list(dict.fromkeys(["id", *(known[str(field).lower()] for field in wanted)]))


def _item(name: str, row: Row, fields: list[str], *, whole: bool) -> dict[str, Any]:
    get = row.props.get
    item = {field: get(field) for field in fields}
    item["id"] = row.id
    if whole and name in USER_DEFINED:
        item["userDefinedFields"] = USER_DEFINED[name]
    return item


def _visible(world: World, view: View, name: str) -> Table:
    """The rows that the API user may see: without the permission, non-billable time is hidden and nothing
    says so."""
    table = view.table(f"autotask.{name.lower()}")
    if name == "TimeEntries" and world.faults.switch("autotask", "hide_non_billable"):
        seen = [
            row
            for row in table
            if not row.props.get("isNonBillable") and (row.props.get("ticketID") or row.props.get("taskID"))
        ]
        return Table(seen)
    return table
