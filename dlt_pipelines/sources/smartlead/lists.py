"""Smartlead's lists: campaigns in one answer, e-mails and mailboxes page by page."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from dlt_pipelines.core.records import at
from dlt_pipelines.errors import TransientError
from dlt_pipelines.sources.smartlead.fields import MAILBOX
from dlt_pipelines.wire.client import Client
from dlt_pipelines.wire.paging import Complaint, entries, expect, once
from foundation.settings import Company

ROWS, MAILBOXES = 1000, 100
"""Rows a page of e-mails and of mailboxes may have."""

Row = dict[str, Any]


def campaign_rows(client: Client, company: Company) -> list[Row]:
    """Return every campaign of the account, fetched once per run; none if the answer is empty twice."""
    chosen = company.smartlead.client_id
    path = f"/campaigns?client_id={chosen}" if chosen else "/campaigns"
    return entries(
        client.get_once(path, complaint=once(lambda answer: "no campaign" if answer == [] else None)),
        "Smartlead campaigns",
    )


def pages(
    client: Client, path: str, size: int, name: Callable[[Row], str], total: str = ""
) -> Iterator[list[Row]]:
    """Pages of a listing by offset; rows that were there before are left out, so that a list that shifts
    doubles nothing.

    Args:
        path: with its parameters, without offset and limit.
        name: what tells a row from all others.
        total: field that says how many rows there are; with it the rows are under `data`, without it the
        answer is the list.
    """
    seen: set[str] = set()
    what = f"Smartlead {path.partition('?')[0]}"
    while True:
        doubt: Complaint = partial(_odd_page, seen, name, total)
        separator = "&" if "?" in path else "?"
        answer = client.get(f"{path}{separator}offset={len(seen)}&limit={size}", complaint=once(doubt))
        rows = expect(answer, list, what, *(["data"] if total else []))
        # one without a name keeps a place of its own: it is counted here, and left out where rows are stored
        named = {name(row) or f"nameless {number}": row for number, row in enumerate(rows, len(seen))}
        new = {key: row for key, row in named.items() if key not in seen}
        seen |= set(new)
        if new:
            yield list(new.values())
        known = _count(answer, total)
        if not rows and known is not None and known > len(seen):
            raise TransientError(f"{what}: it has {known} rows and gives {len(seen)}. Run it again later.")
        if not new or (len(rows) < size if known is None else len(seen) >= known):
            return


def _count(answer: Any, total: str) -> int | None:
    told = str(answer.get(total)) if total and isinstance(answer, dict) else ""
    return int(told) if told.isdigit() else None


def _odd_page(seen: set[str], name: Callable[[Row], str], total: str, answer: Any) -> str | None:
    """Return what is wrong with a page, by itself or after the pages before it; None: nothing."""
    rows = answer.get("data") if total and isinstance(answer, dict) else answer
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        return None
    known = _count(answer, total)
    if not rows and (known is None or known > len(seen)):
        return "a page without rows before the end"
    if rows and seen and all(name(row) in seen for row in rows):
        return "the page before once more"
    return None


def mailbox_pages(client: Client, company: Company, condition: str = "") -> Iterator[list[Row]]:
    """Pages of mailboxes, cut to the whitelist before anything else sees them."""
    chosen = company.smartlead.client_id
    asked = "&".join(part for part in (f"client_id={chosen}" if chosen else "", condition) if part)
    path = f"/email-accounts/?{asked}" if asked else "/email-accounts/"
    for page in pages(client, path, MAILBOXES, lambda row: str(at(row, "id") or "")):
        yield [_cut(row) for row in page]


def _cut(row: Row) -> Row:
    """The whitelist's part of a mailbox."""
    warmup = row.get("warmup_details")
    names = {name for name, _ in MAILBOX.values()}
    kept = {name: row[name] for name in names & set(row)}
    inner = (
        {name: warmup[name] for name in ("status", "warmup_reputation") if name in warmup}
        if isinstance(warmup, dict)
        else None
    )
    return kept | {"warmup_details": inner}
