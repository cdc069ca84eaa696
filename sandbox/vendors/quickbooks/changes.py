"""QuickBooks' change data capture."""

from __future__ import annotations

from datetime import timedelta

from sandbox.engine.store import GONE, parse_ms, to_ms
from sandbox.engine.world import Answer, Call, World
from sandbox.vendors.quickbooks.errors import fault
from sandbox.vendors.quickbooks.objects import NAMES, TRANSACTIONS, pacific, time_now, wire

MOST_CHANGES = 1_000
LOOK_BACK = timedelta(days=30)


def list_changes(world: World, call: Call) -> Answer:
    entities = [one for one in call.query.get("entities", "").split(",") if one]
    if not entities or any(entity not in TRANSACTIONS + NAMES for entity in entities):
        return fault(400, "4001", "Invalid query", "Unsupported entity in entities")
    try:
        since = parse_ms(call.query.get("changedSince", "").replace(" ", "+"))
    except ValueError:
        return fault(400, "4001", "Invalid query", "changedSince is no date-time")
    if to_ms(world.clock.now()) - since > LOOK_BACK.total_seconds() * 1000:
        return fault(400, "4001", "Invalid query", "changedSince may lie 30 days back at most")
    view, left, blocks = world.view(), MOST_CHANGES, []
    for entity in entities:
        rows = [
            wire(world, entity, row) for row in view.table(f"quickbooks.{entity}") if row.changed >= since
        ]
        rows += [
            {
                "domain": "QBO",
                "status": "Deleted",
                "Id": str(row.id),
                "MetaData": {"LastUpdatedTime": pacific(row.changed)},
            }
            for row in view.table(f"quickbooks.{entity}", GONE)
            if row.changed >= since
        ]
        rows, left = rows[:left], left - min(left, len(rows))
        blocks.append(
            {entity: rows, "startPosition": 1, "maxResults": len(rows), "totalCount": len(rows)}
            if rows
            else {}
        )
    return Answer(200, {"CDCResponse": [{"QueryResponse": blocks}], "time": time_now(world)})
