"""Datto RMM's lists, page by page."""

from __future__ import annotations

import urllib.parse
from collections.abc import Iterator
from functools import partial
from typing import Any

from dlt_pipelines.errors import PermanentError
from dlt_pipelines.wire.client import Client
from dlt_pipelines.wire.paging import capped, expect, once

PAGE = 250


def pages(client: Client, path: str, key: str) -> Iterator[tuple[list[Any], dict[str, Any]]]:
    """Pages of a list: items and page details. The first one is asked for without a number, so whether pages
    count from 0 does not matter."""
    what = f"Datto RMM {key}"

    def walk() -> Iterator[tuple[list[Any], dict[str, Any]]]:
        params: dict[str, str] = {"max": str(PAGE)}
        seen = [params]
        while True:
            answer = client.get(path, params, complaint=once(partial(_incomplete, key=key, asked=params)))
            items = expect(answer, list, what, key)
            details = answer.get("pageDetails") or {}
            yield items, details
            following = details.get("nextPageUrl")
            if not following:
                return
            _check_host(following, client.vendor.base_url)
            params = params | _query(following)
            if params in seen:
                raise PermanentError(
                    f"{what}: nextPageUrl leads back to a page that was read; the vendor's paging seems stuck"
                )
            seen.append(params)

    yield from capped(walk(), 10_000, what)


def _query(url: str) -> dict[str, str]:
    return dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(url).query))


def _check_host(url: str, base_url: str) -> None:
    there, ours = (urllib.parse.urlsplit(address) for address in (url, base_url))
    if (there.scheme, there.hostname, there.port or 443) != (ours.scheme, ours.hostname, ours.port or 443):
        raise PermanentError(
            f"Datto RMM: nextPageUrl names {there.scheme}://{there.hostname}, not"
            f" {ours.scheme}://{ours.hostname}; nothing is sent there"
        )


def _incomplete(answer: Any, key: str, asked: dict[str, str]) -> str | None:
    """Return what is wrong with a page that contradicts itself; None: nothing."""
    items, details = (
        (answer.get(key), answer.get("pageDetails")) if isinstance(answer, dict) else (None, None)
    )
    if not isinstance(items, list) or not isinstance(details, dict):
        return None
    if isinstance(details.get("count"), int) and details["count"] != len(items):
        return f"a page of {len(items)} rows that says it has {details['count']}"
    if (
        details.get("nextPageUrl")
        and "page" in asked
        and _query(details["nextPageUrl"]).get("page") == asked["page"]
    ):
        return "the page before once more"
    return None


def listing(client: Client, path: str, key: str) -> tuple[list[Any], int]:
    """All items of a list, each uid once, and how many the vendor counts that did not come.

    Rows that are added or removed meanwhile move others over the edge of a page: a list that lacks rows is
    read once more.
    """
    found: dict[str, Any] = {}
    for _ in range(2):
        broken: list[Any] = []
        total = 0
        for items, details in pages(client, path, key):
            for item in items:
                if isinstance(item, dict) and item.get("uid"):
                    found[str(item["uid"])] = item
                else:
                    broken.append(item)
            total = details["totalCount"] if isinstance(details.get("totalCount"), int) else 0
        lacking = max(0, total - len(found) - len(broken))
        if not lacking:
            break
    return [*found.values(), *broken], lacking
