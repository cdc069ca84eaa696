"""What a run learns beside rows: what the vendor no longer has, how far each table is complete, what was
refused, warnings. `settlement.py` writes it to the warehouse and the ledger."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from pydantic import BaseModel

from dlt_pipelines.core.run import MOST_UNREAD, Mark, Run, Unread


class Outcome(BaseModel):
    """The outcome of one run."""

    load_id: str
    started_at: datetime
    """Clock of the run (see `Run`)."""
    closed_at: datetime
    """When the last row had arrived (UTC)."""
    clock: datetime
    """The time by the vendor's clock (UTC); `started_at` if it did not say."""
    asked: list[str]
    """The tables that get a row in the ledger."""
    pulled: list[str]
    """Tables that were read."""
    since: datetime | None
    until: datetime | None
    person: str | None
    complete_from: dict[str, datetime]
    complete_through: dict[str, datetime]
    unavailable: dict[str, str]
    not_set_up: list[str] = []
    lacking: dict[str, str] = {}
    unread: list[Unread] = []
    totals: dict[str, int]
    access_ends: datetime | None
    widens: list[str] = []
    marks: list[Mark]
    snapshot_days: dict[str, str] = {}
    requests: int
    waited_seconds: float
    warnings: list[str]

    @classmethod
    def of(
        cls, run: Run[Any, Any], asked: list[str], redact: Callable[[object], str], **more: Any
    ) -> Outcome:
        """Build the outcome of a run after its last row, without secrets. `more`: the fields that the run
        does not know."""
        return cls(
            started_at=run.started_at,
            asked=asked,
            pulled=sorted(run.tables),
            since=run.window.since,
            until=run.window.until,
            person=run.window.person,
            complete_from=run.complete_from,
            complete_through=run.complete_through,
            unavailable={name: redact(reason) for name, reason in run.unavailable.items()},
            not_set_up=sorted(run.not_set_up),
            lacking={name: redact(text)[:2000] for name, text in run.lacking.items()},
            unread=[
                one.model_copy(update={"said": redact(one.said)})
                for name, found in run.unread.items()
                if name not in run.unavailable
                for one in found[:MOST_UNREAD]
            ],
            totals=run.totals,
            access_ends=run.access_ends,
            widens=run.widens,
            # what a table lacks is not gone
            marks=[
                mark for mark in run.marks if mark.table not in run.unavailable.keys() | run.lacking.keys()
            ],
            snapshot_days=run.snapshot_days,
            warnings=[redact(text) for text in run.warnings],
            **more,
        )

    @property
    def told(self) -> list[str]:
        """Return all warnings, also of refused tables, which have rows of their own in the ledger."""
        refused = sorted(self.unavailable.keys() - set(self.not_set_up))
        return self.warnings + [f"{name} is not available: {self.unavailable[name]}" for name in refused]

    @property
    def backfill(self) -> bool:
        return self.since is not None or self.until is not None

    def read(self, name: str) -> bool:
        """Whether the run read a table and was not refused."""
        return name in self.pulled and name not in self.unavailable

    def warn(self, text: str) -> None:
        """Add a warning to the report, once."""
        if text not in self.warnings:
            self.warnings.append(text)
