"""Office hours of the support side, and when something comes in."""

from __future__ import annotations

import functools
import math
import random
from collections.abc import Iterator
from datetime import date, timedelta

from sandbox.companies.base import HOLIDAYS, ZONE, Book, at, season
from sandbox.engine.store import from_ms

MINUTE = 60_000
OPENS, CLOSES = 8.0, 17.0


def mood_of(book: Book, monday: date) -> float:
    """How slow a week is: 1 on average, above 1.6 in one week of six."""
    return math.exp(book.rng("support mood", monday).gauss(-0.05, 0.5))


def arrivals(rng: random.Random, monday: date, often: float) -> list[int]:
    """Instants at which something comes in: office hours mostly, some evenings, nights and weekends."""
    found = []
    for _ in range(max(round(often * season(monday) + rng.uniform(-4, 4)), 3)):
        hours = (rng.uniform(8, 12), rng.uniform(12, 17), rng.uniform(17, 23.9), rng.uniform(0, 8))
        day = monday + timedelta(days=rng.choices(range(7), (22, 20, 19, 18, 15, 3, 3))[0])
        found.append(at(day, rng.choices(hours, (42, 40, 12, 6))[0]) // 1000 * 1000)
    return sorted(found)


@functools.cache
def _shift(day: date) -> tuple[int, int] | None:
    return (at(day, OPENS), at(day, CLOSES)) if day.weekday() < 5 and day not in HOLIDAYS else None


def _shifts(after: int) -> Iterator[tuple[int, int]]:
    """Office hours from an instant on, as (from, until)."""
    day = from_ms(after).astimezone(ZONE).date()
    while True:
        shift = _shift(day)
        if shift and shift[1] > after:
            yield max(shift[0], after), shift[1]
        day += timedelta(days=1)


def later(after: int, minutes: float) -> int:
    """Return the instant at which this many business minutes have passed, to the second."""
    left = minutes * MINUTE
    for begins, ends in _shifts(after):
        if left <= ends - begins:
            return int(begins + left) // 1000 * 1000
        left -= ends - begins
    raise AssertionError("there is always another shift")


def business_minutes(since: int, until: int) -> int:
    """Minutes of office hours between two instants."""
    total = 0
    for begins, ends in _shifts(since):
        if begins >= until:
            break
        total += min(ends, until) - begins
    return total // MINUTE
