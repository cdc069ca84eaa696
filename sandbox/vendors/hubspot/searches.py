"""HubSpot's search of objects."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from sandbox.engine.store import Table, parse_ms
from sandbox.engine.world import Answer, Call, World
from sandbox.vendors.hubspot.errors import invalid
from sandbox.vendors.hubspot.parameters import comma_separated, object_name, payload
from sandbox.vendors.hubspot.rows import Renderer, known_properties

SEARCH_MOST = 10_000
_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "EQ": lambda a, b: a == b,
    "GT": lambda a, b: a > b,
    "GTE": lambda a, b: a >= b,
    "LT": lambda a, b: a < b,
    "LTE": lambda a, b: a <= b,
}


def _parser(kind: str) -> Callable[[Any], Any]:
    """How a value of a property type is compared: instants as milliseconds, numbers as numbers, texts without
    case."""
    if kind in ("datetime", "date"):
        return lambda value: int(value) if str(value).lstrip("-").isdigit() else parse_ms(str(value))
    if kind == "number":
        return float
    return lambda value: str(value).lower()


def search_objects(world: World, call: Call, name: str) -> Answer:
    name = object_name(world, name)
    if len(call.body) > 3_000:
        raise invalid(world, "The query is too long: a search request may have at most 3000 characters.")
    body = payload(world, call)
    limit = body.get("limit", 10)
    if not isinstance(limit, int) or not 1 <= limit <= 200:
        raise invalid(world, f"Invalid limit: {limit}. It must be between 1 and 200.")
    after = str(body.get("after") or "0")
    if not after.isdigit():
        raise invalid(world, f"Invalid paging offset: {after}")
    offset = int(after)
    if offset + limit > SEARCH_MOST:
        raise invalid(
            world,
            f"The maximum paging depth of {SEARCH_MOST} results was exceeded (after={offset},"
            f" limit={limit}).",
        )
    lag = world.faults.switch("hubspot", "search_lag")
    view = world.view(lag.seconds if lag else 0.0)
    table = view.table(f"hubspot.{name}")
    types = known_properties(view, name)
    positions = _matching(world, table, types, body.get("filterGroups") or [])
    positions = _sorted(world, table, types, positions, body.get("sorts") or [])
    renderer = Renderer(view, name, comma_separated(body.get("properties")), [], [])
    page = positions[offset : offset + limit]
    answer: dict[str, Any] = {
        "total": len(positions),
        "results": [renderer.row(table.rows[position]) for position in page],
    }
    if offset + limit < len(positions):
        answer["paging"] = {"next": {"after": str(offset + limit)}}
    return Answer(200, answer)


def _column(
    world: World, table: Table, types: dict[str, str], name: str
) -> tuple[list[Any], Callable[[Any], Any]]:
    if name == "hs_object_id":
        return table.ids, int
    if name not in types:
        raise invalid(world, f"There was a problem with the request. Property {name} does not exist.")
    parse = _parser(types[name])
    return table.column(name, parse), parse


def _matching(world: World, table: Table, types: dict[str, str], groups: list[dict[str, Any]]) -> list[int]:
    filters = [group.get("filters") or [] for group in groups]
    if len(filters) > 5 or any(len(group) > 6 for group in filters) or sum(map(len, filters)) > 18:
        raise invalid(world, "Too many filters: at most 5 groups of 6 filters, 18 in all.")
    if not filters:
        return list(range(len(table)))
    found: set[int] = set()
    for group in filters:
        positions: Any = range(len(table))
        for item in group:
            column, keep = _condition(world, table, types, item)
            positions = [position for position in positions if keep(column[position])]
        found.update(positions)
    return sorted(found)


def _condition(
    world: World, table: Table, types: dict[str, str], item: dict[str, Any]
) -> tuple[list[Any], Callable[[Any], bool]]:
    name, operator = str(item.get("propertyName")), str(item.get("operator"))
    column, parse = _column(world, table, types, name)
    try:
        if operator in ("HAS_PROPERTY", "NOT_HAS_PROPERTY"):
            wanted = operator == "HAS_PROPERTY"
            return column, lambda value: (value is not None) == wanted
        if operator in ("IN", "NOT_IN"):
            values = {parse(value) for value in item["values"]}
            inside = operator == "IN"
            return column, lambda value: value is not None and (value in values) == inside
        if operator == "BETWEEN":
            low, high = parse(item["value"]), parse(item["highValue"])
            return column, lambda value: value is not None and low <= value <= high
        if operator in ("CONTAINS_TOKEN", "NOT_CONTAINS_TOKEN"):
            pattern = re.compile(r"\b" + re.escape(str(item["value"]).lower()).replace(r"\*", r"\w*") + r"\b")
            has = operator == "CONTAINS_TOKEN"
            return column, lambda value: (value is not None and pattern.search(str(value)) is not None) == has
        value = parse(item["value"])
    except (KeyError, TypeError, ValueError):
        raise invalid(world, f"Invalid value for the {operator} filter of property {name}.") from None
    if operator == "NEQ":
        return column, lambda other: other != value
    if operator not in _COMPARE:
        raise invalid(world, f"Invalid operator: {operator}")
    compare = _COMPARE[operator]
    return column, lambda other: other is not None and compare(other, value)


def _sorted(
    world: World, table: Table, types: dict[str, str], positions: list[int], sorts: list[Any]
) -> list[int]:
    if len(sorts) > 1:
        raise invalid(world, "Only one sort is supported.")
    if not sorts:
        turn = world.calls * 7 % max(len(positions), 1)
        return positions[turn:] + positions[:turn]
    sort = sorts[0] if isinstance(sorts[0], dict) else {"propertyName": str(sorts[0])}
    name = str(sort.get("propertyName"))
    backwards = str(sort.get("direction", "ASCENDING")).startswith("DESC")
    if name == "hs_object_id":
        return positions[::-1] if backwards else positions
    column, _ = _column(world, table, types, name)
    have = [position for position in positions if column[position] is not None]
    lack = [position for position in positions if column[position] is None]
    return sorted(have, key=lambda position: column[position], reverse=backwards) + lack
