"""Load one source: extract and normalise without the warehouse's lock, load with it, write the ledger."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from foundation.settings import Company, Settings


@dataclass(frozen=True)
class TableReport:
    """What a load did to one table."""

    rows_loaded: int
    rows_total: int
    newest_record: datetime | None


@dataclass
class LoadReport:
    """What a load did."""

    source: str
    status: Literal["ok", "not_connected"]
    tables: dict[str, TableReport]
    requests: int
    waited_seconds: float
    complete_through: datetime | None
    warnings: list[str] = field(default_factory=list)


def load(
    source: str, settings: Settings, company: Company, *,
    tables: Collection[str] | None = None, since: datetime | None = None, until: datetime | None = None,
) -> LoadReport:
    """Load a source (or some of its tables) into `raw_<source>`."""
    raise NotImplementedError


def ensure_tables(settings: Settings, company: Company) -> None:
    """Declare every raw table that does not exist yet, and make the warehouse ready for dbt."""
    raise NotImplementedError
