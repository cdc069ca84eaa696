"""The history of HubSpot's deals: what their amount, stage and dates were, and since when."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from dlt_pipelines.core.records import Batches, at
from dlt_pipelines.core.values import parse
from dlt_pipelines.sources.hubspot.api import path, results
from dlt_pipelines.sources.hubspot.fields import HISTORY, HISTORY_BATCH, HISTORY_COLUMNS
from dlt_pipelines.sources.hubspot.memory import HubSpotRun
from dlt_pipelines.wire.paging import entries


class History:
    """Reads the former values of the deals that are new or changed, for the table `deal_history`."""

    def __init__(self, run: HubSpotRun) -> None:
        self.known_until: datetime | None = None
        """The history of deals that have not changed since is stored; None: no history is."""
        self._run = run
        self._rows = Batches("hubspot.deal_history", HISTORY_COLUMNS, run.warn, key="deal_id")
        self._moved: dict[bool, list[str]] = {False: [], True: []}
        """Whether archived -> ids of the deals whose history is to be read."""

    def note(self, deals: Sequence[Mapping[str, Any]]) -> None:
        """Remember which deals of a page have changed since `known_until`."""
        for row in deals:
            archived = bool(row.get("archived"))
            changed = parse(
                "timestamp",
                row.get("archivedAt" if archived else "updatedAt"),
                f"hubspot.deals {row['id']}",
                self._run.warn,
            )
            if self.known_until is None or changed is None or changed >= self.known_until:
                self._moved[archived].append(row["id"])

    def read(self, sift: Callable[[Sequence[Any]], list[dict[str, Any]]], rank: int) -> None:
        """Ask for every value that the properties of the noted deals have had, and pass them on.

        `sift`: returns the records of a page. `rank`: see `Client.get`.
        """
        where = f"{path(self._run.company, 'objects', 'deals')}/batch/read"
        for archived, ids in self._moved.items():
            for start in range(0, len(ids), HISTORY_BATCH):
                inputs = [{"id": deal_id} for deal_id in ids[start : start + HISTORY_BATCH]]
                body = {"inputs": inputs, "properties": ["dealstage"], "propertiesWithHistory": list(HISTORY)}
                asked = f"{where}?archived={str(archived).lower()}"
                answer = self._run.client.post(asked, body, rank=rank)
                self._add(sift(results(answer, "HubSpot history of deals")))
                for table in self._rows.full():
                    self._run.memory.history.put(table)
        for table in self._rows.rest():
            self._run.memory.history.put(table)

    def _add(self, deals: Sequence[Mapping[str, Any]]) -> None:
        values = [
            (row["id"], name, entry) for row in deals for name in HISTORY for entry in self._values(row, name)
        ]
        self._rows.add(
            {
                "deal_id": [deal_id for deal_id, _, _ in values],
                "property": [name for _, name, _ in values],
                "value": [entry.get("value") for _, _, entry in values],
                "set_at": [entry["timestamp"] for _, _, entry in values],
                "source_type": [entry.get("sourceType") for _, _, entry in values],
            }
        )

    def _values(self, row: Mapping[str, Any], name: str) -> Iterator[dict[str, Any]]:
        """The former values of a property, one per moment; a value without its moment is left out and
        named."""
        past = at(row, f"propertiesWithHistory.{name}")
        found = [] if past is None else entries(past, f"HubSpot history of deal {row['id']}: {name}")
        good = [entry for entry in found if entry.get("timestamp")]
        if len(good) < len(found):
            self._run.warn(
                f"hubspot.deal_history {row['id']}: {len(found) - len(good)} values of {name} without a"
                " timestamp are left out"
            )
        # the newest comes first, and of two at one moment it is the one that held
        yield from {entry["timestamp"]: entry for entry in reversed(good)}.values()
