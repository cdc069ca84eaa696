"""Associations of HubSpot's records: inline in a list, or asked for after a search."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from dlt_pipelines.core.records import Batches, Strange, at
from dlt_pipelines.errors import NotAvailable
from dlt_pipelines.sources.hubspot.api import path
from dlt_pipelines.sources.hubspot.fields import LINK, SINGULAR, TARGETS
from dlt_pipelines.sources.hubspot.memory import HubSpotRun
from dlt_pipelines.wire.paging import entries

MOST_ASKED = 1000
"""Records whose associations one request may ask for."""


class Associations:
    """Collects what the records of one kind of object (`name`) are associated with, and hands it to the
    table `associations`.

    `rank`: see `Client.get`.
    """

    def __init__(self, run: HubSpotRun, name: str, rank: int) -> None:
        self.targets = TARGETS[name] if "associations" in run.tables else ()
        """The kinds of objects to look for."""
        self.refused = False
        """Whether the key may not read some of them."""
        self._run, self._name, self._rank = run, name, rank
        self._rows = Batches("hubspot.associations", LINK, run.warn, key="from_id")
        self._strange = Strange("hubspot.associations", "ids", run.warn)
        self._sound = 0
        """Associations that have ids."""

    @property
    def are_whole(self) -> bool:
        """Whether every association that came could be stored."""
        return not self._strange.count

    def readable(self, targets: tuple[str, ...]) -> tuple[str, ...]:
        """Return the targets that the key may read; a warning names the others."""
        where = path(self._run.company, "objects", self._name)
        found = []
        for target in targets:
            try:
                self._run.client.get(where, {"limit": 1, "associations": target}, rank=self._rank)
                found.append(target)
            except NotAvailable as error:
                self._refuse(target, error)
        return tuple(found)

    def add_listed(self, target: str, page: Sequence[Any]) -> list[str]:
        """Add the associations that a page of a list holds. Returns the ids of the records that have more
        of them than the page shows."""
        more: list[str] = []
        links: list[tuple[str, Sequence[str]]] = []
        for row in page:
            found = at(row, f"associations.{target}") or {}
            if found.get("paging"):
                more.append(row["id"])
            else:
                linked = entries(found, f"HubSpot associations of {self._name}", "results", beside=())
                links.append((row["id"], self._ids(linked, "id")))
        self._add(target, links)
        return more

    def read(self, target: str, ids: Sequence[str]) -> None:
        """Ask for the associations of records with one kind of object. A refusal is noted; the other kinds
        are still loaded."""
        where = path(self._run.company, "associations", self._name, target)
        what = f"HubSpot associations {self._name} to {target}"
        for start in range(0, len(ids), MOST_ASKED):
            found: dict[str, list[str]] = {from_id: [] for from_id in ids[start : start + MOST_ASKED]}
            inputs: list[dict[str, str]] = [{"id": from_id} for from_id in found]
            while inputs:
                try:
                    answer = self._run.client.post(where, {"inputs": inputs}, rank=self._rank)
                except NotAvailable as error:
                    self._refuse(target, error)
                    return
                inputs = []
                for result in self._strange.sift(
                    entries(answer, what, "results"), lambda row: isinstance(at(row, "from.id"), (str, int))
                ):
                    from_id = str(result["from"]["id"])
                    # answers do not line up with what was asked: join on the id, cast integers of the wire
                    to_ids = self._ids(entries(result, what, "to"), "toObjectId")
                    found.setdefault(from_id, []).extend(to_ids)
                    if after := at(result, "paging.next.after"):
                        inputs.append({"id": from_id, "after": str(after)})
            self._add(target, found.items())

    def hand_on(self) -> None:
        """Pass on what has been collected, if it is enough for a table."""
        for table in self._rows.full():
            self._run.memory.links.put(table)

    def finish(self) -> None:
        """Pass on the rest.

        Raises:
            FieldGone: as `Batches.rest()`.
        """
        for table in self._rows.rest():
            self._run.memory.links.put(table)

    def tell(self) -> None:
        """Warn of associations without ids.

        Raises:
            PermanentError: several came, and none has ids.
        """
        self._strange.tell(self._sound)

    def _refuse(self, target: str, error: NotAvailable) -> None:
        self.refused = True
        self._run.refuse("associations", f"{self._name} with {target}: {error}")

    def _ids(self, linked: Sequence[Any], field: str) -> list[str]:
        """The ids of the objects at the other end; an association without one is left out and counted."""
        good = self._strange.sift(linked, lambda link: isinstance(at(link, field), (str, int)))
        self._sound += len(good)
        return [str(link[field]) for link in good]

    def _add(self, target: str, links: Iterable[tuple[str, Sequence[str]]]) -> None:
        from_ids: list[str] = []
        to_ids: list[str | None] = []
        for from_id, found in links:
            # labelled and unlabelled associations repeat the id
            for to_id in dict.fromkeys(found) or (None,):
                from_ids.append(from_id)
                to_ids.append(to_id)
        self._rows.add(
            {
                "from_type": [SINGULAR[self._name]] * len(from_ids),
                "from_id": from_ids,
                "to_type": [SINGULAR[target]] * len(from_ids),
                "to_id": to_ids,
            }
        )
