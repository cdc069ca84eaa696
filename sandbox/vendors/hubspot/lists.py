"""HubSpot's lists of contacts and their members."""

from __future__ import annotations

from typing import Any

from sandbox.engine.formats import hubspot_time
from sandbox.engine.store import Row, View
from sandbox.engine.world import Answer, Call, World
from sandbox.vendors.hubspot.errors import failure, invalid
from sandbox.vendors.hubspot.parameters import asked_limit, following, page_offset, page_token, payload


def _members(view: View, list_id: int) -> list[tuple[int, str]]:
    """(contact id, since when) of a list; archived contacts are not members."""
    contacts = view.table("hubspot.contacts").by_id
    rows = (row.props for row in view.table("hubspot.memberships"))
    return [
        (p["record_id"], p["since"]) for p in rows if p["list_id"] == list_id and p["record_id"] in contacts
    ]


def _list(view: View, row: Row) -> dict[str, Any]:
    return {
        "listId": str(row.id),
        "listVersion": 1,
        "name": row.props["name"],
        "objectTypeId": "0-1",
        "processingType": row.props["processingType"],
        "processingStatus": "COMPLETE",
        "createdAt": row.props["createdAt"],
        "updatedAt": hubspot_time(row.changed),
        "filtersUpdatedAt": row.props["createdAt"],
    }


def list_by_name(world: World, call: Call, kind: str, name: str) -> Answer:
    view = world.view()
    for row in view.table("hubspot.lists"):
        if kind == "0-1" and row.props["name"].lower() == name.lower():
            return Answer(200, {"list": _list(view, row) | {"size": len(_members(view, row.id))}})
    return failure(
        world, 404, "OBJECT_NOT_FOUND", f"List does not exist with name {name} and object type ID {kind}."
    )


def list_by_id(world: World, call: Call, list_id: str) -> Answer:
    view = world.view()
    row = view.table("hubspot.lists").by_id.get(int(list_id))
    if row is None:
        return failure(world, 404, "OBJECT_NOT_FOUND", f"List does not exist with ID {list_id}.")
    return Answer(200, {"list": _list(view, row) | {"size": len(_members(view, row.id))}})


def search_lists(world: World, call: Call) -> Answer:
    body = payload(world, call)
    count, offset = int(body.get("count", 20)), int(body.get("offset", 0))
    if not 1 <= count <= 500:
        raise invalid(world, f"Invalid count: {count}. It must be between 1 and 500.")
    view = world.view()
    query = str(body.get("query", "")).lower()
    rows = [row for row in view.table("hubspot.lists") if query in row.props["name"].lower()]
    page = [
        _list(view, row) | {"additionalProperties": {"hs_list_size": str(len(_members(view, row.id)))}}
        for row in rows
    ]
    end = offset + count
    return Answer(
        200,
        {
            "lists": page[offset:end],
            "offset": min(end, len(rows)),
            "hasMore": end < len(rows),
            "total": len(rows),
        },
    )


def list_memberships(world: World, call: Call, list_id: str, order: str | None) -> Answer:
    limit = asked_limit(world, call, 100, 250)
    view = world.view()
    if int(list_id) not in view.table("hubspot.lists").by_id:
        return failure(world, 404, "OBJECT_NOT_FOUND", f"List does not exist with ID {list_id}.")
    members = sorted(
        _members(view, int(list_id)),
        key=lambda member: (member[1], member[0]) if order else (member[0], member[1]),
    )
    start = page_offset(world, call.query.get("after", ""))
    body: dict[str, Any] = {
        "results": [
            {"recordId": str(record), "membershipTimestamp": since}
            for record, since in members[start : start + limit]
        ],
        "total": len(members),
    }
    if start + limit < len(members):
        body["paging"] = following(call, page_token(start + limit))
    return Answer(200, body)
