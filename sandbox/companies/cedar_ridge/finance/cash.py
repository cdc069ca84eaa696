"""Transfers, deposits, and what the banks hold."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal
from functools import cache
from itertools import accumulate

from sandbox.companies.cedar_ridge.finance.bills import bill_payments, vendors
from sandbox.companies.cedar_ridge.finance.drawing import money, rng_for, work_day
from sandbox.companies.cedar_ridge.finance.invoices import payments
from sandbox.companies.cedar_ridge.finance.ledger import LAST_DAY, LEDGER, OPENING, accounts, home, months
from sandbox.companies.cedar_ridge.finance.purchases import purchases
from sandbox.companies.cedar_ridge.finance.records import Deposit, Line, Transfer
from sandbox.engine.finances import Movement, next_month


@cache
def transfers(seed: int) -> tuple[Transfer, ...]:
    """The card is paid on the 8th, some money goes to the savings on the 25th, euros are sold when there are
    many."""
    card = _running([one for one in _spent(seed) if one.account == "card"])
    euro = _running([one for one in _earned(seed) if one.account == "euro"])
    found: list[Transfer] = []
    paid, sold = Decimal(0), Decimal(0)
    for month in months():
        closing = month - timedelta(days=1)
        owed = -(OPENING["card"] + _until(card, closing)) - paid
        if owed > 0:
            paid += owed
            found.append(Transfer(0, work_day(month + timedelta(days=7)), "checking", "card", owed, owed))
        found.append(
            Transfer(
                0, work_day(month + timedelta(days=24)), "checking", "savings", Decimal(1_500), Decimal(1_500)
            )
        )
        spare = OPENING["euro"] + _until(euro, closing) - sold - 9_000
        if spare >= 2_000:
            whole = Decimal(int(spare) // 100 * 100)
            sold += whole
            found.append(
                Transfer(
                    0, work_day(month + timedelta(days=4)), "euro", "checking", whole, home(whole, "EUR")
                )
            )
    found = sorted((one for one in found if one.day <= LAST_DAY), key=lambda one: (one.day, one.target))
    return tuple(replace(one, id=60_001 + number) for number, one in enumerate(found))


@cache
def deposits(seed: int) -> tuple[Deposit, ...]:
    """Interest on the savings, on the last day of each month."""
    rng = rng_for(seed, "deposits")
    found = []
    for number, month in enumerate(months()):
        line = Line(
            "interest", money((60_000 + 1_500 * number) * 0.031 / 12 * rng.uniform(0.97, 1.03)), "Interest"
        )
        found.append(Deposit(65_001 + number, next_month(month) - timedelta(days=1), "savings", line))
    return tuple(found)


def _spent(seed: int) -> Iterator[Movement]:
    for one in purchases(seed):
        amount = one.total if one.credit else -one.total
        yield Movement(one.day, one.account, amount, one.lines[0].text, f"purchase {one.id}")


def _earned(seed: int) -> Iterator[Movement]:
    for one in payments(seed):
        if one.deleted_at is None:
            yield Movement(
                one.day, one.account, one.amount, f"Deposit {one.customer_id:04d}", f"payment {one.id}"
            )
    for paid in bill_payments(seed):
        name = vendors(seed)[paid.vendor_id - 1].name
        yield Movement(
            paid.day, paid.account, -paid.amount, f"Bill payment {name}", f"bill payment {paid.id}"
        )


@dataclass(frozen=True)
class _Running:
    days: list[date]
    sums: list[Decimal] = field(repr=False)


def _running(movements_of_one: Iterable[Movement]) -> _Running:
    ordered = sorted(movements_of_one, key=lambda one: one.day)
    return _Running(
        [one.day for one in ordered], list(accumulate((one.amount for one in ordered), initial=Decimal(0)))
    )


def _until(running: _Running, day: date) -> Decimal:
    return running.sums[bisect_right(running.days, day)]


@cache
def movements(seed: int) -> tuple[Movement, ...]:
    """Everything that moved on the bank accounts and the card, by day."""
    found = [*_spent(seed), *_earned(seed)]
    for one in transfers(seed):
        text = f"Transfer to {LEDGER[one.target].name}"
        found.append(Movement(one.day, one.source, -one.out, text, f"transfer {one.id} out"))
        found.append(Movement(one.day, one.target, one.into, text, f"transfer {one.id} in"))
    found += [
        Movement(one.day, one.account, one.line.amount, one.line.text, f"deposit {one.id}")
        for one in deposits(seed)
    ]
    return tuple(
        sorted((one for one in found if one.day <= LAST_DAY), key=lambda one: (one.day, one.account, one.key))
    )


@cache
def _balances(seed: int) -> dict[str, _Running]:
    return {
        account.key: _running(one for one in movements(seed) if one.account == account.key)
        for account in accounts(seed)
    }


def balance(seed: int, account: str, day: date) -> Decimal:
    """What the account held at the end of a day, in its own currency; a card's debt is negative."""
    return OPENING[account] + _until(_balances(seed)[account], day)


"""First day of the month -> account of the books -> amount in dollars (income and expenses both positive)."""
