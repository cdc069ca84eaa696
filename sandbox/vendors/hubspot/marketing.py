"""HubSpot's forms, marketing mails and web analytics."""

from __future__ import annotations

import re
from typing import Any

from sandbox.engine.formats import hubspot_time
from sandbox.engine.store import ARCHIVED, LIVE
from sandbox.engine.world import Answer, Call, World
from sandbox.vendors.hubspot.errors import failure, invalid, missing_scope
from sandbox.vendors.hubspot.parameters import asked_state, comma_separated, paged


def list_forms(world: World, call: Call) -> Answer:
    kinds = comma_separated(call.query.get("formTypes")) or ["hubspot"]
    rows = [
        {"id": row.id, **row.props, "archived": row.state == ARCHIVED}
        | ({"archivedAt": hubspot_time(row.changed)} if row.state == ARCHIVED else {})
        for row in world.view().table("hubspot.forms", asked_state(call))
        if "all" in kinds or row.props["formType"] in kinds
    ]
    return paged(world, call, rows, 20, 100)


def list_submissions(world: World, call: Call, form: str) -> Answer:
    view = world.view()
    if all(form not in view.table("hubspot.forms", state).by_id for state in (LIVE, ARCHIVED)):
        return failure(world, 404, "OBJECT_NOT_FOUND", f"No form found with guid {form}")
    found = [
        {"conversionId": row.id, **row.props}
        for row in view.table("hubspot.submissions")
        if row.props["formId"] == form
    ]
    rows = [{name: value for name, value in row.items() if name != "formId"} for row in found]
    return paged(world, call, sorted(rows, key=lambda row: -row["submittedAt"]), 20, 50)


def list_mails(world: World, call: Call) -> Answer:
    stats = call.query.get("includeStats") == "true"
    rows = []
    for row in world.view().table("hubspot.marketing_mails", asked_state(call)):
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
    return paged(world, call, rows, 10, 100, total=len(rows))


def _stats(counters: dict[str, int]) -> dict[str, Any]:
    delivered = counters.get("delivered") or 1
    ratios = {
        f"{name}ratio": round(100 * counters.get(name, 0) / delivered, 2)
        for name in ("open", "click", "reply", "bounce")
    }
    return {"counters": counters, "ratios": ratios, "deviceBreakdown": {}, "qualifierStats": {}}


def web_traffic(world: World, call: Call) -> Answer:
    table = world.view().table("hubspot.web_traffic")
    if not table.rows:
        return missing_scope(world, "business-intelligence")
    bounds = []
    for name in ("start", "end"):
        text = call.query.get(name, "")
        if not re.fullmatch(r"\d{8}", text):
            raise invalid(world, f"{name} must be a date as YYYYMMDD, got '{text}'")
        bounds.append(f"{text[:4]}-{text[4:6]}-{text[6:]}")
    days: dict[str, list[dict[str, Any]]] = {}
    for row in table.rows[table.start(bounds[0]) : table.start(bounds[1] + "~")]:
        day, _, source = row.id.partition("/")
        days.setdefault(day, []).append({"breakdown": source, **row.props})
    return Answer(200, days)
