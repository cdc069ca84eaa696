"""Intercom's conversations, page by page, and lists that come in one answer."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from dlt_pipelines.wire.client import Client
from dlt_pipelines.wire.paging import Complaint, expect, listed, once

PAGE = 150

Query = dict[str, Any]
OPEN_ONES: Query = {
    "operator": "OR",
    "value": [
        {"field": "open", "operator": "=", "value": True},
        {"field": "state", "operator": "=", "value": "snoozed"},
    ],
}


def updated_since(instant: datetime) -> Query:
    """A search for what was updated after an instant. Seconds: milliseconds would find nothing and say
    nothing."""
    return {"field": "updated_at", "operator": ">", "value": str(max(int(instant.timestamp()) - 1, 0))}


def search(client: Client, query: Query) -> Iterator[list[Any]]:
    """Pages of conversations, the longest unchanged first."""

    def pages() -> Iterator[list[Any]]:
        after = None
        while True:
            body = {
                "query": query,
                "pagination": {"per_page": PAGE} | ({"starting_after": after} if after else {}),
                "sort": {"field": "updated_at", "order": "ascending"},
            }
            answer = client.post("/conversations/search", body, complaint=_doubtful(after))
            yield expect(answer, list, "Intercom conversations", "conversations")
            after = _following(answer)
            if after is None:
                return

    yield from listed(pages, "Intercom conversations")


def _following(answer: Any) -> str | None:
    pages = answer.get("pages") if isinstance(answer, dict) else None
    following = pages.get("next") if isinstance(pages, dict) else None
    return (
        str(following["starting_after"])
        if isinstance(following, dict) and following.get("starting_after")
        else None
    )


def _doubtful(after: str | None) -> Complaint:
    """Return what is wrong with a page that was asked for with `after`; None: nothing."""
    hollow = once(_empty_but_more)

    def complaint(answer: Any) -> str | None:
        if after is not None and _following(answer) == after:
            return "the page before once more"
        return hollow(answer)

    return complaint


def _empty_but_more(answer: Any) -> str | None:
    rows = answer.get("conversations") if isinstance(answer, dict) else None
    return "an empty page that is not the last" if _following(answer) and rows == [] else None


def listing(client: Client, name: str) -> list[Any]:
    return list(expect(client.get(f"/{name}"), list, f"Intercom {name}", name))
