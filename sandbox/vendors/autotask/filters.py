"""The filters of Autotask's queries."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from sandbox.engine.store import Row, Table, parse_ms
from sandbox.vendors.autotask.entities import FIELDS, UNFILTERED
from sandbox.vendors.autotask.errors import Refused, errors

MOST_CONDITIONS = 500


def select(
    table: Table, name: str, payload: dict[str, Any], most: int | None, above: int | None = None
) -> list[Row]:
    """The rows that pass the filter, in the order of their ids, at most `most` of them, ids above `above`
    only."""
    conditions = payload.get("filter")
    if not isinstance(conditions, list) or not conditions:
        raise Refused(errors("The query must contain at least one filter."))
    keep = _all_of([_condition(table, name, item) for item in conditions])
    if _leaves(conditions) > MOST_CONDITIONS:
        raise Refused(errors(f"The query has more than {MOST_CONDITIONS} conditions."))
    start = table.start(above + 1) if above is not None else 0
    for item in _and_leaves(conditions):
        if (
            str(item.get("field", "")).lower() == "id"
            and item.get("op") in ("gt", "gte")
            and isinstance(item.get("value"), int)
        ):
            start = max(start, table.start(item["value"] + (item["op"] == "gt")))
    found = []
    for position in range(start, len(table)):
        if keep(position):
            found.append(table.rows[position])
            if most is not None and len(found) >= most:
                break
    return found


def _leaves(items: list[dict[str, Any]]) -> int:
    return sum(_leaves(item["items"]) if "items" in item else 1 for item in items)


def _and_leaves(items: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The conditions that every row must pass."""
    found = []
    for item in items:
        if "items" not in item:
            found.append(item)
        elif str(item.get("op", "and")).lower() == "and":
            found += _and_leaves(item["items"])
    return found


_Keep = Callable[[int], bool]


def _all_of(keeps: list[_Keep]) -> _Keep:
    return keeps[0] if len(keeps) == 1 else lambda position: all(keep(position) for keep in keeps)


def _condition(table: Table, name: str, item: Any) -> _Keep:
    if not isinstance(item, dict):
        raise Refused(errors("A filter must be an object."))
    item = {str(key).lower(): value for key, value in item.items()}
    operator = str(item.get("op", "")).lower()
    if operator in ("and", "or"):
        keeps = [_condition(table, name, part) for part in item.get("items") or []]
        if not keeps:
            raise Refused(errors(f"The group '{operator}' has no items."))
        return _all_of(keeps) if operator == "and" else lambda position: any(keep(position) for keep in keeps)
    known = {field.lower(): field for field in FIELDS[name]}
    asked = str(item.get("field", ""))
    if item.get("udf") or asked.lower() not in known or asked.lower() in UNFILTERED:
        raise Refused(errors(f"Unable to find {asked} in the {name} Entity."))
    field = known[asked.lower()]
    parse = _parser(FIELDS[name][field])
    column: list[Any] = table.ids if field == "id" else table.column(field, parse)
    test = _test(operator, field, parse, item.get("value"))
    return lambda position: test(column[position])


def _parser(kind: str) -> Callable[[Any], Any]:
    if kind == "datetime":
        return lambda value: parse_ms(str(value))
    if kind == "string":
        return lambda value: str(value).lower()
    if kind == "boolean":
        return lambda value: str(value).lower() == "true"
    return lambda value: Decimal(str(value)) if kind == "decimal" else int(value)


def _test(operator: str, field: str, parse: Callable[[Any], Any], raw: Any) -> Callable[[Any], bool]:
    try:
        value: Any = (
            [parse(part) for part in raw]
            if operator in ("in", "notin")
            else None
            if raw is None
            else parse(raw)
        )
    except (TypeError, ValueError, ArithmeticError):
        raise Refused(errors(f"The value '{raw}' is not valid for the field {field}.")) from None
    tests: dict[str, Callable[[Any], bool]] = {
        "eq": lambda other: other == value,
        "noteq": lambda other: other != value,
        "gt": lambda other: other is not None and other > value,
        "gte": lambda other: other is not None and other >= value,
        "lt": lambda other: other is not None and other < value,
        "lte": lambda other: other is not None and other <= value,
        "beginswith": lambda other: other is not None and str(other).startswith(str(value)),
        "endswith": lambda other: other is not None and str(other).endswith(str(value)),
        "contains": lambda other: other is not None and str(value) in str(other),
        "exist": lambda other: other is not None,
        "notexist": lambda other: other is None,
        "in": lambda other: other in value,
        "notin": lambda other: other not in value,
    }
    if operator not in tests:
        raise Refused(errors(f"The operator '{operator}' is not supported."))
    if value is None and operator in ("gt", "gte", "lt", "lte", "beginswith", "endswith", "contains"):
        raise Refused(errors(f"The filter on the field {field} needs a value."))
    return tests[operator]
