"""Zendesk's lists, page by page: the export of tickets and ordinary lists."""

from __future__ import annotations

import urllib.parse
from collections.abc import Iterator, Mapping
from typing import Any

from dlt_pipelines.sources.zendesk.access import EXPORT
from dlt_pipelines.wire.client import Client
from dlt_pipelines.wire.paging import Complaint, expect, listed, once

STAFF = (("role[]", "agent"), ("role[]", "admin"))


def export(client: Client, start: Mapping[str, Any], size: int, end: dict[str, Any]) -> Iterator[list[Any]]:
    """Pages of the export from `start` (`start_time` or `cursor`) to the end of the stream. `end["cursor"]`:
    where the next begins."""
    asked = dict(start)
    while True:
        params = {**asked, "include": "metric_sets", "per_page": size}
        answer = client.get(EXPORT, params, lane="exports", complaint=_doubtful(asked.get("cursor")))
        page = expect(answer, list, "Zendesk tickets", "tickets")
        ended = expect(answer, bool, "Zendesk tickets", "end_of_stream")
        end["cursor"] = answer.get("after_cursor") or asked.get("cursor")
        yield page
        if ended:
            return
        asked = {"cursor": expect(answer, str, "Zendesk tickets", "after_cursor")}


def _doubtful(cursor: str | None) -> Complaint:
    """Return what is wrong with a page that was asked for with `cursor`; None: nothing."""
    was_empty = False

    def complaint(answer: Any) -> str | None:
        nonlocal was_empty
        if not isinstance(answer, dict):
            return None
        stands, ended = answer.get("after_cursor") == cursor, answer.get("end_of_stream")
        if cursor is not None and stands and ended is False:
            return "the page before once more"
        if answer.get("tickets") == [] and not was_empty and not (stands and ended):
            was_empty = True  # it happens that a page is empty; a second look makes sure
            return "an empty page although the cursor moves on"
        return None

    return complaint


def listing(client: Client, name: str, *filters: tuple[str, str]) -> Iterator[list[Any]]:
    """Pages of an ordinary list with cursor pagination."""

    def pages() -> Iterator[list[Any]]:
        after = None
        while True:
            params = [*filters, ("page[size]", "100"), *([("page[after]", after)] if after else [])]
            answer = client.get(
                f"/api/v2/{name}.json?{urllib.parse.urlencode(params)}", complaint=once(_empty_but_more(name))
            )
            yield expect(answer, list, f"Zendesk {name}", name)
            if not expect(answer, bool, f"Zendesk {name}", "meta", "has_more"):
                return
            after = expect(answer, str, f"Zendesk {name}", "meta", "after_cursor")

    yield from listed(pages, f"Zendesk {name}")


def _empty_but_more(name: str) -> Complaint:
    def complaint(answer: Any) -> str | None:
        more = (
            isinstance(answer, dict)
            and isinstance(answer.get("meta"), dict)
            and answer["meta"].get("has_more")
        )
        return "an empty page that is not the last" if more and answer.get(name) == [] else None

    return complaint
