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

import re
from collections.abc import Callable

from sandbox.engine.world import Answer, Call, World
from sandbox.vendors.hubspot.account import (
    list_dispositions,
    list_owners,
    list_pipelines,
    list_properties,
    read_account,
)
from sandbox.vendors.hubspot.associations import batch_associations, row_associations
from sandbox.vendors.hubspot.errors import Refused, correlation, missing_scope, numbered, refuse, scope_of
from sandbox.vendors.hubspot.lists import list_by_id, list_by_name, list_memberships, search_lists
from sandbox.vendors.hubspot.marketing import list_forms, list_mails, list_submissions, web_traffic
from sandbox.vendors.hubspot.objects import batch_read, list_objects, read_object
from sandbox.vendors.hubspot.searches import search_objects

CREDENTIALS = {"HUBSPOT_API_KEY": "pat-na1-sandbox-canary-5d1f0c9e7b3a"}

OPEN_PATHS = ""
ROWS = ("results",)


async def handle(world: World, call: Call) -> Answer:
    """Answer one call: credentials, budget, scope, then the endpoint."""
    if call.headers.get("authorization") != f"Bearer {CREDENTIALS['HUBSPOT_API_KEY']}":
        return refuse(world, call, 401)
    path = numbered(call.path)
    search = path.endswith("/search") and path.startswith("/crm/v3/objects/")
    headers = {"X-HubSpot-Correlation-Id": correlation(world)}
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
    scope = scope_of(path)
    if withdrawn and scope and (not withdrawn.scopes or scope in withdrawn.scopes):
        return missing_scope(world, scope)
    for method, pattern, handler in _ROUTES:
        if method == call.method and (match := pattern.fullmatch(path)):
            try:
                return handler(world, call, *match.groups())
            except Refused as refused:
                return refused.answer
    return Answer(
        404, b"<html><body><h1>Not Found</h1></body></html>", content_type="text/html;charset=utf-8"
    )


_O, _ID = r"([\w-]+)", r"(\d+)"
_ROUTES: list[tuple[str, re.Pattern[str], Callable[..., Answer]]] = [
    (method, re.compile(pattern), handler)
    for method, pattern, handler in (
        ("GET", rf"/crm/v3/objects/{_O}", list_objects),
        ("POST", rf"/crm/v3/objects/{_O}/search", search_objects),
        ("POST", rf"/crm/v3/objects/{_O}/batch/read", batch_read),
        ("GET", rf"/crm/v3/objects/{_O}/{_ID}", read_object),
        ("GET", rf"/crm/(v[34])/objects/{_O}/{_ID}/associations/{_O}", row_associations),
        ("POST", rf"/crm/v4/associations/{_O}/{_O}/batch/read", batch_associations),
        ("GET", r"/crm/v3/owners", list_owners),
        ("GET", rf"/crm/v3/pipelines/{_O}", list_pipelines),
        ("GET", rf"/crm/v3/properties/{_O}", list_properties),
        ("GET", r"/account-info/v3/details", read_account),
        ("GET", rf"/crm/v3/lists/object-type-id/{_O}/name/(.+)", list_by_name),
        ("POST", r"/crm/v3/lists/search", search_lists),
        ("GET", rf"/crm/v3/lists/{_ID}", list_by_id),
        ("GET", rf"/crm/v3/lists/{_ID}/memberships(/join-order)?", list_memberships),
        ("GET", r"/calling/v1/dispositions", list_dispositions),
        ("GET", r"/marketing/v3/forms", list_forms),
        ("GET", r"/form-integrations/v1/submissions/forms/([\w-]+)", list_submissions),
        ("GET", r"/marketing/v3/emails", list_mails),
        ("GET", r"/analytics/v2/reports/sources/daily", web_traffic),
    )
]
