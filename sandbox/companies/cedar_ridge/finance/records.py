"""Records of the books: who, what, when, how much."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from sandbox.companies.cedar_ridge.finance.ledger import HOME


@dataclass(frozen=True)
class Line:
    """One line: the account of the books, the amount, what for."""

    account: str
    amount: Decimal
    text: str


@dataclass(frozen=True)
class Vendor:
    """Someone the company pays. `w9_on`: the day on which the W-9 came in; None: never. Only `is_1099` ones
    need one."""

    id: int
    name: str
    email: str | None
    is_1099: bool
    w9_on: date | None
    terms_days: int
    account: str
    currency: str = HOME
    created: date = date(2024, 5, 6)
    left: date | None = None

    def has_w9(self, day: date) -> bool:
        return self.w9_on is not None and self.w9_on <= day


@dataclass(frozen=True)
class Customer:
    """Someone who pays the company. Numbers 1 to 64 are the client firms, in the order of the directory."""

    id: int
    name: str
    email: str | None
    created: date
    currency: str = HOME
    parent: int | None = None
    pays_after: int = 30
    """Days after the date of the invoice, usually."""
    left: date | None = None


@dataclass(frozen=True)
class Approval:
    """One person's decision on a bill; `decided_at` None: still waiting."""

    email: str
    decided_at: int | None
    approved: bool = True


@dataclass(frozen=True)
class Bill:
    """A vendor's bill. It is paid in one piece by a `BillPayment` once every approval is there."""

    id: int
    vendor_id: int
    number: str
    day: date
    due: date
    lines: tuple[Line, ...]
    currency: str
    entered_at: int
    approvals: tuple[Approval, ...]
    paid_on: date | None = None
    payment_id: int | None = None
    voided_at: int | None = None
    deleted_at: int | None = None
    duplicate_of: int | None = None

    @property
    def total(self) -> Decimal:
        return sum((line.amount for line in self.lines), Decimal(0))

    def exists(self, at: int) -> bool:
        return known(self.entered_at, self.deleted_at, at)

    def voided(self, at: int) -> bool:
        return self.voided_at is not None and self.voided_at <= at

    def approval(self, at: int) -> str:
        """`waiting`, `approved` or `denied`, at an instant."""
        decided = [one for one in self.approvals if one.decided_at is not None and one.decided_at <= at]
        if any(not one.approved for one in decided):
            return "denied"
        return "approved" if len(decided) == len(self.approvals) else "waiting"


@dataclass(frozen=True)
class BillPayment:
    """Pays bills of one vendor in full from a bank account."""

    id: int
    vendor_id: int
    day: date
    account: str
    bill_ids: tuple[int, ...]
    amount: Decimal
    entered_at: int


@dataclass(frozen=True)
class Invoice:
    """What a customer owes: lines and sales tax. `written_off_at`: what was open then became bad debt."""

    id: int
    number: str
    customer_id: int
    day: date
    due: date
    lines: tuple[Line, ...]
    tax: Decimal
    currency: str
    entered_at: int
    recurring: bool
    written_off_at: int | None = None
    voided_at: int | None = None
    deleted_at: int | None = None

    @property
    def net(self) -> Decimal:
        return sum((line.amount for line in self.lines), Decimal(0))

    @property
    def total(self) -> Decimal:
        return self.net + self.tax

    def exists(self, at: int) -> bool:
        return known(self.entered_at, self.deleted_at, at)

    def voided(self, at: int) -> bool:
        return self.voided_at is not None and self.voided_at <= at


@dataclass(frozen=True)
class Payment:
    """A customer's payment: parts of it on invoices, the rest not applied. A deleted one was typed in by
    mistake: no money came."""

    id: int
    customer_id: int
    day: date
    account: str
    parts: tuple[tuple[int, Decimal], ...]
    unapplied: Decimal
    entered_at: int
    deleted_at: int | None = None

    @property
    def amount(self) -> Decimal:
        return sum((amount for _, amount in self.parts), self.unapplied)

    def exists(self, at: int) -> bool:
        return known(self.entered_at, self.deleted_at, at)


@dataclass(frozen=True)
class Purchase:
    """Money spent immediately: by card, by check or by debit (`Cash`). `credit`: a refund. Lines may also pay
    a debt or the owner."""

    id: int
    kind: str
    account: str
    day: date
    lines: tuple[Line, ...]
    entered_at: int
    vendor_id: int | None = None
    number: str | None = None
    credit: bool = False
    deleted_at: int | None = None

    @property
    def total(self) -> Decimal:
        return sum((line.amount for line in self.lines), Decimal(0))

    def exists(self, at: int) -> bool:
        return known(self.entered_at, self.deleted_at, at)


@dataclass(frozen=True)
class Transfer:
    """Between two of the own accounts: `out` leaves one, `into` reaches the other, each in its own
    currency."""

    id: int
    day: date
    source: str
    target: str
    out: Decimal
    into: Decimal


@dataclass(frozen=True)
class Deposit:
    """Money that came without an invoice."""

    id: int
    day: date
    account: str
    line: Line


def known(entered_at: int, deleted_at: int | None, at: int) -> bool:
    """Whether a record is in the books at an instant."""
    return entered_at <= at and (deleted_at is None or deleted_at > at)
