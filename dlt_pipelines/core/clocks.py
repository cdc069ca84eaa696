"""The clock of a run, and cursors that a wrong clock wrote.

A cursor is the instant up to which a vendor was asked. If a machine with a fast clock wrote it, it would hide
every change until then. So a run uses the earlier of two clocks, the machine's and the vendor's (the `Date`
of its answers), and drops instants of the state that are ahead of both: their records are read again.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

APART = timedelta(minutes=10)
"""Two clocks that differ by less agree; every overlap of a cursor is longer."""

_INSTANT = re.compile(r"\d{4}-\d\d-\d\d(T.*)?")


def instant_of_run(own: datetime, vendors: datetime | None) -> datetime:
    """Return the run's clock: the earlier of this machine's and the vendor's. `Date` holds whole seconds."""
    return own if vendors is None or own < vendors + timedelta(seconds=1) else vendors


def without_future(state: Mapping[str, Any], now: datetime) -> tuple[dict[str, Any], list[str]]:
    """Return a state without instants and days in the future, and where they were:
    `objects.calls.pulled_at`."""
    kept: dict[str, Any] = {}
    dropped: list[str] = []
    for name, value in state.items():
        if isinstance(value, Mapping):
            kept[name], inner = without_future(value, now)
            dropped += [f"{name}.{where}" for where in inner]
        elif isinstance(value, str) and _to_come(value, now):
            dropped.append(name)
        else:
            kept[name] = value
    return kept, dropped


def _to_come(text: str, now: datetime) -> bool:
    if not _INSTANT.fullmatch(text):
        return False
    try:
        if len(text) == 10:
            return date.fromisoformat(text) > (now + timedelta(days=1)).date()  # a day of any zone
        instant = datetime.fromisoformat(text)
    except ValueError:
        return False
    return (instant if instant.tzinfo else instant.replace(tzinfo=UTC)) > now + APART
