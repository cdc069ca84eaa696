"""Faults on request: how a switched-on fault answers in the place of a vendor, or spoils the vendor's answer.

| kind | what the client meets |
|---|---|
| status | the status with the vendor's own error body (or `body`), and `Retry-After` where `retry_after` is given |
| wrong_key | the vendor's 401, whatever the credentials (not where none are needed) |
| timeout | nothing for `seconds`, then the true answer |
| reset | half of the body, then the connection ends |
| truncated | half of the JSON, as if it were whole |
| html | a 200 with an HTML page |
| empty_page | the true page without its rows (its paging stays) |
| missing_scopes | HubSpot: 403 for calls that need one of `scopes` (none given: any); lasts until cleared |
| hide_non_billable | Autotask: the API user may not see non-billable time, nothing says so; lasts until cleared |
| search_lag | HubSpot: the search index is `seconds` behind; lasts until cleared |

`path` is a regular expression searched in the path after the vendor's prefix, `skip` lets that many calls pass first, `times` is
how many calls are hit (null: until cleared). `source` `*` means every vendor.
"""

from __future__ import annotations

import re
from typing import Any

import orjson

from dlt_pipelines.sandbox.world import Answer, Call, Fault, Vendor, World

HTML = b"<!DOCTYPE html><html><head><title>Just a moment...</title></head><body>The service is being updated.</body></html>"


async def answer(world: World, vendor: Vendor, call: Call, fault: Fault | None) -> Answer:
    """The vendor's answer, or what the fault makes of it. `timeout` and `reset` are done by the server, which owns the connection."""
    if fault is not None and fault.kind == "wrong_key" and vendor.OPEN_PATHS and re.search(vendor.OPEN_PATHS, call.path):
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
    true = await vendor.handle(world, call)
    if fault is not None and fault.kind == "truncated":
        content = true.content()
        true.body = content[: len(content) // 2]
    if fault is not None and fault.kind == "empty_page":
        true.body = _without_rows(true.content(), vendor.ROWS)
    return true


def _without_rows(content: bytes, keys: tuple[str, ...]) -> Any:
    try:
        body = orjson.loads(content)
    except ValueError:
        return content
    return body | {key: [] for key in keys if key in body} if isinstance(body, dict) else content
