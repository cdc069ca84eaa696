"""What HubSpot knows of the account: owners, pipelines, properties, call outcomes."""

from __future__ import annotations

from typing import Any

from sandbox.engine.formats import hubspot_time
from sandbox.engine.store import ARCHIVED, Row
from sandbox.engine.world import Answer, Call, World
from sandbox.vendors.hubspot.catalogue import SINGULAR
from sandbox.vendors.hubspot.parameters import asked_limit, asked_state, following, object_name
from sandbox.vendors.hubspot.rows import known_properties


def list_owners(world: World, call: Call) -> Answer:
    limit = asked_limit(world, call, 100, 500)
    table = world.view().table("hubspot.owners", asked_state(call))
    after = call.query.get("after", "")
    start = table.start(int(after)) if after.isdigit() else 0
    wanted = call.query.get("email")
    page = table.rows[start : start + limit]
    body: dict[str, Any] = {"results": [_owner(row) for row in page if wanted in (None, row.props["email"])]}
    if start + limit < len(table):
        body["paging"] = following(call, str(table.ids[start + limit]))
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


def list_pipelines(world: World, call: Call, name: str) -> Answer:
    if object_name(world, name) != "deals":
        return Answer(200, {"results": []})
    rows = sorted(world.view().table("hubspot.pipelines"), key=lambda row: row.props["displayOrder"])
    return Answer(200, {"results": [{"id": row.id, "archived": False} | row.props for row in rows]})


def list_properties(world: World, call: Call, name: str) -> Answer:
    name = object_name(world, name)
    view = world.view()
    options = view.table("hubspot.options").by_id
    custom = view.table("hubspot.custom").by_id
    results = []
    for prop, kind in known_properties(view, name).items():
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
                "groupName": f"{SINGULAR[name]}information",
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


def read_account(world: World, call: Call) -> Answer:
    return Answer(200, next(iter(world.view().table("hubspot.account"))).props)


def list_dispositions(world: World, call: Call) -> Answer:
    options = world.view().table("hubspot.options").by_id["calls.hs_call_disposition"].props["options"]
    return Answer(200, [{"id": value, "label": label, "deleted": False} for value, label in options])
