"""How amounts and instants are drawn."""

from __future__ import annotations

import random
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal

from sandbox.companies.base import HOLIDAYS, Book, at
from sandbox.companies.cedar_ridge.finance.ledger import CENT


def work_day(day: date) -> date:
    """That day, or the first working day after it."""
    while day.weekday() > 4 or day in HOLIDAYS:
        day += timedelta(days=1)
    return day


def rng_for(seed: int, *key: object) -> random.Random:
    return Book(seed).rng("finance", *key)


def money(value: float) -> Decimal:
    return Decimal(str(value)).quantize(CENT, ROUND_HALF_UP)


def typed_at(rng: random.Random, day: date, days: int = 0) -> int:
    """Return when something of that day was typed in: in office hours, up to this many days later."""
    return at(work_day(day + timedelta(days=rng.randint(0, days))), rng.uniform(8.2, 17.4))
