"""A company's money, as banks and reports of the books ask for it.

Records such as invoices are rows of the store. Balances and reports are computed, so the company hands over
one object that computes them. Amounts are decimals in the currency of the account, days are local days of the
company, instants are milliseconds since 1970 in UTC.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Protocol

Months = dict[date, dict[str, Decimal]]
"""First day of a month -> key of a ledger account -> amount."""


@dataclass(frozen=True)
class LedgerAccount:
    """An account of the books. `classification` is one of QuickBooks' five."""

    id: int
    key: str
    name: str
    kind: str
    """QuickBooks' AccountType."""
    classification: str
    parent: str | None = None
    currency: str = "USD"
    active: bool = True


@dataclass(frozen=True)
class BankAccount:
    """An account at a bank. `key` is that of the ledger and of `balance()`."""

    key: str
    name: str
    bank: str
    domain: str
    currency: str
    is_card: bool = False


@dataclass(frozen=True)
class Movement:
    """What the bank saw; positive amounts came in."""

    day: date
    account: str
    amount: Decimal
    text: str
    key: str
    """Names the record behind it."""


class Finances(Protocol):
    """What a company with money offers."""

    @property
    def ledger(self) -> Mapping[str, LedgerAccount]:
        """The accounts of the books by key."""

    def accounts(self) -> Sequence[BankAccount]:
        """The accounts at banks."""

    def balance(self, account: str, day: date) -> Decimal:
        """What an account holds at the end of a day."""

    def movements(self) -> Sequence[Movement]:
        """Every movement of every account at banks, also future ones."""

    def profit_and_loss(self, at: int, *, cash_basis: bool = False) -> Months:
        """Amounts of each month as they are known at an instant."""

    def cash_flow(self, at: int) -> Months:
        """Movements of cash of each month as they are known at an instant."""


@dataclass(frozen=True)
class NoFinances:
    """A company without banks and books."""

    ledger: Mapping[str, LedgerAccount] = field(default_factory=dict)

    def accounts(self) -> Sequence[BankAccount]:
        return ()

    def balance(self, account: str, day: date) -> Decimal:
        raise LookupError(f"no account {account!r} on {day}")

    def movements(self) -> Sequence[Movement]:
        return ()

    def profit_and_loss(self, at: int, *, cash_basis: bool = False) -> Months:
        return {}

    def cash_flow(self, at: int) -> Months:
        return {}


def months_between(first: date, last: date) -> list[date]:
    """First days of the months from the one of `first` to the one of `last`."""
    found, month = [], first.replace(day=1)
    while month <= last:
        found.append(month)
        month = next_month(month)
    return found


def next_month(day: date) -> date:
    """The first day of the month after that of `day`."""
    return (day.replace(day=1) + timedelta(days=32)).replace(day=1)
