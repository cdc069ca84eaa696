"""HubSpot's objects: lists, single records and batches."""

from __future__ import annotations

from typing import Any

from sandbox.engine.formats import hubspot_time
from sandbox.engine.world import Answer, Call, World
from sandbox.vendors.hubspot.catalogue import SINGULAR
from sandbox.vendors.hubspot.errors import invalid, refuse
from sandbox.vendors.hubspot.parameters import (
    asked_limit,
    asked_state,
    comma_separated,
    following,
    object_name,
    payload,
)
from sandbox.vendors.hubspot.rows import Renderer


def list_objects(world: World, call: Call, name: str) -> Answer:
    name = object_name(world, name)
    history = comma_separated(call.query.get("propertiesWithHistory"))
    limit = asked_limit(world, call, 10, 50 if history else 100)
    view = world.view()
    table = view.table(f"hubspot.{name}", asked_state(call))
    after = call.query.get("after", "")
    if after and not after.isdigit():
        raise invalid(world, f"Invalid paging cursor: {after}")
    start = table.start(int(after)) if after else 0
    associations = [object_name(world, item) for item in comma_separated(call.query.get("associations"))]
    renderer = Renderer(view, name, comma_separated(call.query.get("properties")), history, associations)
    body: dict[str, Any] = {"results": [renderer.row(row) for row in table.rows[start : start + limit]]}
    if start + limit < len(table):
        body["paging"] = following(call, str(table.ids[start + limit - 1] + 1))
    return Answer(200, body)


def read_object(world: World, call: Call, name: str, record_id: str) -> Answer:
    name = object_name(world, name)
    view = world.view()
    row = view.table(f"hubspot.{name}", asked_state(call)).by_id.get(int(record_id))
    if row is None:
        return refuse(world, call, 404)
    associations = [object_name(world, item) for item in comma_separated(call.query.get("associations"))]
    history = comma_separated(call.query.get("propertiesWithHistory"))
    return Answer(
        200,
        Renderer(view, name, comma_separated(call.query.get("properties")), history, associations).row(row),
    )


def batch_inputs(world: World, body: dict[str, Any], most: int) -> list[dict[str, Any]]:
    inputs = body.get("inputs")
    if not isinstance(inputs, list) or not all(
        isinstance(item, dict) and str(item.get("id", "")).isdigit() for item in inputs
    ):
        raise invalid(world, "Invalid input JSON: inputs must be a list of objects with an id")
    if len(inputs) > most:
        raise invalid(world, f"Too many inputs: {len(inputs)}. The maximum number of inputs is {most}.")
    return inputs


def batch_envelope(world: World, results: list[Any], errors: list[Any]) -> Answer:
    now = hubspot_time(world.view().at)
    body: dict[str, Any] = {"status": "COMPLETE", "results": results, "startedAt": now, "completedAt": now}
    if errors:
        body |= {"numErrors": len(errors), "errors": errors}
    return Answer(207 if errors else 200, body)


def batch_read(world: World, call: Call, name: str) -> Answer:
    name = object_name(world, name)
    body = payload(world, call)
    history = comma_separated(body.get("propertiesWithHistory"))
    inputs = batch_inputs(world, body, 50 if history else 100)
    view = world.view()
    rows = view.table(f"hubspot.{name}", asked_state(call)).by_id
    renderer = Renderer(view, name, comma_separated(body.get("properties")), history, [])
    wanted = dict.fromkeys(int(item["id"]) for item in inputs)
    missing = [str(record_id) for record_id in wanted if record_id not in rows]
    errors = []
    if missing:
        what = SINGULAR[name].upper()
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
    return batch_envelope(
        world, [renderer.row(rows[record_id]) for record_id in wanted if record_id in rows], errors
    )
