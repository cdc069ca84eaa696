"""Queries of Autotask, page by page, counts and picklists."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial
from typing import Any

from dlt_pipelines.core.records import at
from dlt_pipelines.errors import PermanentError
from dlt_pipelines.wire.client import Client
from dlt_pipelines.wire.paging import capped, entries, expect

Filter = dict[str, Any]


def iso(instant: datetime) -> str:
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def condition(field: str, operator: str, value: object) -> Filter:
    return {"op": operator, "field": field, "value": value}


def any_of(*items: Filter) -> Filter:
    return items[0] if len(items) == 1 else {"op": "or", "items": list(items)}


def walk(
    client: Client, entity: str, fields: list[str], conditions: list[Filter]
) -> Iterator[list[dict[str, Any]]]:
    """Pages of an entity in the order of ids; each page asks for ids above the last one."""

    def pages() -> Iterator[list[dict[str, Any]]]:
        last = -1  # company 0 is the service provider itself
        while True:
            body = {
                "MaxRecords": 500,
                "IncludeFields": fields,
                "Filter": [condition("id", "gt", last), *conditions],
            }
            answer = client.post(
                f"/{entity}/query", body, lane=entity, complaint=partial(_incomplete, last=last)
            )
            items = expect(answer, list, f"Autotask {entity}", "items")
            # rows without an id are left out further on
            ids = [key for item in items if isinstance(key := at(item, "id"), int)]
            if any(key <= last for key in ids):
                raise PermanentError(f"Autotask {entity}: pages no longer advance after id {last}")
            if len(items) < 500:
                if items:
                    yield items
                return
            if ids != sorted(ids):
                # the next page would begin behind rows that never came
                raise PermanentError(
                    f"Autotask {entity}: a page is not in the order of ids, so rows would be lost. Report"
                    " this text."
                )
            yield items
            if not ids:
                raise PermanentError(
                    f"Autotask {entity}: a whole page after id {last} is without ids. Report this text."
                )
            last = ids[-1]

    yield from capped(pages(), 100_000, f"Autotask {entity}")


def _incomplete(answer: Any, last: int) -> str | None:
    """Return what is wrong with a page that was asked for with `id gt last`; None: nothing."""
    items = answer.get("items") if isinstance(answer, dict) else None
    if not isinstance(items, list):
        return None
    details = answer.get("pageDetails")
    if isinstance(details, dict) and details.get("count") != len(items):
        return f"a page of {len(items)} rows that says it has {details.get('count')}"
    ids = [key for item in items if isinstance(key := at(item, "id"), int)]
    if any(key <= last for key in ids):
        return "the page before once more"
    return None


def count(client: Client, entity: str, conditions: list[Filter]) -> int:
    """Return how many rows match."""
    answer = client.post(f"/{entity}/query/count", {"Filter": conditions}, lane=entity)
    return int(expect(answer, int, f"Autotask {entity} count", "queryCount"))


def picklist_rows(client: Client, entity: str) -> list[dict[str, Any]]:
    """Every picklist field of an entity, as Autotask describes it."""
    found = client.get_once(f"/{entity}/entityInformation/fields", lane=entity)
    return [
        field for field in entries(found, f"Autotask fields of {entity}", "fields") if field.get("isPickList")
    ]


def picklist_values(field: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the values of a picklist; null if it has none."""
    return (
        [] if field.get("picklistValues") is None else entries(field, "Autotask picklists", "picklistValues")
    )
