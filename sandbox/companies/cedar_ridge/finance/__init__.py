"""The company's money: who pays it, whom it pays, from which account and when. A pure function of the seed.

QuickBooks, Bill.com and the bank show the same records, each in its own way; none of them reads another's
tables. Amounts are decimals in the currency of the record; `home()` turns them into dollars at one fixed
rate, so that no exchange gain arises. Days are local days of the company; instants are milliseconds since
1970, when something was typed in or decided. A record is in the books from `entered_at` on; what is known of
it at an instant is asked for with `at`.

What holds for every seed (tests/sandbox/test_finance.py): a bank balance is its opening balance and the
movements since; profit and loss of a month is the sum of the records of that month; and the cash flow of a
month is the movement of its bank accounts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from sandbox.companies.cedar_ridge.finance.cash import balance, movements
from sandbox.companies.cedar_ridge.finance.ledger import LEDGER, accounts
from sandbox.companies.cedar_ridge.finance.statements import cash_flow, profit_and_loss
from sandbox.engine.finances import BankAccount, LedgerAccount, Months, Movement


@dataclass(frozen=True)
class CedarFinances:
    """What banks and the books' reports ask of the store (`sandbox.engine.finances.Finances`)."""

    seed: int
    ledger: Mapping[str, LedgerAccount] = field(default_factory=lambda: LEDGER)

    def accounts(self) -> Sequence[BankAccount]:
        return accounts(self.seed)

    def balance(self, account: str, day: date) -> Decimal:
        return balance(self.seed, account, day)

    def movements(self) -> Sequence[Movement]:
        return movements(self.seed)

    def profit_and_loss(self, at: int, *, cash_basis: bool = False) -> Months:
        return profit_and_loss(self.seed, at, cash_basis=cash_basis)

    def cash_flow(self, at: int) -> Months:
        return cash_flow(self.seed, at)
