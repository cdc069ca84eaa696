"""What a run of Copper remembers."""

from __future__ import annotations

from dataclasses import dataclass, field

from dlt_pipelines.core.run import Run
from dlt_pipelines.sources.copper.access import Facts
from dlt_pipelines.wire.client import Client


@dataclass
class Memory:
    """What a run of Copper remembers."""

    alive: dict[str, set[int]] = field(default_factory=dict)
    """Table -> ids of the rows that are alive in the warehouse and that the searches must bring again."""


CopperRun = Run[Client[Facts], Memory]
