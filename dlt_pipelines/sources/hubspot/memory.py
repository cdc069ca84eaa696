"""What the source knows about its connection to HubSpot, and the memory of a run: what its tables tell each
other."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from dlt_pipelines.core.once import Once
from dlt_pipelines.core.run import Run
from dlt_pipelines.wire.client import Client


@dataclass
class Facts:
    """What the source knows about its connection."""

    account_path: str
    requests_left_today: str | None = None


class Aside:
    """Associations or histories on their way from the resources that see them to the resource that stores
    them."""

    def __init__(self) -> None:
        self._queue: queue.SimpleQueue[pa.Table] = queue.SimpleQueue()
        self._open: set[str] = set()
        self._lock = threading.Lock()

    def expect(self, feeders: Iterable[str]) -> None:
        """Before the run: the tables whose pulls put something here."""
        self._open = set(feeders)

    def put(self, table: pa.Table) -> None:
        """Add a table for the reader."""
        self._queue.put(table)

    def close(self, feeder: str) -> None:
        """Say that nothing more comes from this table."""
        with self._lock:
            self._open.discard(feeder)

    def tables(self) -> Iterator[list[pa.Table]]:
        """Yield what has arrived, and an empty list from time to time, so that dlt can cancel this resource
        when another one fails."""
        while True:
            finished = not self._open
            try:
                yield [self._queue.get(timeout=0.0 if finished else 0.2)]
            except queue.Empty:
                if finished:
                    return
                yield []


@dataclass
class Memory:
    """The memory of a run of HubSpot."""

    links: Aside = field(default_factory=Aside)
    """Associations, on their way from the records."""
    history: Aside = field(default_factory=Aside)
    """Histories, on their way from the deals."""
    filled: dict[str, set[str]] = field(default_factory=dict)
    """Object -> the columns that hold values in the warehouse: properties that the portal has."""
    live: dict[str, pa.Array] = field(default_factory=dict)
    """Object -> ids of the stored records that are not archived."""
    totals: dict[str, int] = field(default_factory=dict)
    """Object -> how many records the vendor has, as a search for what changed told on the way."""
    warm_list: Once[dict[str, Any] | None] = field(default_factory=Once)
    forms: Once[list[dict[str, Any]]] = field(default_factory=Once)
    mails: Once[list[dict[str, Any]]] = field(default_factory=Once)


HubSpotRun = Run[Client[Facts], Memory]
