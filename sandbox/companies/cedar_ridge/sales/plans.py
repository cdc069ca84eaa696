"""How many records must count in a week of the selling side."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import date

from sandbox.companies.base import GOLDEN_MONDAYS, Book, season

W40, W41, W42, W43 = GOLDEN_MONDAYS


@dataclass(frozen=True)
class Plan:
    """What must count in a week."""

    dials: int
    conversations: int
    warm_dials: int
    warm_conversations: int


_GOLDEN = {
    W40: Plan(95, 9, 19, 5),
    W41: Plan(78, 12, 22, 6),
    W42: Plan(70, 16, 27, 7),
    W43: Plan(101, 21, 14, 4),
}


def plan(book: Book, monday: date) -> Plan:
    """The plan of a week: fixed for the golden weeks, drawn for all others."""
    if monday in _GOLDEN:
        return _GOLDEN[monday]
    rng = book.rng("sales", monday)
    weeks = (monday - date(2024, 7, 1)).days // 7
    busy = season(monday)
    dials = round((74 + min(weeks, 70) * 0.5) * busy + rng.uniform(-9, 9))
    warm = monday >= date(2025, 6, 30)
    return Plan(
        dials=max(dials, 12),
        conversations=max(round(dials * rng.uniform(0.09, 0.17)), 2),
        warm_dials=max(round(21 * busy + rng.uniform(-6, 7)), 4) if warm else 0,
        warm_conversations=rng.randint(2, 8) if warm else 0,
    )


def selling_hours(rng: random.Random) -> float:
    """When one calls: mornings and afternoons, now and then in the evening (which is the next day in UTC)."""
    if rng.random() < 0.05:
        return rng.uniform(18.4, 20.8)
    return rng.choice((rng.uniform(8.1, 11.9), rng.uniform(13.0, 17.4)))
