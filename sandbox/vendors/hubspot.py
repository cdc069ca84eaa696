"""HubSpot's wire contract: paths, auth, paging, limits, error bodies and odd shapes, over the tables
`hubspot.*` of the store.

Numbered (v3, v4) and dated (2026-03, 2026-09) paths are served by the same handlers. What the published
sources leave open is decided the stricter way, so that a client that runs here does not depend on luck: a
`limit` above the maximum is a 400, a search without `sorts` comes in another order each time, a search body
above 3,000 characters is a 400.

Tables: `hubspot.<object>` (contacts, companies, deals, calls, meetings, notes, tasks, emails; every property
a text or None, links by table name), `hubspot.owners`, `hubspot.pipelines`, `hubspot.lists`,
`hubspot.memberships`, `hubspot.options` (id `calls.hs_activity_type`), `hubspot.custom` (id
`contacts.coi_since`), `hubspot.account` (one row), `hubspot.forms`, `hubspot.submissions`,
`hubspot.marketing_mails` (with `counters`), `hubspot.web_traffic` (id `2025-10-20/organic`; without any the
account has no Marketing Hub, and web analytics are a 403).
"""

from __future__ import annotations

import base64
import binascii
import re
import uuid
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

from sandbox.engine.formats import hubspot_time
from sandbox.engine.store import ARCHIVED, LIVE, Row, Table, View, parse_ms
from sandbox.engine.world import Answer, Call, World

CREDENTIALS = {"HUBSPOT_API_KEY": "pat-na1-sandbox-canary-5d1f0c9e7b3a"}

OPEN_PATHS = ""
ROWS = ("results",)

OBJECTS = {
    "contacts": "0-1",
    "companies": "0-2",
    "deals": "0-3",
    "notes": "0-46",
    "meetings": "0-47",
    "calls": "0-48",
    "emails": "0-49",
    "tasks": "0-27",
}
_SINGULAR = {name: "company" if name == "companies" else name[:-1] for name in OBJECTS}
_NAMES = (
    {name: name for name in OBJECTS}
    | {_SINGULAR[name]: name for name in OBJECTS}
    | {code: name for name, code in OBJECTS.items()}
)

ASSOCIATIONS_PER_ROW = 100
"""Associated ids inside one row of an objects list before the inner `paging` (the vendor's figure is
unconfirmed)."""
ASSOCIATIONS_PER_INPUT = 500
"""Associated ids per input of a v4 batch read before its inner `paging`."""

# name:type, per object; a property of the catalogue that a record lacks is null on the wire, any other name
# is left out
_COMMON = (
    "hs_object_id:number hubspot_owner_id:enumeration hs_object_source_label:string"
    " hs_merged_object_ids:enumeration"
)
_ACTIVITY = (
    _COMMON + " hs_createdate:datetime hs_lastmodifieddate:datetime hs_timestamp:datetime"
    " hs_activity_type:enumeration"
)
_CATALOGUE = {
    "contacts": (
        _COMMON
        + " createdate:datetime lastmodifieddate:datetime email:string firstname:string lastname:string"
        " jobtitle:string phone:phone_number lifecyclestage:enumeration hs_lead_status:enumeration"
        " hs_analytics_source:enumeration hs_buying_role:enumeration city:string state:string"
        " country:string hs_email_optout:bool num_associated_deals:number notes_last_updated:datetime"
        " hs_v2_date_entered_lead:datetime hs_v2_date_entered_marketingqualifiedlead:datetime"
        " hs_v2_date_entered_salesqualifiedlead:datetime hs_v2_date_entered_opportunity:datetime"
        " hs_v2_date_entered_customer:datetime hs_analytics_num_visits:number num_conversion_events:number"
    ),
    "companies": (
        _COMMON
        + " createdate:datetime hs_lastmodifieddate:datetime name:string domain:string industry:enumeration"
        " numberofemployees:number lifecyclestage:enumeration city:string state:string phone:phone_number"
        " annualrevenue:number"
    ),
    "deals": (
        _COMMON + " createdate:datetime hs_lastmodifieddate:datetime dealname:string pipeline:enumeration"
        " dealstage:enumeration amount:number deal_currency_code:enumeration dealtype:enumeration"
        " closedate:datetime closed_lost_reason:string hs_mrr:number hs_arr:number hs_acv:number"
        " hs_tcv:number hs_is_closed:bool hs_is_closed_won:bool hs_is_closed_lost:bool"
        " hs_deal_stage_probability:number hs_next_step:string num_associated_contacts:number"
        " notes_last_updated:datetime hs_v2_date_entered_current_stage:datetime"
        " hs_analytics_source:enumeration"
    ),
    "calls": (
        _ACTIVITY + " hs_call_duration:number hs_call_direction:enumeration hs_call_disposition:enumeration"
        " hs_call_status:enumeration hs_call_title:string hs_call_body:string"
    ),
    "meetings": (
        _ACTIVITY
        + " hs_meeting_start_time:datetime hs_meeting_end_time:datetime hs_meeting_outcome:enumeration"
        " hs_meeting_title:string hs_meeting_location:string hs_attendee_owner_ids:enumeration"
        " hs_i_cal_uid:string"
    ),
    "notes": _ACTIVITY + " hs_note_body:string",
    "tasks": (
        _ACTIVITY + " hs_task_status:enumeration hs_task_type:enumeration hs_task_priority:enumeration"
        " hs_task_subject:string hs_task_completion_date:datetime hs_task_is_overdue:bool"
    ),
    "emails": (
        _ACTIVITY + " hs_email_direction:enumeration hs_email_status:enumeration hs_email_subject:string"
        " hs_email_open_count:number hs_email_click_count:number hs_email_reply_count:number"
    ),
}
TYPES: dict[str, dict[str, str]] = {
    name: dict(item.split(":") for item in text.split()) for name, text in _CATALOGUE.items()
}
_DEFAULTS = {
    "contacts": ("createdate", "email", "firstname", "hs_object_id", "lastmodifieddate", "lastname"),
    "companies": ("createdate", "domain", "hs_lastmodifieddate", "hs_object_id", "name"),
    "deals": (
        "amount",
        "closedate",
        "createdate",
        "dealname",
        "dealstage",
        "hs_lastmodifieddate",
        "hs_object_id",
        "pipeline",
    ),
}
_ACTIVITY_DEFAULTS = ("hs_createdate", "hs_lastmodifieddate", "hs_object_id")

# association type ids (unlabelled, labelled or None) where the published sources name them
_TYPE_IDS: dict[tuple[str, str], tuple[int, int | None]] = {
    ("contacts", "companies"): (279, 1),
    ("companies", "contacts"): (280, 2),
    ("deals", "contacts"): (3, None),
    ("contacts", "deals"): (4, None),
    ("deals", "companies"): (341, 5),
    ("companies", "deals"): (342, 6),
    ("calls", "contacts"): (194, None),
    ("calls", "companies"): (182, None),
    ("calls", "deals"): (206, None),
    ("emails", "contacts"): (198, None),
    ("emails", "companies"): (186, None),
    ("emails", "deals"): (210, None),
    ("meetings", "contacts"): (200, None),
    ("meetings", "companies"): (188, None),
    ("meetings", "deals"): (212, None),
    ("notes", "contacts"): (202, None),
    ("notes", "companies"): (190, None),
    ("notes", "deals"): (214, None),
    ("tasks", "contacts"): (204, None),
    ("tasks", "companies"): (192, None),
    ("tasks", "deals"): (216, None),
}


class _Refused(Exception):
    """An answer other than success, raised from wherever it is noticed."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer


# ------------------------------------------------------------------ errors


def _correlation(world: World) -> str:
    return str(uuid.UUID(int=(world.seed % 2**32) << 96 | world.calls % 2**96))


def _error(world: World, status: int, category: str, message: str, **more: Any) -> Answer:
    body = {
        "status": "error",
        "message": message,
        "correlationId": _correlation(world),
        "category": category,
        **more,
    }
    return Answer(status, body)


def _invalid(world: World, message: str, **more: Any) -> _Refused:
    return _Refused(_error(world, 400, "VALIDATION_ERROR", message, **more))


def refuse(world: World, call: Call, status: int) -> Answer:
    """HubSpot's own body for an error status."""
    if status == 401:
        message = (
            "Authentication credentials not found. This API supports OAuth 2.0 authentication and you can"
            " find more details at https://developers.hubspot.com/docs/methods/auth/oauth-overview"
        )
        return _error(world, 401, "INVALID_AUTHENTICATION", message)
    if status == 403:
        return _missing_scope(world, _scope(_plain(call.path)) or "crm.objects.contacts.read")
    if status == 429:
        search = _plain(call.path).endswith("/search")
        return _too_many(world, "SECONDLY" if search else "TEN_SECONDLY_ROLLING")
    if status == 404:
        return _error(world, 404, "OBJECT_NOT_FOUND", "resource not found")
    return Answer(
        status, {"status": "error", "message": "internal error", "correlationId": _correlation(world)}
    )


def _too_many(world: World, policy: str) -> Answer:
    words = {"SECONDLY": "secondly", "TEN_SECONDLY_ROLLING": "ten_secondly_rolling", "DAILY": "daily"}[policy]
    body = {
        "status": "error",
        "message": f"You have reached your {words} limit.",
        "errorType": "RATE_LIMIT",
        "correlationId": _correlation(world),
        "policyName": policy,
        "requestId": _correlation(world),
    }
    return Answer(429, body)


def _missing_scope(world: World, scope: str) -> Answer:
    message = (
        "This app hasn't been granted all required scopes to make this call. Read more about required scopes"
        " here: https://developers.hubspot.com/scopes."
    )
    # three shapes are known in the wild; each family of scopes shows one of them
    if scope.startswith("crm.objects.owners"):
        return _error(world, 403, "MISSING_SCOPES", f"{message} Required: {scope}")
    if scope.startswith(("crm.lists", "crm.schemas")):
        return _error(world, 403, "MISSING_SCOPES", message, context={"requiredGranularScopes": [scope]})
    errors = [
        {
            "message": "One or more of the following scopes are required.",
            "context": {"requiredScopes": [scope]},
        }
    ]
    return _error(world, 403, "MISSING_SCOPES", message, errors=errors)


# ------------------------------------------------------------------ the way in

_DATED = re.compile(r"/crm/(objects|owners|pipelines|properties|lists|associations)/20\d\d-\d\d(?=/|$)")


def _plain(path: str) -> str:
    """The numbered path of a dated one."""
    path = _DATED.sub(lambda match: f"/crm/{'v4' if match[1] == 'associations' else 'v3'}/{match[1]}", path)
    path = re.sub(
        r"^/marketing/(?:(emails)/20\d\d-\d\d|(forms)/20\d\d-\d\d-beta)(?=/|$)", r"/marketing/v3/\1\2", path
    )
    return re.sub(r"^/account-info/20\d\d-\d\d(?=/)", "/account-info/v3", path).rstrip("/")


def _scope(path: str) -> str | None:
    if match := re.match(r"/crm/v[34]/(?:objects|associations|pipelines)/([^/]+)", path):
        name = _NAMES.get(match[1], "contacts")
        return f"crm.objects.{name if name in ('companies', 'deals') else 'contacts'}.read"
    if match := re.match(r"/crm/v3/properties/([^/]+)", path):
        name = _NAMES.get(match[1], "contacts")
        return f"crm.schemas.{name if name in ('companies', 'deals') else 'contacts'}.read"
    if path.startswith("/crm/v3/owners"):
        return "crm.objects.owners.read"
    if path.startswith("/crm/v3/lists"):
        return "crm.lists.read"
    if path.startswith(("/marketing/v3/forms", "/form-integrations/")):
        return "forms"
    if path.startswith("/marketing/v3/emails"):
        return "marketing.email.read"
    return "business-intelligence" if path.startswith("/analytics/v2/") else None


async def handle(world: World, call: Call) -> Answer:
    """Answer one call: credentials, budget, scope, then the endpoint."""
    if call.headers.get("authorization") != f"Bearer {CREDENTIALS['HUBSPOT_API_KEY']}":
        return refuse(world, call, 401)
    path = _plain(call.path)
    search = path.endswith("/search") and path.startswith("/crm/v3/objects/")
    headers = {"X-HubSpot-Correlation-Id": _correlation(world)}
    if search:
        limiter = world.limiter("hubspot.search", world.limits.hubspot_search, 1.0)
        full = not limiter.take() and world.limits.enforced
    else:
        limiter = world.limiter("hubspot.burst", world.limits.hubspot_burst, 10.0)
        full = not limiter.take() and world.limits.enforced
        headers |= _rate_headers(world, limiter.limit - limiter.used())
    answer = refuse(world, call, 429) if full else _dispatch(world, call, path)
    answer.headers = headers | answer.headers
    return answer


def _rate_headers(world: World, remaining: int) -> dict[str, str]:
    return {
        "X-HubSpot-RateLimit-Interval-Milliseconds": "10000",
        "X-HubSpot-RateLimit-Max": str(world.limits.hubspot_burst),
        "X-HubSpot-RateLimit-Remaining": str(max(remaining, 0)),
        "X-HubSpot-RateLimit-Secondly": "19",
        "X-HubSpot-RateLimit-Secondly-Remaining": "18",
        "X-HubSpot-RateLimit-Daily": "250000",
        "X-HubSpot-RateLimit-Daily-Remaining": str(max(250_000 - world.calls, 0)),
    }


def _dispatch(world: World, call: Call, path: str) -> Answer:
    withdrawn = world.faults.switch("hubspot", "missing_scopes", path)
    scope = _scope(path)
    if withdrawn and scope and (not withdrawn.scopes or scope in withdrawn.scopes):
        return _missing_scope(world, scope)
    for method, pattern, handler in _ROUTES:
        if method == call.method and (match := pattern.fullmatch(path)):
            try:
                return handler(world, call, *match.groups())
            except _Refused as refused:
                return refused.answer
    return Answer(
        404, b"<html><body><h1>Not Found</h1></body></html>", content_type="text/html;charset=utf-8"
    )


def _object(world: World, name: str) -> str:
    if name.lower() not in _NAMES:
        raise _invalid(world, f"Unable to infer object type from: {name}")
    return _NAMES[name.lower()]


def _limit(world: World, call: Call, default: int, most: int) -> int:
    text = call.query.get("limit", str(default))
    if not text.isdigit() or not 1 <= int(text) <= most:
        raise _invalid(world, f"Invalid limit: {text}. It must be between 1 and {most}.")
    return int(text)


def _payload(world: World, call: Call) -> dict[str, Any]:
    try:
        body = call.json()
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise _invalid(world, "Invalid input JSON on line 1, column 1: Unrecognized token")
    return body


def _next(call: Call, after: str) -> dict[str, Any]:
    query = {name: value for name, value in call.query.items() if name != "after"} | {"after": after}
    link = f"https://api.hubapi.com{call.path}?" + "&".join(
        f"{name}={quote(value, safe=',%')}" for name, value in query.items()
    )
    return {"next": {"after": after, "link": link}}


# ------------------------------------------------------------------ rows


def _known(view: View, name: str) -> dict[str, str]:
    """Property name -> type, the account's own included."""
    custom = {
        str(row.id).split(".")[1]: row.props["type"]
        for row in view.table("hubspot.custom")
        if str(row.id).startswith(f"{name}.")
    }
    return TYPES[name] | custom


def _split(text: str | list[str] | None) -> list[str]:
    items = text if isinstance(text, list) else (text or "").split(",")
    return list(dict.fromkeys(item.strip() for item in items if item.strip()))


class _Renderer:
    """Turns rows of one object into wire rows for one request."""

    def __init__(
        self, view: View, name: str, properties: list[str], history: list[str], associations: list[str]
    ) -> None:
        self.view, self.name, self.history, self.associations = view, name, history, associations
        self.known = _known(view, name)
        defaults = _DEFAULTS.get(name, _ACTIVITY_DEFAULTS)
        always = tuple(
            item
            for item in defaults
            if item in ("createdate", "hs_createdate", "hs_lastmodifieddate", "lastmodifieddate")
        )
        wanted = dict.fromkeys([*properties, *always]) if properties else dict.fromkeys(defaults)
        wanted.pop("hs_object_id", None)
        self.names = [item for item in wanted if item in self.known]
        # stage timings exist on records but are no part of the property list
        self.unlisted = [
            item for item in wanted if item not in self.known and item.startswith("hs_v2_date_entered_")
        ]
        self.created = "hs_createdate" if "hs_createdate" in self.known else "createdate"
        self.modified = "lastmodifieddate" if name == "contacts" else "hs_lastmodifieddate"
        portal = next(iter(view.table("hubspot.account"))).props["portalId"]
        self.address = f"https://app.hubspot.com/contacts/{portal}/record/{OBJECTS[name]}/"

    def row(self, row: Row) -> dict[str, Any]:
        props = row.props
        get = props.get
        properties = {name: get(name) for name in self.names}
        for name in self.unlisted:
            if name in props:
                properties[name] = props[name]
        record_id = str(row.id)
        properties["hs_object_id"] = record_id
        out = {
            "id": record_id,
            "properties": properties,
            "createdAt": get(self.created),
            "updatedAt": get(self.modified),
            "archived": row.state == ARCHIVED,
            "url": self.address + record_id,
        }
        if row.state == ARCHIVED:
            out["archivedAt"] = hubspot_time(row.changed)
        if self.history:
            out["propertiesWithHistory"] = {
                name: self._history(row, name) for name in self.history if name in self.known
            }
        if self.associations and (associations := self._associations(row)):
            out["associations"] = associations
        return out

    def _history(self, row: Row, name: str) -> list[dict[str, Any]]:
        versions = self.view.store.versions(f"hubspot.{self.name}", row.id, self.view.at)
        entries = [
            {"value": version.props[name], "timestamp": hubspot_time(version.at), "sourceType": "CRM_UI"}
            for version in versions
            if name in version.props
        ]
        return entries[::-1]

    def _associations(self, row: Row) -> dict[str, Any]:
        found = {}
        for to in self.associations:
            ids = self.view.linked(f"hubspot.{self.name}", row, f"hubspot.{to}")
            if ids:
                found[to] = association_page(self.name, row.id, to, ids, 0, ASSOCIATIONS_PER_ROW)
        return found


def association_page(
    name: str, record_id: int, to: str, ids: tuple[int, ...], offset: int, limit: int
) -> dict[str, Any]:
    """One page of a row's associations in the v3 shape; a labelled association comes twice, with and without
    its label."""
    kind = f"{_SINGULAR[name]}_to_{_SINGULAR[to]}"
    labelled = _TYPE_IDS.get((name, to), (0, None))[1] is not None
    results = []
    for target in ids[offset : offset + limit]:
        results.append({"id": str(target), "type": kind})
        if labelled:
            results.append({"id": str(target), "type": f"{kind}_unlabeled"})
    page: dict[str, Any] = {"results": results}
    if offset + limit < len(ids):
        link = f"https://api.hubapi.com/crm/v3/objects/{name}/{record_id}/associations/{to}?after={offset + limit}"
        page["paging"] = {"next": {"after": str(offset + limit), "link": link}}
    return page


# ------------------------------------------------------------------ objects


def _list_objects(world: World, call: Call, name: str) -> Answer:
    name = _object(world, name)
    history = _split(call.query.get("propertiesWithHistory"))
    limit = _limit(world, call, 10, 50 if history else 100)
    view = world.view()
    table = view.table(f"hubspot.{name}", _state(call))
    after = call.query.get("after", "")
    if after and not after.isdigit():
        raise _invalid(world, f"Invalid paging cursor: {after}")
    start = table.start(int(after)) if after else 0
    associations = [_object(world, item) for item in _split(call.query.get("associations"))]
    renderer = _Renderer(view, name, _split(call.query.get("properties")), history, associations)
    body: dict[str, Any] = {"results": [renderer.row(row) for row in table.rows[start : start + limit]]}
    if start + limit < len(table):
        body["paging"] = _next(call, str(table.ids[start + limit - 1] + 1))
    return Answer(200, body)


def _read_object(world: World, call: Call, name: str, record_id: str) -> Answer:
    name = _object(world, name)
    view = world.view()
    row = view.table(f"hubspot.{name}", _state(call)).by_id.get(int(record_id))
    if row is None:
        return refuse(world, call, 404)
    associations = [_object(world, item) for item in _split(call.query.get("associations"))]
    history = _split(call.query.get("propertiesWithHistory"))
    return Answer(
        200, _Renderer(view, name, _split(call.query.get("properties")), history, associations).row(row)
    )


def _inputs(world: World, body: dict[str, Any], most: int) -> list[dict[str, Any]]:
    inputs = body.get("inputs")
    if not isinstance(inputs, list) or not all(
        isinstance(item, dict) and str(item.get("id", "")).isdigit() for item in inputs
    ):
        raise _invalid(world, "Invalid input JSON: inputs must be a list of objects with an id")
    if len(inputs) > most:
        raise _invalid(world, f"Too many inputs: {len(inputs)}. The maximum number of inputs is {most}.")
    return inputs


def _batch_envelope(world: World, results: list[Any], errors: list[Any]) -> Answer:
    now = hubspot_time(world.view().at)
    body: dict[str, Any] = {"status": "COMPLETE", "results": results, "startedAt": now, "completedAt": now}
    if errors:
        body |= {"numErrors": len(errors), "errors": errors}
    return Answer(207 if errors else 200, body)


def _batch_read(world: World, call: Call, name: str) -> Answer:
    name = _object(world, name)
    body = _payload(world, call)
    history = _split(body.get("propertiesWithHistory"))
    inputs = _inputs(world, body, 50 if history else 100)
    view = world.view()
    rows = view.table(f"hubspot.{name}", _state(call)).by_id
    renderer = _Renderer(view, name, _split(body.get("properties")), history, [])
    wanted = dict.fromkeys(int(item["id"]) for item in inputs)
    missing = [str(record_id) for record_id in wanted if record_id not in rows]
    errors = []
    if missing:
        what = _SINGULAR[name].upper()
        message = (
            f"Could not get some {what} objects, they may be deleted or not exist. Check that ids are valid."
        )
        errors = [
            {
                "status": "error",
                "category": "OBJECT_NOT_FOUND",
                "message": message,
                "context": {"ids": missing},
            }
        ]
    return _batch_envelope(
        world, [renderer.row(rows[record_id]) for record_id in wanted if record_id in rows], errors
    )


# ------------------------------------------------------------------ search

SEARCH_MOST = 10_000
_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "EQ": lambda a, b: a == b,
    "GT": lambda a, b: a > b,
    "GTE": lambda a, b: a >= b,
    "LT": lambda a, b: a < b,
    "LTE": lambda a, b: a <= b,
}


def _parser(kind: str) -> Callable[[Any], Any]:
    """How a value of a property type is compared: instants as milliseconds, numbers as numbers, texts without
    case."""
    if kind in ("datetime", "date"):
        return lambda value: int(value) if str(value).lstrip("-").isdigit() else parse_ms(str(value))
    if kind == "number":
        return float
    return lambda value: str(value).lower()


def _search(world: World, call: Call, name: str) -> Answer:
    name = _object(world, name)
    if len(call.body) > 3_000:
        raise _invalid(world, "The query is too long: a search request may have at most 3000 characters.")
    body = _payload(world, call)
    limit = body.get("limit", 10)
    if not isinstance(limit, int) or not 1 <= limit <= 200:
        raise _invalid(world, f"Invalid limit: {limit}. It must be between 1 and 200.")
    after = str(body.get("after") or "0")
    if not after.isdigit():
        raise _invalid(world, f"Invalid paging offset: {after}")
    offset = int(after)
    if offset + limit > SEARCH_MOST:
        raise _invalid(
            world,
            f"The maximum paging depth of {SEARCH_MOST} results was exceeded (after={offset},"
            f" limit={limit}).",
        )
    lag = world.faults.switch("hubspot", "search_lag")
    view = world.view(lag.seconds if lag else 0.0)
    table = view.table(f"hubspot.{name}")
    types = _known(view, name)
    positions = _matching(world, table, types, body.get("filterGroups") or [])
    positions = _sorted(world, table, types, positions, body.get("sorts") or [])
    renderer = _Renderer(view, name, _split(body.get("properties")), [], [])
    page = positions[offset : offset + limit]
    answer: dict[str, Any] = {
        "total": len(positions),
        "results": [renderer.row(table.rows[position]) for position in page],
    }
    if offset + limit < len(positions):
        answer["paging"] = {"next": {"after": str(offset + limit)}}
    return Answer(200, answer)


def _column(
    world: World, table: Table, types: dict[str, str], name: str
) -> tuple[list[Any], Callable[[Any], Any]]:
    if name == "hs_object_id":
        return table.ids, int
    if name not in types:
        raise _invalid(world, f"There was a problem with the request. Property {name} does not exist.")
    parse = _parser(types[name])
    return table.column(name, parse), parse


def _matching(world: World, table: Table, types: dict[str, str], groups: list[dict[str, Any]]) -> list[int]:
    filters = [group.get("filters") or [] for group in groups]
    if len(filters) > 5 or any(len(group) > 6 for group in filters) or sum(map(len, filters)) > 18:
        raise _invalid(world, "Too many filters: at most 5 groups of 6 filters, 18 in all.")
    if not filters:
        return list(range(len(table)))
    found: set[int] = set()
    for group in filters:
        positions: Any = range(len(table))
        for item in group:
            column, keep = _condition(world, table, types, item)
            positions = [position for position in positions if keep(column[position])]
        found.update(positions)
    return sorted(found)


def _condition(
    world: World, table: Table, types: dict[str, str], item: dict[str, Any]
) -> tuple[list[Any], Callable[[Any], bool]]:
    name, operator = str(item.get("propertyName")), str(item.get("operator"))
    column, parse = _column(world, table, types, name)
    try:
        if operator in ("HAS_PROPERTY", "NOT_HAS_PROPERTY"):
            wanted = operator == "HAS_PROPERTY"
            return column, lambda value: (value is not None) == wanted
        if operator in ("IN", "NOT_IN"):
            values = {parse(value) for value in item["values"]}
            inside = operator == "IN"
            return column, lambda value: value is not None and (value in values) == inside
        if operator == "BETWEEN":
            low, high = parse(item["value"]), parse(item["highValue"])
            return column, lambda value: value is not None and low <= value <= high
        if operator in ("CONTAINS_TOKEN", "NOT_CONTAINS_TOKEN"):
            pattern = re.compile(r"\b" + re.escape(str(item["value"]).lower()).replace(r"\*", r"\w*") + r"\b")
            has = operator == "CONTAINS_TOKEN"
            return column, lambda value: (value is not None and pattern.search(str(value)) is not None) == has
        value = parse(item["value"])
    except (KeyError, TypeError, ValueError):
        raise _invalid(world, f"Invalid value for the {operator} filter of property {name}.") from None
    if operator == "NEQ":
        return column, lambda other: other != value
    if operator not in _COMPARE:
        raise _invalid(world, f"Invalid operator: {operator}")
    compare = _COMPARE[operator]
    return column, lambda other: other is not None and compare(other, value)


def _sorted(
    world: World, table: Table, types: dict[str, str], positions: list[int], sorts: list[Any]
) -> list[int]:
    if len(sorts) > 1:
        raise _invalid(world, "Only one sort is supported.")
    if not sorts:
        turn = world.calls * 7 % max(len(positions), 1)
        return positions[turn:] + positions[:turn]
    sort = sorts[0] if isinstance(sorts[0], dict) else {"propertyName": str(sorts[0])}
    name = str(sort.get("propertyName"))
    backwards = str(sort.get("direction", "ASCENDING")).startswith("DESC")
    if name == "hs_object_id":
        return positions[::-1] if backwards else positions
    column, _ = _column(world, table, types, name)
    have = [position for position in positions if column[position] is not None]
    lack = [position for position in positions if column[position] is None]
    return sorted(have, key=lambda position: column[position], reverse=backwards) + lack


# ------------------------------------------------------------------ associations


def _batch_associations(world: World, call: Call, name: str, to: str) -> Answer:
    name, to = _object(world, name), _object(world, to)
    inputs = _inputs(world, _payload(world, call), 1_000)
    view = world.view()
    rows = view.table(f"hubspot.{name}").by_id
    results, errors = [], []
    for item in inputs:
        row = rows.get(int(item["id"]))
        ids = view.linked(f"hubspot.{name}", row, f"hubspot.{to}") if row else ()
        if not ids:
            errors.append(
                {
                    "status": "error",
                    "category": "OBJECT_NOT_FOUND",
                    "subCategory": "crm.associations.NO_ASSOCIATIONS_FOUND",
                    "message": f"No {_SINGULAR[to]} is associated with {_SINGULAR[name]} {item['id']}.",
                    "context": {
                        "fromObjectId": [str(item["id"])],
                        "fromObjectType": [_SINGULAR[name]],
                        "toObjectType": [_SINGULAR[to]],
                    },
                }
            )
            continue
        offset = int(item.get("after") or 0)
        result: dict[str, Any] = {
            "from": {"id": str(item["id"])},
            "to": [_typed(name, to, target) for target in ids[offset : offset + ASSOCIATIONS_PER_INPUT]],
        }
        if offset + ASSOCIATIONS_PER_INPUT < len(ids):
            result["paging"] = {"next": {"after": str(offset + ASSOCIATIONS_PER_INPUT)}}
        results.append(result)
    # the vendor does not keep the order of the inputs
    return _batch_envelope(world, results[::-1], errors)


def _typed(name: str, to: str, target: int) -> dict[str, Any]:
    plain, labelled = _TYPE_IDS.get((name, to), (0, None))
    types: list[dict[str, Any]] = [{"category": "HUBSPOT_DEFINED", "typeId": plain, "label": None}]
    if labelled is not None:
        types.insert(0, {"category": "HUBSPOT_DEFINED", "typeId": labelled, "label": "Primary"})
    return {"toObjectId": target, "associationTypes": types}


def _row_associations(world: World, call: Call, version: str, name: str, record_id: str, to: str) -> Answer:
    name, to = _object(world, name), _object(world, to)
    view = world.view()
    row = view.table(f"hubspot.{name}").by_id.get(int(record_id))
    if row is None:
        return refuse(world, call, 404)
    limit = _limit(world, call, 500, 500)
    offset = int(call.query.get("after") or 0)
    ids = view.linked(f"hubspot.{name}", row, f"hubspot.{to}")
    if version == "v3":
        return Answer(200, association_page(name, row.id, to, ids, offset, limit))
    body: dict[str, Any] = {"results": [_typed(name, to, target) for target in ids[offset : offset + limit]]}
    if offset + limit < len(ids):
        body["paging"] = _next(call, str(offset + limit))
    return Answer(200, body)


# ------------------------------------------------------------------ the account's own


def _owners(world: World, call: Call) -> Answer:
    limit = _limit(world, call, 100, 500)
    table = world.view().table("hubspot.owners", _state(call))
    after = call.query.get("after", "")
    start = table.start(int(after)) if after.isdigit() else 0
    wanted = call.query.get("email")
    page = table.rows[start : start + limit]
    body: dict[str, Any] = {"results": [_owner(row) for row in page if wanted in (None, row.props["email"])]}
    if start + limit < len(table):
        body["paging"] = _next(call, str(table.ids[start + limit]))
    return Answer(200, body)


def _owner(row: Row) -> dict[str, Any]:
    props = row.props
    active = row.state != ARCHIVED
    out = {
        "id": str(row.id),
        "email": props["email"],
        "type": "PERSON",
        "firstName": props["firstName"],
        "lastName": props["lastName"],
        "userId": props["userId"] if active else None,
        "userIdIncludingInactive": props["userId"],
        "createdAt": props["createdAt"],
        "updatedAt": hubspot_time(row.changed),
        "archived": not active,
    }
    if props.get("teams"):
        out["teams"] = props["teams"]
    return out


def _pipelines(world: World, call: Call, name: str) -> Answer:
    if _object(world, name) != "deals":
        return Answer(200, {"results": []})
    rows = sorted(world.view().table("hubspot.pipelines"), key=lambda row: row.props["displayOrder"])
    return Answer(200, {"results": [{"id": row.id, "archived": False} | row.props for row in rows]})


def _properties(world: World, call: Call, name: str) -> Answer:
    name = _object(world, name)
    view = world.view()
    options = view.table("hubspot.options").by_id
    custom = view.table("hubspot.custom").by_id
    results = []
    for prop, kind in _known(view, name).items():
        own = custom.get(f"{name}.{prop}")
        chosen = options.get(f"{name}.{prop}")
        results.append(
            {
                "name": prop,
                "label": (
                    own.props["label"] if own else prop.removeprefix("hs_").replace("_", " ").capitalize()
                ),
                "type": kind,
                "fieldType": (
                    {
                        "enumeration": "select",
                        "datetime": "date",
                        "date": "date",
                        "number": "number",
                    }.get(kind, "text")
                ),
                "groupName": f"{_SINGULAR[name]}information",
                "options": [
                    {"label": label, "value": value, "displayOrder": order, "hidden": False}
                    for order, (value, label) in enumerate(chosen.props["options"] if chosen else [])
                ],
                "calculated": prop.startswith("hs_v2_"),
                "hidden": False,
                "hubspotDefined": own is None,
                "archived": False,
            }
        )
    return Answer(200, {"results": results})


def _account(world: World, call: Call) -> Answer:
    return Answer(200, next(iter(world.view().table("hubspot.account"))).props)


def _dispositions(world: World, call: Call) -> Answer:
    options = world.view().table("hubspot.options").by_id["calls.hs_call_disposition"].props["options"]
    return Answer(200, [{"id": value, "label": label, "deleted": False} for value, label in options])


# ------------------------------------------------------------------ lists


def _members(view: View, list_id: int) -> list[tuple[int, str]]:
    """(contact id, since when) of a list; archived contacts are no members."""
    contacts = view.table("hubspot.contacts").by_id
    rows = (row.props for row in view.table("hubspot.memberships"))
    return [
        (p["record_id"], p["since"]) for p in rows if p["list_id"] == list_id and p["record_id"] in contacts
    ]


def _list(view: View, row: Row) -> dict[str, Any]:
    return {
        "listId": str(row.id),
        "listVersion": 1,
        "name": row.props["name"],
        "objectTypeId": "0-1",
        "processingType": row.props["processingType"],
        "processingStatus": "COMPLETE",
        "createdAt": row.props["createdAt"],
        "updatedAt": hubspot_time(row.changed),
        "filtersUpdatedAt": row.props["createdAt"],
    }


def _list_by_name(world: World, call: Call, kind: str, name: str) -> Answer:
    view = world.view()
    for row in view.table("hubspot.lists"):
        if kind == "0-1" and row.props["name"].lower() == name.lower():
            return Answer(200, {"list": _list(view, row) | {"size": len(_members(view, row.id))}})
    return _error(
        world, 404, "OBJECT_NOT_FOUND", f"List does not exist with name {name} and object type ID {kind}."
    )


def _list_by_id(world: World, call: Call, list_id: str) -> Answer:
    view = world.view()
    row = view.table("hubspot.lists").by_id.get(int(list_id))
    if row is None:
        return _error(world, 404, "OBJECT_NOT_FOUND", f"List does not exist with ID {list_id}.")
    return Answer(200, {"list": _list(view, row) | {"size": len(_members(view, row.id))}})


def _search_lists(world: World, call: Call) -> Answer:
    body = _payload(world, call)
    count, offset = int(body.get("count", 20)), int(body.get("offset", 0))
    if not 1 <= count <= 500:
        raise _invalid(world, f"Invalid count: {count}. It must be between 1 and 500.")
    view = world.view()
    query = str(body.get("query", "")).lower()
    rows = [row for row in view.table("hubspot.lists") if query in row.props["name"].lower()]
    page = [
        _list(view, row) | {"additionalProperties": {"hs_list_size": str(len(_members(view, row.id)))}}
        for row in rows
    ]
    end = offset + count
    return Answer(
        200,
        {
            "lists": page[offset:end],
            "offset": min(end, len(rows)),
            "hasMore": end < len(rows),
            "total": len(rows),
        },
    )


def _memberships(world: World, call: Call, list_id: str, order: str | None) -> Answer:
    limit = _limit(world, call, 100, 250)
    view = world.view()
    if int(list_id) not in view.table("hubspot.lists").by_id:
        return _error(world, 404, "OBJECT_NOT_FOUND", f"List does not exist with ID {list_id}.")
    members = sorted(
        _members(view, int(list_id)),
        key=lambda member: (member[1], member[0]) if order else (member[0], member[1]),
    )
    start = _offset(world, call.query.get("after", ""))
    body: dict[str, Any] = {
        "results": [
            {"recordId": str(record), "membershipTimestamp": since}
            for record, since in members[start : start + limit]
        ],
        "total": len(members),
    }
    if start + limit < len(members):
        body["paging"] = _next(call, _token(start + limit))
    return Answer(200, body)


# ------------------------------------------------------------------ marketing


def _paged(
    world: World, call: Call, rows: list[dict[str, Any]], default: int, most: int, **more: Any
) -> Answer:
    limit = _limit(world, call, default, most)
    start = _offset(world, call.query.get("after", ""))
    body: dict[str, Any] = {**more, "results": rows[start : start + limit]}
    if start + limit < len(rows):
        body["paging"] = _next(call, _token(start + limit))
    return Answer(200, body)


def _state(call: Call) -> int:
    return ARCHIVED if call.query.get("archived") == "true" else LIVE


def _forms(world: World, call: Call) -> Answer:
    kinds = _split(call.query.get("formTypes")) or ["hubspot"]
    rows = [
        {"id": row.id, **row.props, "archived": row.state == ARCHIVED}
        | ({"archivedAt": hubspot_time(row.changed)} if row.state == ARCHIVED else {})
        for row in world.view().table("hubspot.forms", _state(call))
        if "all" in kinds or row.props["formType"] in kinds
    ]
    return _paged(world, call, rows, 20, 100)


def _submissions(world: World, call: Call, form: str) -> Answer:
    view = world.view()
    if all(form not in view.table("hubspot.forms", state).by_id for state in (LIVE, ARCHIVED)):
        return _error(world, 404, "OBJECT_NOT_FOUND", f"No form found with guid {form}")
    found = [
        {"conversionId": row.id, **row.props}
        for row in view.table("hubspot.submissions")
        if row.props["formId"] == form
    ]
    rows = [{name: value for name, value in row.items() if name != "formId"} for row in found]
    return _paged(world, call, sorted(rows, key=lambda row: -row["submittedAt"]), 20, 50)


def _mails(world: World, call: Call) -> Answer:
    stats = call.query.get("includeStats") == "true"
    rows = []
    for row in world.view().table("hubspot.marketing_mails", _state(call)):
        if (
            call.query.get("isPublished", str(row.props["isPublished"]).lower())
            != str(row.props["isPublished"]).lower()
        ):
            continue
        shown = {name: value for name, value in row.props.items() if name != "counters"}
        rows.append(
            {"id": str(row.id), **shown, "archived": row.state == ARCHIVED}
            | ({"stats": _stats(row.props["counters"])} if stats else {})
        )
    return _paged(world, call, rows, 10, 100, total=len(rows))


def _stats(counters: dict[str, int]) -> dict[str, Any]:
    delivered = counters.get("delivered") or 1
    ratios = {
        f"{name}ratio": round(100 * counters.get(name, 0) / delivered, 2)
        for name in ("open", "click", "reply", "bounce")
    }
    return {"counters": counters, "ratios": ratios, "deviceBreakdown": {}, "qualifierStats": {}}


def _traffic(world: World, call: Call) -> Answer:
    table = world.view().table("hubspot.web_traffic")
    if not table.rows:
        return _missing_scope(world, "business-intelligence")
    bounds = []
    for name in ("start", "end"):
        text = call.query.get(name, "")
        if not re.fullmatch(r"\d{8}", text):
            raise _invalid(world, f"{name} must be a date as YYYYMMDD, got '{text}'")
        bounds.append(f"{text[:4]}-{text[4:6]}-{text[6:]}")
    days: dict[str, list[dict[str, Any]]] = {}
    for row in table.rows[table.start(bounds[0]) : table.start(bounds[1] + "~")]:
        day, _, source = row.id.partition("/")
        days.setdefault(day, []).append({"breakdown": source, **row.props})
    return Answer(200, days)


def _token(offset: int) -> str:
    """An opaque `after`, already percent-encoded as some of the vendor's endpoints send it (`MTAw%3D`)."""
    text = f"at:{offset}"
    text += "." * (len(text) % 3 == 0)  # so that there always is padding, which is what the encoding shows on
    return quote(base64.b64encode(text.encode()).decode(), safe="")


def _offset(world: World, token: str) -> int:
    if not token:
        return 0
    try:
        return int(base64.b64decode(token, validate=True).decode().removeprefix("at:").rstrip("."))
    except (binascii.Error, ValueError):
        raise _invalid(world, f"Invalid paging cursor: {token}") from None


_O, _ID = r"([\w-]+)", r"(\d+)"
_ROUTES: list[tuple[str, re.Pattern[str], Callable[..., Answer]]] = [
    (method, re.compile(pattern), handler)
    for method, pattern, handler in (
        ("GET", rf"/crm/v3/objects/{_O}", _list_objects),
        ("POST", rf"/crm/v3/objects/{_O}/search", _search),
        ("POST", rf"/crm/v3/objects/{_O}/batch/read", _batch_read),
        ("GET", rf"/crm/v3/objects/{_O}/{_ID}", _read_object),
        ("GET", rf"/crm/(v[34])/objects/{_O}/{_ID}/associations/{_O}", _row_associations),
        ("POST", rf"/crm/v4/associations/{_O}/{_O}/batch/read", _batch_associations),
        ("GET", r"/crm/v3/owners", _owners),
        ("GET", rf"/crm/v3/pipelines/{_O}", _pipelines),
        ("GET", rf"/crm/v3/properties/{_O}", _properties),
        ("GET", r"/account-info/v3/details", _account),
        ("GET", rf"/crm/v3/lists/object-type-id/{_O}/name/(.+)", _list_by_name),
        ("POST", r"/crm/v3/lists/search", _search_lists),
        ("GET", rf"/crm/v3/lists/{_ID}", _list_by_id),
        ("GET", rf"/crm/v3/lists/{_ID}/memberships(/join-order)?", _memberships),
        ("GET", r"/calling/v1/dispositions", _dispositions),
        ("GET", r"/marketing/v3/forms", _forms),
        ("GET", r"/form-integrations/v1/submissions/forms/([\w-]+)", _submissions),
        ("GET", r"/marketing/v3/emails", _mails),
        ("GET", r"/analytics/v2/reports/sources/daily", _traffic),
    )
]
