"""Datto's lists, in any of the shapes in which they come."""

from __future__ import annotations

import urllib.parse
from collections.abc import Iterable
from typing import Any

from dlt_pipelines.errors import Unexpected
from dlt_pipelines.sources.datto_bcdr.rows import inner
from dlt_pipelines.wire.client import Client
from dlt_pipelines.wire.paging import Complaint, expect, once

PAGE = 100
HISTORY_DAYS = 3
"""Days of the SaaS history that are asked for; figures over two days need two of them."""
SEAT_TYPES = "User,SharedMailbox,SharedDrive,Site,TeamSite,Team"


def _items(answer: Any, what: str) -> tuple[list[Any], int]:
    """The items of an answer in any of the vendor's shapes, and the number of pages: a list, a page, a page
    whose items have the keys "0", "1", ..., or a list of pages (the published contract of /applications).

    Raises:
        Unexpected: another shape.
    """
    if isinstance(answer, list):
        if not answer or not all(isinstance(one, dict) and "pagination" in one for one in answer):
            return answer, 1
        parts = [_items(one, what) for one in answer]
        return [item for items, _ in parts for item in items], (
            max(pages for _, pages in parts) if len(parts) == 1 else 1
        )
    if (
        isinstance(answer, dict)
        and "pagination" in answer
        and all(key == "pagination" or key.isdigit() for key in answer)
    ):
        return [value for key, value in answer.items() if key.isdigit()], _page_count(answer, what)
    return expect(answer, list, what, "items"), _page_count(answer, what)


def _page_count(answer: Any, what: str) -> int:
    pagination = answer.get("pagination") if isinstance(answer, dict) else None
    if pagination is None:
        return 1
    pages = expect(answer, (int, str), what, "pagination", "totalPages")
    if not str(pages).isdigit():
        raise Unexpected(f"{what}: expected pagination.totalPages to be a whole number")
    return int(pages)


def _odd(number: int) -> Complaint:
    """Return what is wrong with page `number` of a list; None: nothing."""

    def doubt(answer: Any) -> str | None:
        pagination = answer.get("pagination") if isinstance(answer, dict) else None
        page, pages = inner(pagination, "page"), inner(pagination, "totalPages")
        if isinstance(page, int) and page != number:
            return f"page {page} instead of {number}"
        if page is not None and isinstance(pages, int) and number <= pages > 1 and answer.get("items") == []:
            return f"page {number} of {pages} is empty"
        return None

    return once(doubt)


def all_devices(client: Client) -> list[Any]:
    """Every device, hidden ones and those of child resellers too, each serial number once; asked for once a
    run."""
    found: dict[str, Any] = {}
    broken: list[Any] = []
    number, pages = 0, 1
    while number < pages:
        number += 1
        path = (
            f"/v1/bcdr/device?_page={number}&_perPage={PAGE}&showHiddenDevices=1&showChildResellerDevices=1"
        )
        items, pages = _items(client.get_once(path, complaint=_odd(number)), "Datto BCDR devices")
        for item in items:
            if isinstance(item, dict) and item.get("serialNumber"):
                found[str(item["serialNumber"])] = item
            else:
                broken.append(item)
    return [*found.values(), *broken]


def all_domains(client: Client) -> list[Any]:
    """Every SaaS client; asked for once a run."""
    path, what = "/v1/saas/domains", "Datto SaaS domains"
    items, pages = _items(client.get_once(path, lane="saas"), what)
    found = list(items)
    for number in range(2, pages + 1):
        found += _items(client.get_once(f"{path}?_page={number}", lane="saas", complaint=_odd(number)), what)[
            0
        ]
    return found


def having(items: Iterable[Any], field: str) -> list[dict[str, Any]]:
    return [item for item in items if isinstance(item, dict) and item.get(field)]


def assets_of(client: Client, device: dict[str, Any]) -> list[Any]:
    """Agents and shares of a device. Asked for without paging: that gives the simplest of the three
    shapes."""
    path = f"/v1/bcdr/device/{urllib.parse.quote(str(device['serialNumber']), safe='')}/asset"
    should = assets_said(device)

    def doubt(answer: Any) -> str | None:
        return f"no asset, while the device says it has {should}" if should and answer in ([], {}) else None

    return _paged(client, path, "Datto BCDR assets", "", once(doubt))


def assets_said(device: dict[str, Any]) -> int:
    """Return how many assets a device says it has."""
    counts = [device.get(name) for name in ("agentCount", "shareCount")]
    return sum(count for count in counts if isinstance(count, int))


def backups_of(client: Client, customer: Any) -> list[Any]:
    """Return what SaaS Protection backed up for a client."""
    return _paged(
        client,
        f"/v1/saas/{customer}/applications?daysUntil={HISTORY_DAYS}",
        "Datto SaaS applications",
        "saas",
    )


def seats_of(client: Client, customer: Any) -> list[Any]:
    """Seats of a client."""
    return _paged(client, f"/v1/saas/{customer}/seats?seatType={SEAT_TYPES}", "Datto SaaS seats", "saas")


def _paged(
    client: Client, path: str, what: str, lane: str, complaint: Complaint = lambda _: None
) -> list[Any]:
    items, pages = _items(client.get(path, lane=lane, complaint=complaint), what)
    for number in range(2, pages + 1):
        more, _ = _items(
            client.get(
                f"{path}{'&' if '?' in path else '?'}_page={number}", lane=lane, complaint=_odd(number)
            ),
            what,
        )
        items += more
    return items
