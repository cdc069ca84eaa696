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
from collections.abc import Callable
from decimal import Decimal
from typing import Any
from urllib.parse import quote, unquote

import orjson

from sandbox.engine.store import Row, Table, View, parse_ms
from sandbox.engine.world import Answer, Call, World

CREDENTIALS = {
    "AUTOTASK_USERNAME": "sandbox.api@cedar-ridge.example",
    "AUTOTASK_SECRET": "sandbox-canary-autotask-8c2e41",
    "AUTOTASK_INTEGRATION_CODE": "SANDBOXCANARYTRACKING77Q",
}

OPEN_PATHS = r"(?i)/v1\.0/zoneinformation/?$"
ROWS = ("items",)

MOST_ROWS = 500
MOST_CONDITIONS = 500
SERVICE_SECONDS = 0.004
"""How long a query keeps one of the entity's three threads."""

_FIELDS = {
    "Tickets": (
        "id:long ticketNumber:string title:string companyID:integer queueID:picklist status:picklist"
        " priority:picklist issueType:picklist subIssueType:picklist ticketType:picklist"
        " ticketCategory:picklist source:picklist assignedResourceID:integer completedByResourceID:integer"
        " creatorResourceID:integer lastActivityResourceID:integer contractID:integer billingCodeID:integer"
        " projectID:integer createDate:datetime completedDate:datetime dueDateTime:datetime"
        " firstResponseDateTime:datetime firstResponseDueDateTime:datetime resolutionPlanDateTime:datetime"
        " resolvedDateTime:datetime resolvedDueDateTime:datetime lastActivityDate:datetime"
        " lastTrackedModificationDateTime:datetime lastCustomerNotificationDateTime:datetime"
        " lastCustomerVisibleActivityDateTime:datetime estimatedHours:decimal hoursToBeScheduled:decimal"
        " serviceLevelAgreementID:picklist serviceLevelAgreementHasBeenMet:boolean"
        " serviceLevelAgreementPausedNextEventHours:decimal creatorType:integer"
        " lastActivityPersonType:integer rmmAlertID:string problemTicketId:integer"
    ),
    "TimeEntries": (
        "id:long ticketID:integer taskID:integer timeEntryType:picklist resourceID:integer roleID:integer"
        " dateWorked:datetime startDateTime:datetime endDateTime:datetime hoursWorked:decimal"
        " hoursToBill:decimal offsetHours:decimal isNonBillable:boolean showOnInvoice:boolean"
        " billingCodeID:integer internalBillingCodeID:integer contractID:integer contractServiceID:integer"
        " contractServiceBundleID:integer billingApprovalDateTime:datetime"
        " billingApprovalLevelMostRecent:integer billingApprovalResourceID:integer createDateTime:datetime"
        " creatorUserID:integer lastModifiedDateTime:datetime lastModifiedUserID:integer summaryNotes:string"
        " internalNotes:string isInternalNotesVisibleToComanaged:boolean"
        " impersonatorCreatorResourceID:integer impersonatorUpdaterResourceID:integer"
    ),
    "Resources": (
        "id:long firstName:string lastName:string email:string userName:string isActive:boolean"
        " resourceType:string title:string userType:picklist licenseType:picklist locationID:picklist"
        " payrollType:picklist internalCost:decimal hireDate:datetime defaultServiceDeskRoleID:integer"
        " travelAvailabilityPct:string dateFormat:string timeFormat:string accountingReferenceID:string"
        " homePhone:string email2:string"
    ),
    "Companies": (
        "id:long companyName:string companyNumber:string companyType:picklist classification:picklist"
        " isActive:boolean ownerResourceID:integer parentCompanyID:integer createDate:datetime"
        " lastActivityDate:datetime lastTrackedModifiedDateTime:datetime marketSegmentID:picklist"
        " territoryID:picklist phone:string webAddress:string"
    ),
    "BillingCodes": (
        "id:long name:string description:string isActive:boolean useType:picklist billingCodeType:picklist"
        " department:integer unitCost:decimal unitPrice:decimal externalNumber:string"
        " generalLedgerAccount:picklist markupRate:decimal taxCategoryID:integer afterHoursWorkType:integer"
        " isExcludedFromNewContracts:boolean"
    ),
}
ENTITIES = {name.lower(): name for name in _FIELDS}
FIELDS: dict[str, dict[str, str]] = {
    name: dict(item.split(":") for item in text.split()) for name, text in _FIELDS.items()
}
_UNFILTERED = ("creatortype", "lastactivitypersontype")
_USER_DEFINED = {"Tickets": [{"name": "Region", "value": None}]}


class _Refused(Exception):
    """An answer other than success, raised from wherever it is noticed."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer


def _decimal(value: Any) -> Any:
    if isinstance(value, Decimal):
        return orjson.Fragment(f"{value:.4f}".encode())
    raise TypeError(type(value))


def _errors(*texts: str, status: int = 500) -> Answer:
    return Answer(status, {"errors": list(texts)})


def refuse(world: World, call: Call, status: int) -> Answer:
    """Autotask's own body for an error status."""
    if status == 401:
        return Answer(401)
    if status == 403:
        return _errors(
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
        return _errors(
            "The maximum number of requests for the hour has been reached. Please try again later.",
            status=429,
        )
    return _errors("An error occurred while processing your request.", status=status)


# ------------------------------------------------------------------ the way in


async def handle(world: World, call: Call) -> Answer:
    """Answer one call: zone discovery without credentials, everything else with them, the hour's budget and
    the entity's threads."""
    path = call.path.lower().rstrip("/")
    if re.search(OPEN_PATHS, path):
        return _zone(world, call)
    headers = call.headers
    if not all(name in headers for name in ("apiintegrationcode", "username", "secret")):
        return _errors(
            "The request is missing the ApiIntegrationCode, UserName or Secret header.", status=401
        )
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
        return _errors(
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
        except _Refused as refused:
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
        rows = _select(world, view, name, _payload(call.body), None)
        return Answer(200, {"queryCount": len(rows)})
    if rest == "/entityinformation":
        return Answer(200, {"info": _information(name)})
    if rest == "/entityinformation/fields":
        return Answer(200, {"fields": _fields(view, name)})
    if re.fullmatch(r"/-?\d+", rest):
        row = _visible(world, view, name).by_id.get(int(rest[1:]))
        item = None if row is None else _item(name, row, list(FIELDS[name]), whole=True)
        return Answer(200, orjson.dumps({"item": item}, default=_decimal))
    return refuse(world, call, 404)


def _zone(world: World, call: Call) -> Answer:
    if (call.query.get("user") or "").lower() != CREDENTIALS["AUTOTASK_USERNAME"]:
        return _errors("Zone information could not be determined for the given user.")
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
        raise _Refused(_errors("The request body is not valid JSON."))
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
        return _errors("The paging parameter is not valid.")
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
        return _errors(f"The value for MaxRecords must be between 1 and {MOST_ROWS}.")
    fields = _included(name, payload)
    rows = _select(world, view, name, payload, size + 1, previous[-1] if previous else None)
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
        raise _Refused(_errors(*(f"Unable to find {field} in the {name} Entity." for field in unknown)))
    return list(dict.fromkeys(["id", *(known[str(field).lower()] for field in wanted)]))


def _item(name: str, row: Row, fields: list[str], *, whole: bool) -> dict[str, Any]:
    get = row.props.get
    item = {field: get(field) for field in fields}
    item["id"] = row.id
    if whole and name in _USER_DEFINED:
        item["userDefinedFields"] = _USER_DEFINED[name]
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


def _select(
    world: World, view: View, name: str, payload: dict[str, Any], most: int | None, above: int | None = None
) -> list[Row]:
    """The rows that pass the filter, in the order of their ids, at most `most` of them, ids above `above`
    only."""
    conditions = payload.get("filter")
    if not isinstance(conditions, list) or not conditions:
        raise _Refused(_errors("The query must contain at least one filter."))
    table = _visible(world, view, name)
    keep = _all_of([_condition(table, name, item) for item in conditions])
    if _leaves(conditions) > MOST_CONDITIONS:
        raise _Refused(_errors(f"The query has more than {MOST_CONDITIONS} conditions."))
    start = table.start(above + 1) if above is not None else 0
    for item in _and_leaves(conditions):
        if (
            str(item.get("field", "")).lower() == "id"
            and item.get("op") in ("gt", "gte")
            and isinstance(item.get("value"), int)
        ):
            start = max(start, table.start(item["value"] + (item["op"] == "gt")))
    found = []
    for position in range(start, len(table)):
        if keep(position):
            found.append(table.rows[position])
            if most is not None and len(found) >= most:
                break
    return found


def _leaves(items: list[dict[str, Any]]) -> int:
    return sum(_leaves(item["items"]) if "items" in item else 1 for item in items)


def _and_leaves(items: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The conditions that every row must pass."""
    found = []
    for item in items:
        if "items" not in item:
            found.append(item)
        elif str(item.get("op", "and")).lower() == "and":
            found += _and_leaves(item["items"])
    return found


_Keep = Callable[[int], bool]


def _all_of(keeps: list[_Keep]) -> _Keep:
    return keeps[0] if len(keeps) == 1 else lambda position: all(keep(position) for keep in keeps)


def _condition(table: Table, name: str, item: Any) -> _Keep:
    if not isinstance(item, dict):
        raise _Refused(_errors("A filter must be an object."))
    item = {str(key).lower(): value for key, value in item.items()}
    operator = str(item.get("op", "")).lower()
    if operator in ("and", "or"):
        keeps = [_condition(table, name, part) for part in item.get("items") or []]
        if not keeps:
            raise _Refused(_errors(f"The group '{operator}' has no items."))
        return _all_of(keeps) if operator == "and" else lambda position: any(keep(position) for keep in keeps)
    known = {field.lower(): field for field in FIELDS[name]}
    asked = str(item.get("field", ""))
    if item.get("udf") or asked.lower() not in known or asked.lower() in _UNFILTERED:
        raise _Refused(_errors(f"Unable to find {asked} in the {name} Entity."))
    field = known[asked.lower()]
    parse = _parser(FIELDS[name][field])
    column: list[Any] = table.ids if field == "id" else table.column(field, parse)
    test = _test(operator, field, parse, item.get("value"))
    return lambda position: test(column[position])


def _parser(kind: str) -> Callable[[Any], Any]:
    if kind == "datetime":
        return lambda value: parse_ms(str(value))
    if kind == "string":
        return lambda value: str(value).lower()
    if kind == "boolean":
        return lambda value: str(value).lower() == "true"
    return lambda value: Decimal(str(value)) if kind == "decimal" else int(value)


def _test(operator: str, field: str, parse: Callable[[Any], Any], raw: Any) -> Callable[[Any], bool]:
    try:
        value: Any = (
            [parse(part) for part in raw]
            if operator in ("in", "notin")
            else None
            if raw is None
            else parse(raw)
        )
    except (TypeError, ValueError, ArithmeticError):
        raise _Refused(_errors(f"The value '{raw}' is not valid for the field {field}.")) from None
    tests: dict[str, Callable[[Any], bool]] = {
        "eq": lambda other: other == value,
        "noteq": lambda other: other != value,
        "gt": lambda other: other is not None and other > value,
        "gte": lambda other: other is not None and other >= value,
        "lt": lambda other: other is not None and other < value,
        "lte": lambda other: other is not None and other <= value,
        "beginswith": lambda other: other is not None and str(other).startswith(str(value)),
        "endswith": lambda other: other is not None and str(other).endswith(str(value)),
        "contains": lambda other: other is not None and str(value) in str(other),
        "exist": lambda other: other is not None,
        "notexist": lambda other: other is None,
        "in": lambda other: other in value,
        "notin": lambda other: other not in value,
    }
    if operator not in tests:
        raise _Refused(_errors(f"The operator '{operator}' is not supported."))
    if value is None and operator in ("gt", "gte", "lt", "lte", "beginswith", "endswith", "contains"):
        raise _Refused(_errors(f"The filter on the field {field} needs a value."))
    return tests[operator]


# ------------------------------------------------------------------ what an entity is


def _information(name: str) -> dict[str, Any]:
    return {
        "name": {"TimeEntries": "TimeEntry", "Companies": "Company"}.get(name, name[:-1]),
        "canCreate": False,
        "canUpdate": False,
        "canDelete": False,
        "canQuery": True,
        "hasUserDefinedFields": name in _USER_DEFINED,
        "supportsWebhookCallouts": name in ("Tickets", "Companies"),
        "userAccessForCreate": "None",
        "userAccessForDelete": "None",
        "userAccessForQuery": "All",
        "userAccessForUpdate": "None",
    }


def _fields(view: View, name: str) -> list[dict[str, Any]]:
    picklists = view.table("autotask.picklists").by_id
    fields = []
    for field, kind in FIELDS[name].items():
        row = picklists.get(f"{name}.{field}")
        fields.append(
            {
                "name": field,
                "dataType": "integer" if kind == "picklist" else kind,
                "length": 0,
                "isRequired": False,
                "isReadOnly": field == "id",
                "isQueryable": field.lower() not in _UNFILTERED,
                "isReference": False,
                "referenceEntityType": "",
                "isPickList": kind == "picklist",
                "picklistParentValueField": "",
                "isSupportedWebhookField": name == "Tickets",
                "picklistValues": row.props["values"] if row else ([] if kind == "picklist" else None),
            }
        )
    return fields
