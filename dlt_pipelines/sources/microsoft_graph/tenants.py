"""Tenants, read one by one and seen as one connection."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from dlt_pipelines.core.run import Run
from dlt_pipelines.errors import PermanentError, SourceError, TransientError
from dlt_pipelines.sources.microsoft_graph.pages import Record, is_inside, score_pages
from dlt_pipelines.wire.client import Client
from dlt_pipelines.wire.connection import Connection
from dlt_pipelines.wire.paging import listed

KEPT = 90
"""Days that the vendor keeps."""
AGAIN = 7
"""Days that may still be recalculated."""
IN_A_ROW = 3
"""After this many tenants without an answer Microsoft itself is taken to be down."""


class AppRefused(PermanentError):
    """The app's own id or secret is refused: no tenant can be read with it."""


@dataclass
class Reading:
    """The answer of one tenant: its records, or why there are none."""

    records: list[Record] = field(default_factory=list)
    refused: str | None = None
    is_busy: bool = False
    """Refused for now: the tenant did not answer."""


@dataclass(kw_only=True, eq=False)
class Tenants(Connection):
    """A client per tenant, each with its own token, under one budget. A run sees them as one connection."""

    clients: Mapping[str, Client]
    names: Mapping[str, str]
    """Tenant -> what a person calls it, where company.toml says so."""
    app: str
    """The id of the app registration."""
    _readings: dict[str, Reading] | SourceError | None = field(default=None, init=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False)

    @property
    def waited_seconds(self) -> float:
        return next(iter(self.clients.values())).waited_seconds

    def stop(self, error: Exception) -> None:
        for client in self.clients.values():
            client.stop(error)

    def clock(self) -> datetime | None:
        return next(iter(self.clients.values())).clock()

    def name(self, tenant: str) -> str:
        """The tenant's name for people."""
        return f"{self.names[tenant]} ({tenant})" if tenant in self.names else tenant

    def readings(self, run: GraphRun) -> dict[str, Reading]:
        """Tenant -> what it gave in this run; the first table that needs it asks, the others get the same.

        Raises:
            PermanentError: the app is refused, or every tenant refuses.
            TransientError: Microsoft is busy or out of reach.
        """
        with self._lock:
            if self._readings is None:
                try:
                    self._readings = self._read_all(run)
                except SourceError as error:
                    self._readings = error
            if isinstance(self._readings, SourceError):
                raise self._readings
            refused = [
                f"{self.name(tenant)}: {reading.refused}"
                for tenant, reading in self._readings.items()
                if reading.refused
            ]
            if len(refused) == len(self._readings):
                is_busy = any(reading.is_busy for reading in self._readings.values())
                raise (TransientError if is_busy else PermanentError)("; ".join(refused))
            for text in refused:
                run.warn(f"Microsoft Graph: {text} The other tenants were read.")
            return self._readings

    def _read_all(self, run: GraphRun) -> dict[str, Reading]:
        found: dict[str, Reading] = {}
        for tenant in self.clients:
            found[tenant] = self._read(run, tenant)
            newest = list(found.values())[-IN_A_ROW:]
            if len(newest) == IN_A_ROW and all(reading.is_busy for reading in newest):
                raise TransientError(f"{IN_A_ROW} tenants in a row did not answer: {newest[-1].refused}")
        return found

    def _read(self, run: GraphRun, tenant: str) -> Reading:
        last = run.state.get("tenants", {}).get(tenant)
        since = run.started_at - datetime.fromisoformat(last) if last else timedelta(days=KEPT)
        days = KEPT if run.backfill else min(KEPT, since.days + AGAIN)
        try:
            pages = listed(
                lambda: score_pages(self.clients[tenant], tenant, days),
                "Microsoft Graph secure scores",
                most=2 * KEPT,
            )
            records = [record for page in pages for record in page]
        except AppRefused:
            raise
        except SourceError as error:
            return Reading(
                refused=str(error).removeprefix("Microsoft Graph: "),
                is_busy=isinstance(error, TransientError),
            )
        return Reading(
            [
                record
                for record in records
                if not run.backfill or is_inside(record, run.window.since, run.window.until)
            ]
        )


GraphRun = Run[Tenants]
