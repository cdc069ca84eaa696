"""QuickBooks Online's wire contract (Accounting v3): tokens that rotate, queries, change data capture,
reports, limits.

Tables: `quickbooks.<Entity>` by number, properties as on the wire; `_created` and `_sync` become MetaData and
SyncToken. Balances of customers, vendors and accounts are worked out when they are asked for. Deleted
transactions are gone rows: only `cdc` shows them.

Refresh tokens: the one of `CREDENTIALS` stands for a person who connects the company again: it always opens a
new chain. The same with a dot and anything behind it is an ordinary one, good until its successor is used.
Each exchange of a token that is a day old by the sandbox's clock gives a successor; the one before ends when
the successor, or the access token that came with it, is used, and of two successors of one token only the
newer is good.
A token ends after 100 days without use, a chain after five years. Access tokens are good for an hour of real
time.

What the published sources leave open is decided the stricter way: an unknown field in a condition is an
error.
"""

from __future__ import annotations

import re

from sandbox.engine.world import Answer, Call, World
from sandbox.vendors.quickbooks.changes import list_changes
from sandbox.vendors.quickbooks.errors import TID, Refused, fault, refuse
from sandbox.vendors.quickbooks.objects import NAMES, TRANSACTIONS, time_now, wire
from sandbox.vendors.quickbooks.queries import answer_query
from sandbox.vendors.quickbooks.reports import answer_report
from sandbox.vendors.quickbooks.tokens import CREDENTIALS, exchange, may_enter

OPEN_PATHS = ""
ROWS = ("QueryResponse.*",)
PER_MINUTE, PER_SECOND = 500, 10


async def handle(world: World, call: Call) -> Answer:
    """Answer one call: a token, or with a token anything else."""
    if call.path == "/oauth2/v1/tokens/bearer" and call.method == "POST":
        return exchange(world, call)
    match = re.fullmatch(r"/v3/company/([^/]+)/(.*)", call.path)
    if match is None:
        return refuse(world, call, 404)
    if not may_enter(world, call.headers.get("authorization", "")):
        return refuse(world, call, 401)
    if match[1] != CREDENTIALS["QUICKBOOKS_REALM_ID"]:
        return refuse(world, call, 403)
    limits = (("quickbooks.minute", PER_MINUTE, 60.0), ("quickbooks.second", PER_SECOND, 1.0))
    if not all(world.limiter(*limit).take() for limit in limits) and world.limits.enforced:
        return refuse(world, call, 429)
    if "json" not in call.headers.get("accept", ""):
        return Answer(
            200,
            b'<?xml version="1.0"?><IntuitResponse xmlns="http://schema.intuit.com/finance/v3"/>',
            content_type="text/xml",
        )
    try:
        answer = _dispatch(world, call, match[2])
    except Refused as refused:
        return refused.answer
    answer.headers["intuit_tid"] = TID
    return answer


def _dispatch(world: World, call: Call, rest: str) -> Answer:
    if rest == "query":
        statement = call.body.decode() if call.method == "POST" else call.query.get("query", "")
        return answer_query(world, statement)
    if rest == "cdc":
        return list_changes(world, call)
    if rest.startswith("reports/"):
        return answer_report(world, rest.removeprefix("reports/"), call)
    entity, _, key = rest.partition("/")
    for name in TRANSACTIONS + NAMES:
        if entity == name.lower():
            row = world.view().table(f"quickbooks.{name}").by_id.get(int(key) if key.isdigit() else key)
            if row is None:
                return fault(
                    400, "610", "Object Not Found", "Something you're trying to use has been made inactive."
                )
            return Answer(200, {name: wire(world, name, row), "time": time_now(world)})
    return refuse(world, call, 404)
