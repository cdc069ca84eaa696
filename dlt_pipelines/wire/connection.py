"""The interface of whatever a source reads from: a vendor's API, a database, a folder."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from dlt_pipelines.wire.redaction import Redactor

Place = Literal["account", "sandbox", "here"]
"""Where the data comes from, so that data of the sandbox and of an account never mix. here: files."""


@dataclass
class Counters:
    """Counts of what a connection did, for run metadata."""

    requests: int = 0
    retries: int = 0


@dataclass(kw_only=True, eq=False)
class Connection:
    """Base of what the `connect()` functions return. The defaults suit a folder of files."""

    place: Place = "here"
    redact: Redactor = field(default_factory=Redactor)
    """Hides the secrets of this connection."""
    counters: Counters = field(default_factory=Counters)

    @property
    def waited_seconds(self) -> float:
        """Seconds that requests waited for the vendor's limits, in all runs so far."""
        return 0.0

    def clock(self) -> datetime | None:
        """Return the time (UTC) by the other side's clock; None if it does not say."""
        return None

    def stop(self, error: Exception) -> None:
        """Another thread met `error` and the run ends: raise it instead of asking for more."""
