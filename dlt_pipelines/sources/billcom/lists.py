"""Bill.com's lists, page by page."""

from __future__ import annotations

import urllib.parse
from collections.abc import Iterator
from functools import partial
from typing import Any

from dlt_pipelines.core.records import at
from dlt_pipelines.wire.client import Client
from dlt_pipelines.wire.paging import expect, listed, once

PAGE = 100

Row = dict[str, Any]


def pages(client: Client, path: str, *conditions: str) -> Iterator[list[Row]]:
    """Yield the pages of a listing, newest first. `conditions`: each `field:operator:value`; all must
    hold."""

    def walk() -> Iterator[list[Row]]:
        asked = {
            "max": str(PAGE),
            "sort": "createdTime:desc",
            **({"filters": ",".join(conditions)} if conditions else {}),
        }
        cursor, seen = None, set[str]()
        while True:
            query = urllib.parse.urlencode(asked | ({"page": cursor} if cursor else {}))
            answer = client.get(f"{path}?{query}", complaint=once(partial(_odd_page, seen)))
            rows = expect(answer, list, f"Bill.com {path}", "results")
            seen |= {str(at(row, "id")) for row in rows if at(row, "id")}
            if rows:
                yield rows
            cursor = answer.get("nextPage")
            if not cursor:
                return

    return listed(walk, f"Bill.com {path}")


def _odd_page(seen: set[str], answer: Any) -> str | None:
    """Return what may be wrong with a page; None: nothing. It may also be true, so the page is asked for once
    more and then believed."""
    rows = answer.get("results") if isinstance(answer, dict) else None
    if not isinstance(rows, list):
        return None
    if not rows and answer.get("nextPage"):
        return "a page without rows that is not the last one"
    if rows and seen and all(isinstance(row, dict) and str(row.get("id")) in seen for row in rows):
        return "the page before once more"
    return None
