"""What a run of QuickBooks remembers."""

from __future__ import annotations

from dataclasses import dataclass, field

from dlt_pipelines.core.run import Run
from dlt_pipelines.sources.quickbooks.access import Facts
from dlt_pipelines.wire.client import Client


@dataclass
class Memory:
    """What a run of QuickBooks remembers."""

    alive: dict[str, set[str]] = field(default_factory=dict)
    """Table -> ids of the transactions that are in the warehouse."""
    told: set[str] = field(default_factory=set)
    """Tables whose deletions change data capture reported."""


QuickBooksRun = Run[Client[Facts], Memory]
