"""Secure scores of one tenant, page by page."""

from __future__ import annotations

import urllib.parse
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial
from typing import Any

from dlt_pipelines.core.values import instant
from dlt_pipelines.errors import PermanentError
from dlt_pipelines.wire.client import Client
from dlt_pipelines.wire.paging import expect, once

PAGE = 30

Record = dict[str, Any]


def score_pages(client: Client, tenant: str, days: int) -> Iterator[list[Record]]:
    """Pages of the newest `days` records of a tenant (more where a page holds more)."""
    path, seen = f"/security/secureScores?$top={min(days, PAGE)}", set[str]()
    what = "Microsoft Graph secure scores"
    while True:
        answer = client.get(path, lane=tenant, complaint=once(partial(_odd_page, seen)))
        records = expect(answer, list, what, "value")
        seen |= {str(expect(record, dict, what).get("id")) for record in records}
        if records:
            yield records
        link = answer.get("@odata.nextLink")
        if not link or len(seen) >= days:
            return
        path = _below(client, str(link))


def _odd_page(seen: set[str], answer: Any) -> str | None:
    """Return what is wrong with a page, by itself or after the pages before it; None: nothing."""
    records = answer.get("value") if isinstance(answer, dict) else None
    if not isinstance(records, list):
        return None
    if not records and (answer.get("@odata.nextLink") or seen):
        return "a page without rows in the middle of a list"
    if seen and all(isinstance(record, dict) and str(record.get("id")) in seen for record in records):
        return "the page before once more"
    return None


def _below(client: Client, link: str) -> str:
    """The next link as a path below the client's address: the token goes to no other host."""
    base, parts = urllib.parse.urlsplit(client.vendor.base_url), urllib.parse.urlsplit(link)
    if (parts.scheme, parts.netloc.lower()) != (
        base.scheme,
        base.netloc.lower(),
    ) or not parts.path.startswith(f"{base.path}/"):
        raise PermanentError(
            f"the next page is said to be at {parts.scheme}://{parts.netloc}, which is not Graph's; nothing"
            " is sent there"
        )
    return f"{parts.path.removeprefix(base.path)}?{parts.query}"


def made_at(record: Record) -> datetime:
    """When a score was made; long ago where that cannot be read."""
    try:
        return instant(record.get("createdDateTime"))
    except ValueError:
        return datetime.min.replace(tzinfo=UTC)


def is_inside(record: Record, since: datetime | None, until: datetime | None) -> bool:
    made = made_at(record)
    if made.year == 1:
        return True
    return (since is None or made >= since) and (until is None or made <= until)
