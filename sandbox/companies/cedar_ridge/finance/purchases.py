"""What is paid immediately: by card, by check or by debit."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from functools import cache

from sandbox.companies.base import HOLIDAYS, at
from sandbox.companies.cedar_ridge.finance.drawing import money, rng_for, typed_at, work_day
from sandbox.companies.cedar_ridge.finance.invoices import invoices
from sandbox.companies.cedar_ridge.finance.ledger import CENT, FIRST_DAY, LAST_DAY, months
from sandbox.companies.cedar_ridge.finance.records import Line, Purchase
from sandbox.engine.finances import next_month

_CARD = (
    ("software", 320, "Subscription", 14),
    ("vehicles", 88, "Fuel", None),
    ("office", 61, "Team lunch", None),
    ("office", 140, "Supplies", 22),
    ("software", 1_150, "Domains and certificates", None),
    ("vehicles", 410, "Flight to the vendor's conference", None),
)


@cache
def purchases(seed: int) -> tuple[Purchase, ...]:
    """Card and check expenses, payroll and taxes by debit, in the order in which they were entered."""
    rng = rng_for(seed, "purchases")
    found: list[Purchase] = []
    day = FIRST_DAY
    while day <= LAST_DAY:
        if day.weekday() < 5 and day not in HOLIDAYS:
            for _ in range(rng.choices((0, 1, 2, 3), (20, 42, 28, 10))[0]):
                account, usual, text, vendor = rng.choices(_CARD, (22, 30, 22, 14, 6, 3))[0]
                line = Line(account, money(usual * rng.uniform(0.5, 1.6)), text)
                refund = rng.random() < 0.02
                found.append(
                    Purchase(
                        0, "CreditCard", "card", day, (line,), typed_at(rng, day, 4), vendor, None, refund
                    )
                )
        day += timedelta(days=1)
    for month in months():
        found += _fixed_costs(seed, rng, month)
    # a meal that was somebody's private one: deleted later
    meal = next(one for one in found if one.kind == "CreditCard" and one.day >= date(2025, 10, 21))
    found.remove(meal)
    found.append(replace(meal, deleted_at=at(date(2025, 11, 4), 16.2)))
    found = sorted(
        (one for one in found if one.day <= LAST_DAY), key=lambda one: (one.entered_at, one.account)
    )
    checks = iter(range(1_501, 9_999))
    return tuple(
        replace(one, id=50_001 + 2 * number, number=str(next(checks)) if one.kind == "Check" else None)
        for number, one in enumerate(found)
    )


def _fixed_costs(seed: int, rng: random.Random, month: date) -> Iterator[Purchase]:
    raised = 1 + 0.09 * (month.year - 2024) + (0.05 if month >= date(2025, 2, 1) else 0)
    for day in (month + timedelta(days=14), next_month(month) - timedelta(days=1)):
        while day.weekday() > 4 or day in HOLIDAYS:
            day -= timedelta(days=1)
        wages = money(28_100 * raised * rng.uniform(0.985, 1.02))
        lines = (
            Line("payroll", wages, "Wages"),
            Line("payroll_taxes", (wages * Decimal("0.0765")).quantize(CENT), "Employer taxes"),
        )
        yield Purchase(0, "Cash", "checking", day, lines, at(day, 8.1))
    if month > FIRST_DAY:
        # sales tax of the month before goes to the state on the 20th
        due = sum(
            (
                one.tax
                for one in invoices(seed)
                if next_month(one.day.replace(day=1)) == month and not one.voided_at
            ),
            Decimal(0),
        )
        day = work_day(month + timedelta(days=19))
        yield Purchase(
            0,
            "Cash",
            "checking",
            day,
            (Line("sales_tax", due, f"Sales tax before {month:%B %Y}"),),
            at(day, 10.2),
        )
    day = work_day(month + timedelta(days=rng.randint(3, 24)))
    yield Purchase(
        0,
        "Check",
        "checking",
        day,
        (Line("marketing", money(rng.uniform(150, 900)), "Sponsorship"),),
        typed_at(rng, day, 5),
    )
    if month.month % 3 == 1:
        day = work_day(month + timedelta(days=11))
        yield Purchase(
            0,
            "Check",
            "checking",
            day,
            (Line("draws", Decimal(24_000 if month.year < 2026 else 60_000), "Distribution"),),
            at(day, 11.5),
        )
