"""Searches of Copper, page by page, split by time where one does not reach everything."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from dlt_pipelines.core.records import at
from dlt_pipelines.sources.copper.access import Facts
from dlt_pipelines.wire.client import Client
from dlt_pipelines.wire.paging import expect, once

PAGE = 200
REACHABLE = 100_000


def search(client: Client[Facts], entity: str, body: Mapping[str, Any]) -> Iterator[list[Any]]:
    """Pages of one search, as far as a search reaches."""
    told, before = client.facts.told, None
    for number in range(1, REACHABLE // PAGE + 1):

        def doubt(answer: Any, number: int = number, before: Any = before) -> str | None:
            if not isinstance(answer, list):
                return None
            if answer and answer == before:
                return "the page before once more"
            if len(answer) < PAGE and (number - 1) * PAGE + len(answer) < min(told.total, REACHABLE):
                return f"a page of {len(answer)} rows, although {told.total} match"
            return None

        asked = {**body, "page_number": number, "page_size": PAGE}
        page = expect(
            client.post(f"/{entity}/search", asked, complaint=once(doubt)), list, f"Copper {entity}"
        )
        if page:
            yield page
        if len(page) < PAGE:
            return
        before = page


def dated(
    client: Client[Facts], entity: str, body: Mapping[str, Any], field: str, since: datetime, until: datetime
) -> Iterator[list[Any]]:
    """Pages of a search between two instants of `field`, split by time where one search would not reach all
    of it."""
    low, high = int(since.timestamp()), int(until.timestamp()) + 1
    pages = search(client, entity, {**body, f"minimum_{field}": low, f"maximum_{field}": high})
    first = next(pages, [])
    if client.facts.told.total > REACHABLE and high - low > 2:
        middle = since + (until - since) / 2
        yield from dated(client, entity, body, field, since, middle)
        yield from dated(client, entity, body, field, middle, until)
        return
    if first:
        yield first
    yield from pages


def settled(
    walk: Callable[[], Iterable[list[Any]]], known: Collection[int], gone: set[int]
) -> Iterator[list[Any]]:
    """Pages of a walk. What of `known` is not there is looked for in a second walk before it is put into
    `gone`: pages may have shifted."""
    missing = set(known)
    for _ in (1, 2):
        for page in walk():
            missing.difference_update(at(row, "id") for row in page)
            yield page
        if not missing:
            return
    gone |= missing
