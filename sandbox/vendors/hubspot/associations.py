"""HubSpot's associations, of one record or in batches."""

from __future__ import annotations

from typing import Any

from sandbox.engine.world import Answer, Call, World
from sandbox.vendors.hubspot.catalogue import ASSOCIATIONS_PER_INPUT, SINGULAR, TYPE_IDS
from sandbox.vendors.hubspot.errors import refuse
from sandbox.vendors.hubspot.objects import batch_envelope, batch_inputs
from sandbox.vendors.hubspot.parameters import asked_limit, following, object_name, payload
from sandbox.vendors.hubspot.rows import association_page


def batch_associations(world: World, call: Call, name: str, to: str) -> Answer:
    name, to = object_name(world, name), object_name(world, to)
    inputs = batch_inputs(world, payload(world, call), 1_000)
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
                    "message": f"No {SINGULAR[to]} is associated with {SINGULAR[name]} {item['id']}.",
                    "context": {
                        "fromObjectId": [str(item["id"])],
                        "fromObjectType": [SINGULAR[name]],
                        "toObjectType": [SINGULAR[to]],
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
    return batch_envelope(world, results[::-1], errors)


def _typed(name: str, to: str, target: int) -> dict[str, Any]:
    plain, labelled = TYPE_IDS.get((name, to), (0, None))
    types: list[dict[str, Any]] = [{"category": "HUBSPOT_DEFINED", "typeId": plain, "label": None}]
    if labelled is not None:
        types.insert(0, {"category": "HUBSPOT_DEFINED", "typeId": labelled, "label": "Primary"})
    return {"toObjectId": target, "associationTypes": types}


def row_associations(world: World, call: Call, version: str, name: str, record_id: str, to: str) -> Answer:
    name, to = object_name(world, name), object_name(world, to)
    view = world.view()
    row = view.table(f"hubspot.{name}").by_id.get(int(record_id))
    if row is None:
        return refuse(world, call, 404)
    limit = asked_limit(world, call, 500, 500)
    offset = int(call.query.get("after") or 0)
    ids = view.linked(f"hubspot.{name}", row, f"hubspot.{to}")
    if version == "v3":
        return Answer(200, association_page(name, row.id, to, ids, offset, limit))
    body: dict[str, Any] = {"results": [_typed(name, to, target) for target in ids[offset : offset + limit]]}
    if offset + limit < len(ids):
        body["paging"] = following(call, str(offset + limit))
    return Answer(200, body)
