"""What must count in a week of the service side."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sandbox.companies.base import GOLDEN_MONDAYS, TECHNICIANS, Book, season, work_days

W40, W41, W42, W43 = GOLDEN_MONDAYS


@dataclass(frozen=True)
class Plan:
    """What must count in a week; hours in hundredths."""

    opened: int
    closed: int
    same_day: int
    billable: int
    total: int


_GOLDEN = {
    W40: Plan(80, 84, 53, 11_800, 20_000),
    W41: Plan(79, 82, 53, 11_800, 20_000),
    W42: Plan(78, 59, 29, 11_000, 20_000),
    W43: Plan(69, 79, 42, 12_550, 19_920),
}


def plan(book: Book, monday: date, backlog: int) -> Plan:
    """The plan of a week: fixed for the golden weeks, drawn for all others so that the backlog stays near
    forty tickets."""
    if monday in _GOLDEN:
        return _GOLDEN[monday]
    rng = book.rng("service", monday)
    weeks = (monday - date(2024, 7, 1)).days // 7
    opened = max(round((66 + min(weeks, 80) * 0.18) * season(monday) + rng.uniform(-8, 8)), 14)
    closed = max(opened + round((backlog - 40) * 0.25 + rng.uniform(-5, 5)), 12)
    same_day = min(round(closed * rng.uniform(0.50, 0.72)), opened - 8)
    people = sum(1 for person in TECHNICIANS if person.joined <= monday)
    total = round((26.5 * people + 8 + rng.uniform(-9, 9)) * (0.1 + 0.18 * len(work_days(monday)))) * 100
    return Plan(opened, closed, same_day, round(total * rng.uniform(0.52, 0.66) / 25) * 25, total)
