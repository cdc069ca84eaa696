"""Brightwater's days, and when something happens on them."""

from __future__ import annotations

import random
from datetime import date, timedelta
from itertools import accumulate
from zoneinfo import ZoneInfo

from sandbox.companies.base import HOUR
from sandbox.engine.store import local_ms

ZONE = ZoneInfo("Europe/London")

HOLIDAYS = frozenset(
    date.fromisoformat(day)
    for day in [
        "2023-01-02",
        "2023-04-07",
        "2023-04-10",
        "2023-05-01",
        "2023-05-08",
        "2023-05-29",
        "2023-08-28",
        "2023-12-25",
        "2023-12-26",
        "2024-01-01",
        "2024-03-29",
        "2024-04-01",
        "2024-05-06",
        "2024-05-27",
        "2024-08-26",
        "2024-12-25",
        "2024-12-26",
        "2025-01-01",
        "2025-04-18",
        "2025-04-21",
        "2025-05-05",
        "2025-05-26",
        "2025-08-25",
        "2025-12-25",
        "2025-12-26",
        "2026-01-01",
        "2026-04-03",
        "2026-04-06",
        "2026-05-04",
        "2026-05-25",
        "2026-08-31",
        "2026-12-25",
        "2026-12-28",
    ]
)
"""Bank holidays of England and Wales."""


def at(day: date, hours: float) -> int:
    """The instant at which the company's wall clock shows `hours` on `day`."""
    return local_ms(ZONE, day, hours)


FIRST, LAST = date(2023, 1, 3), date(2025, 10, 24)
_DAYS = [
    day
    for day in (FIRST + timedelta(days=number) for number in range((LAST - FIRST).days + 1))
    if day.weekday() < 5 and day not in HOLIDAYS
]
_MIDNIGHTS = [at(day, 0) for day in _DAYS]
# two and a half times as busy at the end as in the beginning, and slow in August and December
_BUSY = list(
    accumulate(
        (1 + 1.5 * n / len(_DAYS)) * (0.75 if day.month in (8, 12) else 1) for n, day in enumerate(_DAYS)
    )
)


def moments(rng: random.Random, count: int) -> list[int]:
    """Instants in working hours, sorted, more of them the later it is."""
    return sorted(
        start + round(rng.uniform(8, 18.2) * HOUR)
        for start in rng.choices(_MIDNIGHTS, cum_weights=_BUSY, k=count)
    )
