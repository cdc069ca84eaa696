"""Copper's wire contract (Developer API v1): four headers on every call, searches by POST, bare arrays,
totals in a header.

What the published sources leave open is decided the stricter way: any attribute that is not documented, and a
page size above 200, is a 422; date bounds are inclusive; the 429 has no `Retry-After`.

Tables `copper.users`, `activities`, `activity_types`, `opportunities`, `pipelines`, `custom_fields`,
properties as on the wire. An archived activity answers as a stub `{"id", "is_deleted"}`; whatever else is
deleted is gone without a trace.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from sandbox.engine.store import ARCHIVED, Row, View
from sandbox.engine.world import Answer, Call, World

CREDENTIALS = {
    "COPPER_API_KEY": "sandbox-canary-copper-77d1e0a4",
    "COPPER_USER_EMAIL": "copper.canary.admin@cedar-ridge.example",
}

OPEN_PATHS = ""
ROWS = ()
"""Pages are bare arrays."""

REACHABLE = 100_000
_BASE = "/developer_api/v1"
_PAGED = {"page_number", "page_size"}
_SORTS = {"date_created", "date_modified", "monetary_value", "name", "status"}
_ATTRIBUTES = {
    "users": _PAGED,
    "activities": (
        _PAGED | {"parent", "activity_types", "minimum_activity_date", "maximum_activity_date", "full_result"}
    ),
    "opportunities": (
        _PAGED
        | {
            "ids",
            "assignee_ids",
            "status_ids",
            "pipeline_ids",
            "pipeline_stage_ids",
            "company_ids",
            "sort_by",
            "sort_direction",
        }
        | {
            f"{bound}_{field}"
            for bound in ("minimum", "maximum")
            for field in ("created_date", "modified_date", "stage_change_date")
        }
    ),
}
_STATUSES = ("Open", "Won", "Lost", "Abandoned")
_DATES = {
    "created_date": "date_created",
    "modified_date": "date_modified",
    "stage_change_date": "date_stage_changed",
}


class _Invalid(Exception):
    """A 422; the text says what is wrong."""


def refuse(world: World, call: Call, status: int) -> Answer:
    """Copper's own body for an error status."""
    texts = {
        401: "Invalid credentials",
        403: "You do not have permission to read this",
        429: "Rate limit exceeded",
    }
    if status == 404:
        return Answer(404, {"error": "not_found"})
    return Answer(
        status, {"success": False, "status": status, "message": texts.get(status, "Something went wrong")}
    )


async def handle(world: World, call: Call) -> Answer:
    """Answer one call: the four headers, the account's minute, then the path."""
    headers = call.headers
    wanted = {
        "x-pw-accesstoken": CREDENTIALS["COPPER_API_KEY"],
        "x-pw-application": "developer_api",
        "x-pw-useremail": CREDENTIALS["COPPER_USER_EMAIL"],
    }
    if any(headers.get(name) != value for name, value in wanted.items()):
        return refuse(world, call, 401)
    if not headers.get("content-type", "").startswith("application/json"):
        return refuse(world, call, 401)
    if not world.limiter("copper", world.limits.copper, 60.0).take() and world.limits.enforced:
        return refuse(world, call, 429)
    if not call.path.startswith(f"{_BASE}/"):
        return refuse(world, call, 404)
    try:
        return _dispatch(world, call, call.path.removeprefix(f"{_BASE}/").rstrip("/"))
    except _Invalid as error:
        message = f"Invalid input: Validation errors: {error}"
        return Answer(422, {"success": False, "status": 422, "message": message})


def _dispatch(world: World, call: Call, path: str) -> Answer:
    view = world.view()
    if call.method == "POST":
        if path.endswith("/search") and (entity := path.removesuffix("/search")) in _ATTRIBUTES:
            return _search(view, entity, call)
        return refuse(world, call, 404)
    if path == "account":
        return Answer(
            200,
            {
                "id": 64120,
                "name": "Cedar Ridge IT",
                "primary_timezone": "America/Chicago",
                "settings": {"enable_leads": False},
            },
        )
    if path == "activity_types":
        types: dict[str, list[Any]] = {"user": [], "system": []}
        for row in view.table("copper.activity_types"):
            types[row.props["category"]].append(
                {"id": row.props["type_id"], **{k: v for k, v in row.props.items() if k != "type_id"}}
            )
        return Answer(200, types)
    if path == "pipelines":
        return Answer(200, _items(list(view.table("copper.pipelines"))))
    if path == "pipeline_stages":
        return refuse(world, call, 401)  # as a shipped connector reports for some keys
    if path == "custom_field_definitions":
        return Answer(200, _items(list(view.table("copper.custom_fields"))))
    if match := re.fullmatch(r"users/(\d+)", path):
        user = view.table("copper.users").by_id.get(int(match[1]))
        return Answer(200, _items([user])[0]) if user else refuse(world, call, 404)
    return refuse(world, call, 404)


def _items(rows: list[Row]) -> list[dict[str, Any]]:
    return [
        {"id": row.id, **row.props} if row.state != ARCHIVED else {"id": row.id, "is_deleted": True}
        for row in rows
    ]


def _search(view: View, entity: str, call: Call) -> Answer:
    try:
        body = call.json()
    except ValueError:
        return Answer(400, {"success": False, "status": 400, "message": "Malformed request"})
    if not isinstance(body, dict):
        raise _Invalid("Base: The body is not an object")
    unknown = sorted(set(body) - _ATTRIBUTES[entity])
    if unknown:
        raise _Invalid(f"Base: Unrecognized attributes specified: {', '.join(unknown)}")
    size, page = body.get("page_size", 20), body.get("page_number", 1)
    if not isinstance(size, int) or not 1 <= size <= 200:
        raise _Invalid("page_size: must be between 1 and 200")
    if not isinstance(page, int) or page < 1:
        raise _Invalid("page_number: must be 1 or more")
    found = _found(view, entity, body)
    reach = found[:REACHABLE][(page - 1) * size : page * size]
    return Answer(200, _items(reach), {"X-PW-TOTAL": str(len(found))})


def _found(view: View, entity: str, body: dict[str, Any]) -> list[Row]:
    table = view.table(f"copper.{entity}")
    if entity == "users":
        return list(table)
    if entity == "activities":
        tests = _bounds(body, {"activity_date": "activity_date"})
        if kinds := body.get("activity_types"):
            if not all(isinstance(one, dict) and {"id", "category"} <= set(one) for one in kinds):
                raise _Invalid("activity_types: each needs an id and a category")
            tests.append(
                lambda row: any(
                    row.props["type"] == {"id": one["id"], "category": one["category"]} for one in kinds
                )
            )
        if parent := body.get("parent"):
            tests.append(lambda row: bool(row.props["parent"] == parent))
        rows = [
            row
            for row in [*table, *view.table("copper.activities", ARCHIVED)]
            if all(test(row) for test in tests)
        ]
        return sorted(rows, key=lambda row: (-row.props["activity_date"], row.id))
    tests = _bounds(body, _DATES)
    lists = {
        "assignee_ids": "assignee_id",
        "pipeline_ids": "pipeline_id",
        "pipeline_stage_ids": "pipeline_stage_id",
        "company_ids": "company_id",
    }
    for attribute, field in lists.items():
        if attribute in body:
            # -2 stands for nobody
            wanted = {None if value == -2 else value for value in body[attribute]}
            tests.append(lambda row, field=field, wanted=wanted: row.props[field] in wanted)
    if "status_ids" in body:
        statuses = {_STATUSES[number] for number in body["status_ids"]}
        tests.append(lambda row: row.props["status"] in statuses)
    if "ids" in body:
        tests.append(lambda row: row.id in body["ids"])
    sort = body.get("sort_by", "name")
    if sort not in _SORTS:
        raise _Invalid(f"sort_by: {sort} is not included in the list")
    rows = [row for row in table if all(test(row) for test in tests)]
    rows.sort(key=lambda row: (row.props[sort] or 0 if sort != "name" else row.props["name"], row.id))
    return rows[::-1] if body.get("sort_direction") == "desc" else rows


def _bounds(body: dict[str, Any], fields: dict[str, str]) -> list[Callable[..., bool]]:
    """Tests for `minimum_...` and `maximum_...`, Unix seconds, both inclusive."""
    tests: list[Callable[..., bool]] = []
    for attribute, field in fields.items():
        low, high = body.get(f"minimum_{attribute}"), body.get(f"maximum_{attribute}")
        if not all(isinstance(bound, int | None) for bound in (low, high)):
            raise _Invalid(f"{attribute}: must be Unix seconds")
        if low is not None:
            tests.append(lambda row, field=field, low=low: (row.props[field] or 0) >= low)
        if high is not None:
            tests.append(lambda row, field=field, high=high: (row.props[field] or 0) <= high)
    return tests
