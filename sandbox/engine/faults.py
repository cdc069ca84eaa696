"""Faults on request: how a switched-on fault answers in the place of a vendor, or spoils the vendor's answer.

| kind | what the client meets |
|---|---|
| status | the status with the vendor's own error body (or `body`), and `Retry-After` where `retry_after` is
    given |
| wrong_key | the vendor's 401, whatever the credentials (not where none are needed) |
| timeout | nothing for `seconds`, then the true answer |
| reset | half of the body, then the connection ends |
| truncated | half of the JSON, as if it were whole |
| html | a 200 with an HTML page |
| empty_page | the true page without its rows (its paging stays) |
| repeated_page | the answer before (same path) once more; for a first page the true answer |
| duplicates | the true page, with the rows of the page before (same path) in front; for a first page the true
    answer |
| field_type | the true page, `field` of every row holding `value` instead |
| field_gone | the true page without `field` |
| tick | the sandbox's clock moves on by `seconds`, then the true answer: records change while a client turns
    pages |
| field_new | the true page with a field `added_by_the_vendor` in every row |
| missing_scopes | HubSpot: 403 for calls that need one of `scopes` (none given: any); lasts until cleared |
| hide_non_billable | Autotask: the API user may not see non-billable time, nothing says so; lasts until
    cleared |
| search_lag | HubSpot: the search index is `seconds` behind; lasts until cleared |
| day_filters | Intercom: date filters are cut to days of the workspace; lasts until cleared |

`path` is a regular expression searched in the path after the vendor's prefix, `within` one for query and
body, `skip` lets that many calls pass first, `times` is how many calls are hit (null: until cleared).
`source` `*` means every vendor.
"""

from __future__ import annotations

import re
from datetime import timedelta
from itertools import zip_longest
from typing import Any

import orjson

from sandbox.engine.world import Answer, Call, Fault, Vendor, World

HTML = (
    b"<!DOCTYPE html><html><head><title>Just a moment...</title></head><body>The service is being"
    b" updated.</body></html>"
)


async def answer(world: World, vendor: Vendor, call: Call, fault: Fault | None) -> Answer:
    """The vendor's answer, or what the fault makes of it. `timeout` and `reset` are done by the server, which
    owns the connection."""
    if (
        fault is not None
        and fault.kind == "wrong_key"
        and vendor.OPEN_PATHS
        and re.search(vendor.OPEN_PATHS, call.path)
    ):
        fault = None
    if fault is not None and fault.kind in ("status", "wrong_key"):
        refused = vendor.refuse(world, call, 401 if fault.kind == "wrong_key" else fault.status)
        if fault.body is not None:
            refused.body = fault.body.encode() if isinstance(fault.body, str) else fault.body
        if fault.retry_after is not None:
            refused.headers["Retry-After"] = fault.retry_after
        return refused
    if fault is not None and fault.kind == "html":
        return Answer(200, HTML, content_type="text/html;charset=utf-8")
    if fault is not None and fault.kind == "tick":
        world.clock.as_of = world.clock.now() + timedelta(seconds=fault.seconds)
    true = await vendor.handle(world, call)
    before = world.last_pages.get((vendor, call.path))
    world.last_pages[vendor, call.path] = content = true.content()
    if fault is None:
        return true
    if fault.kind == "truncated":
        true.body = content[: len(content) // 2]
    elif fault.kind == "repeated_page" and before is not None:
        true.body = before
    elif fault.kind in ("empty_page", "duplicates", "field_type", "field_gone", "field_new"):
        true.body = _spoilt(fault, content, before, vendor.ROWS)
    return true


def _spoilt(fault: Fault, content: bytes, before: bytes | None, keys: tuple[str, ...]) -> Any:
    try:
        body = orjson.loads(content)
        earlier = orjson.loads(before) if before else None
    except ValueError:
        return content
    for rows, old in zip_longest(_pages(body, keys), _pages(earlier, keys)):
        if rows is None:
            break
        if fault.kind == "empty_page":
            rows.clear()
        elif fault.kind == "duplicates":
            rows[:0] = old or []
        else:
            for row in rows:
                _spoil(fault, row)
    return body


def _spoil(fault: Fault, row: Any) -> None:
    way, _, name = fault.field.rpartition(".")
    for part in way.split(".") if way else ():
        row = row.get(part) if isinstance(row, dict) else None
    if not isinstance(row, dict):
        return
    if fault.kind == "field_new":
        row["added_by_the_vendor"] = {"deeply": ["nested", 1]}
    elif fault.kind == "field_gone":
        row.pop(name, None)
    elif name in row:
        row[name] = fault.value


def _pages(body: Any, keys: tuple[str, ...]) -> list[list[Any]]:
    """The lists of rows in an answer: under `keys` (dots lead deeper, `*` is any name, or any item of a
    list), or the answer itself where it is a list."""
    if isinstance(body, list):
        chunked = [key.removeprefix("*.") for key in keys if key.startswith("*.")]
        return [page for item in body for page in _pages(item, tuple(chunked))] if chunked else [body]
    found = []
    for key in keys:
        inner = [body]
        for name in key.split("."):
            inner = [
                value
                for one in inner
                if isinstance(one, dict)
                for own, value in one.items()
                if name in ("*", own)
            ]
        found += [one for one in inner if isinstance(one, list)]
    return found
