"""HubSpot's search: the newest changes in one answer, or everything that matches, page by page."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from dlt_pipelines.errors import PermanentError
from dlt_pipelines.sources.hubspot.api import empty_but_more, path, results
from dlt_pipelines.sources.hubspot.memory import HubSpotRun
from dlt_pipelines.wire.paging import Complaint, capped, no_complaint, once

MOST_FOUND = 200
"""Records that one answer may hold."""

Filter = dict[str, str]


def between(name: str, since: datetime | None, until: datetime | None = None) -> list[Filter]:
    """The filters for records whose property `name` lies between two instants, both inclusive."""
    bounds = (("GTE", since), ("LTE", until))
    return [
        {"propertyName": name, "operator": operator, "value": _millis(bound)}
        for operator, bound in bounds
        if bound
    ]


def _millis(instant: datetime) -> str:
    return str(int(instant.astimezone(UTC).timestamp() * 1000))


@dataclass(frozen=True)
class Search:
    """Searches one kind of object (`name`) and asks for `properties` of it."""

    run: HubSpotRun
    name: str
    properties: Sequence[str]
    rank: int
    """See `Client.get`."""

    def newest(self, modified: str) -> tuple[list[dict[str, Any]], Any]:
        """Return the records that were changed last (at most `MOST_FOUND`, newest first) and how many there
        are in all. `modified`: the property that says when a record was changed."""
        body = {
            "filterGroups": [],
            "sorts": [{"propertyName": modified, "direction": "DESCENDING"}],
            "properties": list(dict.fromkeys((*self.properties, modified))),
            "limit": MOST_FOUND,
        }
        answer = self._post(body)
        return results(answer, self._what), answer.get("total")

    def pages(
        self, groups: list[list[Filter]], sift: Callable[[Sequence[Any]], list[dict[str, Any]]]
    ) -> Iterator[list[dict[str, Any]]]:
        """Yield pages of all records that match one of the filter groups, in the order of their ids. So the
        cap of 10,000 results per search is never met.

        `sift`: returns the records of a page.

        Raises:
            PermanentError: pages no longer advance.
        """
        return capped(self._by_id(groups, sift), 100_000, self._what)

    def _by_id(
        self, groups: list[list[Filter]], sift: Callable[[Sequence[Any]], list[dict[str, Any]]]
    ) -> Iterator[list[dict[str, Any]]]:
        last = 0
        while True:
            beyond = {"propertyName": "hs_object_id", "operator": "GT", "value": str(last)}
            body = {
                "filterGroups": [{"filters": [*group, beyond]} for group in groups],
                "sorts": [{"propertyName": "hs_object_id", "direction": "ASCENDING"}],
                "properties": list(dict.fromkeys(self.properties)),
                "limit": MOST_FOUND,
            }
            answer = self._post(body, once(empty_but_more))
            rows = results(answer, self._what)
            page = sift(rows)
            if page:
                yield page
            if not rows and (promised := answer.get("total")):
                # believed when it comes twice; the weekly full list brings what is there after all
                self.run.warn(f"{self._what}: says there are {promised} more and gives none, twice")
            if not page or (len(rows) < MOST_FOUND and not answer.get("paging")):
                return
            newest = int(page[-1]["id"])
            if newest <= last:
                raise PermanentError(f"{self._what}: pages no longer advance after id {last}")
            last = newest

    @property
    def _what(self) -> str:
        return f"HubSpot search for {self.name}"

    def _post(self, body: dict[str, Any], complaint: Complaint = no_complaint) -> Any:
        where = f"{path(self.run.company, 'objects', self.name)}/search"
        return self.run.client.post(where, body, lane="search", rank=self.rank, complaint=complaint)
