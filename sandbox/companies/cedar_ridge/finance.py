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

import random
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from functools import cache
from itertools import accumulate

from sandbox.companies import names
from sandbox.companies.base import (
    DANA,
    DEMO_CLOCK,
    FIRST_MONDAY,
    HOLIDAYS,
    LAST_MONDAY,
    TECHNICIANS,
    Book,
    at,
    season,
)
from sandbox.companies.cedar_ridge.directory import CLIENTS, company_names, slug
from sandbox.engine.finances import BankAccount, LedgerAccount, Months, Movement, months_between, next_month
from sandbox.engine.store import from_ms

OPENED = date(2024, 6, 30)
"""The books begin with the balances of this day."""
FIRST_DAY, LAST_DAY = FIRST_MONDAY, LAST_MONDAY + timedelta(days=3)
HOME = "USD"
EURO_RATE = Decimal("1.10")
"""Dollars for a euro, always. Amounts in euros are whole, so that nothing is rounded."""
CENT = Decimal("0.01")

DEMO_DAY = date(2025, 10, 27)
TAX_RATE = Decimal("0.055")


LEDGER = {
    account.key: account
    for account in (
        LedgerAccount(35, "checking", "Operating Checking", "Bank", "Asset"),
        LedgerAccount(36, "savings", "Tax Reserve Savings", "Bank", "Asset"),
        LedgerAccount(37, "euro", "EUR Settlement", "Bank", "Asset", currency="EUR"),
        LedgerAccount(41, "card", "Business Card", "Credit Card", "Liability"),
        LedgerAccount(84, "receivable", "Accounts Receivable (A/R)", "Accounts Receivable", "Asset"),
        LedgerAccount(33, "payable", "Accounts Payable (A/P)", "Accounts Payable", "Liability"),
        LedgerAccount(90, "sales_tax", "Sales Tax Payable", "Other Current Liability", "Liability"),
        LedgerAccount(3, "draws", "Owner Distributions", "Equity", "Equity"),
        LedgerAccount(1, "managed", "Managed Services", "Income", "Revenue"),
        LedgerAccount(5, "licences", "Cloud Licences", "Income", "Revenue", "managed"),
        LedgerAccount(6, "projects", "Projects", "Income", "Revenue"),
        LedgerAccount(7, "hardware_sales", "Hardware Sales", "Income", "Revenue"),
        LedgerAccount(9, "interest", "Interest Earned", "Other Income", "Revenue"),
        LedgerAccount(50, "resold_licences", "Resold Licences", "Cost of Goods Sold", "Expense"),
        LedgerAccount(51, "hardware", "Hardware Purchases", "Cost of Goods Sold", "Expense"),
        LedgerAccount(52, "subcontractors", "Subcontractors", "Cost of Goods Sold", "Expense"),
        LedgerAccount(60, "payroll", "Payroll", "Expense", "Expense"),
        LedgerAccount(61, "payroll_taxes", "Payroll Taxes", "Expense", "Expense", "payroll"),
        LedgerAccount(62, "rent", "Rent", "Expense", "Expense"),
        LedgerAccount(63, "utilities", "Utilities & Internet", "Expense", "Expense"),
        LedgerAccount(64, "software", "Software & Tools", "Expense", "Expense"),
        LedgerAccount(65, "insurance", "Insurance", "Expense", "Expense"),
        LedgerAccount(66, "professional", "Legal & Accounting", "Expense", "Expense"),
        LedgerAccount(67, "marketing", "Advertising & Marketing", "Expense", "Expense"),
        LedgerAccount(68, "vehicles", "Vehicles & Travel", "Expense", "Expense"),
        LedgerAccount(69, "office", "Office & Meals", "Expense", "Expense"),
        LedgerAccount(70, "bad_debt", "Bad Debt", "Expense", "Expense"),
        LedgerAccount(71, "fax", "Fax Line", "Expense", "Expense", active=False),
    )
}

BANKS = ("checking", "savings", "euro")
OPENING = {
    "checking": Decimal("142318.44"),
    "savings": Decimal("60000.00"),
    "euro": Decimal("9500.00"),
    "card": Decimal("-4216.90"),
}
"""Balances at the end of `OPENED`, in the account's own currency; the card is a debt."""


@cache
def accounts(seed: int) -> tuple[BankAccount, ...]:
    """The accounts that the company holds at banks: two of dollars, one of euros, one card."""
    del seed  # the same ones in every invented company
    lakeland = ("Lakeland Community Bank", "lakeland-bank.example")
    return (
        BankAccount("checking", "Operating Checking", *lakeland, HOME),
        BankAccount("savings", "Tax Reserve Savings", *lakeland, HOME),
        BankAccount("card", "Business Card", "Harborline Cards", "harborline.example", HOME, is_card=True),
        BankAccount("euro", "EUR Settlement", "Rhein Zahlungsbank", "rhein-zahlungsbank.example", "EUR"),
    )


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
    """Money spent at once: by card, by check or by debit (`Cash`). `credit`: a refund. Lines may also pay a
    debt or the owner."""

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


def home(amount: Decimal, currency: str) -> Decimal:
    """The amount in the company's currency."""
    return amount if currency == HOME else (amount * EURO_RATE).quantize(CENT)


def months() -> list[date]:
    """First days of all months of the company's life."""
    return months_between(FIRST_DAY, LAST_DAY)


def work_day(day: date) -> date:
    """That day, or the first working day after it."""
    while day.weekday() > 4 or day in HOLIDAYS:
        day += timedelta(days=1)
    return day


def _rng(seed: int, *key: object) -> random.Random:
    return Book(seed).rng("finance", *key)


def _money(value: float) -> Decimal:
    return Decimal(str(value)).quantize(CENT, ROUND_HALF_UP)


def _typed(rng: random.Random, day: date, days: int = 0) -> int:
    """When something of that day was typed in: in office hours, up to so many days later."""
    return at(work_day(day + timedelta(days=rng.randint(0, days))), rng.uniform(8.2, 17.4))


_KAI = next(person for person in TECHNICIANS if person.kind == "Contractor")

_VENDORS = (
    # name, 1099, W-9 on, terms, account, usual amount, how often in a year
    ("Northwind Distribution", False, None, 30, "hardware", 9_400, 12),
    ("CloudSeat Licensing", False, None, 15, "resold_licences", 21_800, 12),
    ("BackupBarn Storage", False, None, 30, "resold_licences", 4_650, 12),
    ("Lakeshore Telecom", False, None, 20, "utilities", 890, 12),
    ("Midwest Power & Light", False, None, 15, "utilities", 640, 12),
    ("Harbor Properties LLC", True, date(2024, 5, 6), 5, "rent", 4_800, 12),
    (f"{_KAI.first} {_KAI.last}", True, date(2025, 4, 9), 15, "subcontractors", 2_300, 12),
    ("LeadPath Calling (Riley Stone)", True, None, 15, "marketing", 1_450, 12),
    ("Dovetail Cabling LLC", True, None, 30, "subcontractors", 3_150, 9),
    ("Ashford Consulting", True, date(2025, 11, 6), 30, "professional", 1_900, 6),
    ("Prairie Insurance Group", False, None, 30, "insurance", 5_200, 4),
    ("Bookwell CPA", True, date(2024, 6, 12), 15, "professional", 1_250, 12),
    ("Whitaker & Lowe Legal", True, None, 30, "professional", 2_750, 4),
    ("TicketForge Software", False, None, 30, "software", 1_980, 12),
    ("RemoteWard RMM", False, None, 30, "resold_licences", 3_300, 12),
    ("SentinelEye Antivirus", False, None, 30, "resold_licences", 2_450, 12),
    ("FleetLease Auto", False, None, 20, "vehicles", 1_640, 12),
    ("B\u00fcrotechnik S\u00fcd GmbH", False, None, 30, "software", 850, 12),
    ("Signal Ads Agency", True, date(2025, 1, 20), 30, "marketing", 3_900, 12),
    ('Clean "Sweep" Janitorial', True, None, 15, "office", 480, 12),
    ("Rivertown Couriers", True, None, 30, "office", 210, 12),
    ("Summit Office Supply", False, None, 30, "office", 330, 12),
)
_CREATED = {7: date(2025, 4, 7), 8: date(2025, 2, 10), 10: date(2025, 5, 5), 19: date(2025, 1, 13)}
_LEFT = {21: date(2025, 6, 30)}
EURO_VENDOR = 18


@cache
def vendors(seed: int) -> tuple[Vendor, ...]:
    """Everybody the company pays, in the order of their ids (1 to 22)."""
    del seed
    return tuple(
        Vendor(
            number,
            name,
            _KAI.email if number == 7 else None if number in (5, 20) else f"billing@{slug(name)}",
            is_1099,
            w9_on,
            terms,
            account,
            "EUR" if number == EURO_VENDOR else HOME,
            _CREATED.get(number, date(2024, 5, 6)),
            _LEFT.get(number),
        )
        for number, (name, is_1099, w9_on, terms, account, _, _) in enumerate(_VENDORS, 1)
    )


EURO_CUSTOMER = 101
SUB_CUSTOMER = 102


@cache
def customers(seed: int) -> tuple[Customer, ...]:
    """The 64 client firms (ids 1 to 64), and others: one that pays euros, a branch of the first client, and
    names that need quoting."""
    rng = _rng(seed, "customers")
    found = []
    for number, name in enumerate(company_names(Book(seed).rng("companies"), 760)[:CLIENTS], 1):
        # two thirds were there before the books begin; of the others some two a month came; three have left
        # again
        created = (
            OPENED - timedelta(days=400)
            if number <= 43
            else FIRST_DAY + timedelta(days=31 * (number - 43) - rng.randrange(20))
        )
        pays = rng.choices((22, 29, 36, 52), (30, 44, 18, 8))[0]
        left = {12: date(2025, 2, 28), 29: date(2025, 8, 31), 38: date(2026, 3, 31)}.get(number)
        found.append(Customer(number, name, f"accounts@{slug(name)}", created, pays_after=pays, left=left))
    found.append(
        Customer(EURO_CUSTOMER, "Nordsee Logistik GmbH", "rechnung@nordsee-logistik.example", OPENED, "EUR")
    )
    found.append(
        Customer(SUB_CUSTOMER, f"{found[0].name} Warehouse", None, date(2024, 9, 3), parent=1, pays_after=55)
    )
    found += [
        Customer(103 + number, text, None, date(2025, 1, 6) + timedelta(days=40 * number), pays_after=34)
        for number, text in enumerate(names.UNUSUAL_FIRMS)
    ]
    return tuple(found)


def _bill_days(rng: random.Random, vendor: Vendor, a_year: int) -> Iterator[date]:
    for month in months():
        if a_year < 12 and (month.month + vendor.id) % round(12 / a_year):
            continue
        day = month if vendor.account == "rent" else month + timedelta(days=rng.randint(1, 26))
        if day >= vendor.created and (vendor.left is None or day <= vendor.left) and day <= LAST_DAY:
            yield day


_APPROVERS = (DANA.email, TECHNICIANS[0].email)


def _approvals(rng: random.Random, entered_at: int, total: Decimal) -> tuple[Approval, ...]:
    """The owner decides on every bill, the service manager too on large ones."""
    who = _APPROVERS[:1] if total < 3_000 else _APPROVERS
    found = []
    for email in who:
        entered = from_ms(entered_at).date()
        decided = _typed(rng, entered + timedelta(days=rng.choice((1, 1, 2, 3, 4, 6, 9))))
        found.append(Approval(email, decided))
    return tuple(found)


@cache
def _paid(seed: int) -> tuple[tuple[Bill, ...], tuple[BillPayment, ...]]:
    """Bills and the payments of the Friday runs that pay them."""
    rng = _rng(seed, "bills")
    found: list[Bill] = []
    for vendor, (*_, usual, a_year) in zip(vendors(seed), _VENDORS, strict=True):
        for number, day in enumerate(_bill_days(rng, vendor, a_year), 1):
            total = _bill_amount(rng, vendor, usual, day)
            lines = _bill_lines(rng, vendor, total, day)
            entered_at = _typed(rng, day + timedelta(days=1), 8)
            due = day + timedelta(days=vendor.terms_days)
            name = f"{vendor.name[:3].upper().strip()}-{day:%y%m}{number:02d}"
            approvals = _approvals(rng, entered_at, total)
            found.append(Bill(0, vendor.id, name, day, due, lines, vendor.currency, entered_at, approvals))
    found += _odd_bills(seed, found)
    found = [
        replace(bill, id=20_001 + 3 * number)
        for number, bill in enumerate(sorted(found, key=lambda bill: bill.entered_at))
    ]
    twins = {(bill.vendor_id, bill.number): bill.id for bill in found if bill.duplicate_of is None}
    found = [
        (
            replace(bill, duplicate_of=twins[bill.vendor_id, bill.number])
            if bill.duplicate_of is not None
            else bill
        )
        for bill in found
    ]
    return _friday_runs(seed, found)


def _bill_amount(rng: random.Random, vendor: Vendor, usual: int, day: date) -> Decimal:
    if vendor.account == "rent":
        return Decimal(usual) if day < date(2026, 1, 1) else Decimal(4_950)
    if vendor.currency != HOME:
        return Decimal(usual + 10 * rng.randint(-8, 8))
    growth = 1 + 0.006 * ((day.year - 2024) * 12 + day.month - 7)
    if vendor.account == "hardware":
        return _money(usual * season(day - timedelta(days=day.weekday())) * rng.uniform(0.35, 1.9))
    return _money(usual * growth * rng.uniform(0.94, 1.07))


def _bill_lines(rng: random.Random, vendor: Vendor, total: Decimal, day: date) -> tuple[Line, ...]:
    what = f"{LEDGER[vendor.account].name} {day:%B %Y}"
    if vendor.account in ("hardware", "resold_licences") and rng.random() < 0.6:
        part = (total * Decimal(str(round(rng.uniform(0.04, 0.12), 2)))).quantize(CENT)
        return Line(vendor.account, total - part, what), Line("software", part, "For our own use")
    return (Line(vendor.account, total, what),)


def _odd_bills(seed: int, usual: list[Bill]) -> list[Bill]:
    """A bill that came twice, one entered by mistake and voided, one that was denied, some that nobody has
    decided on."""
    rng = _rng(seed, "odd bills")
    by_day = sorted(
        (bill for bill in usual if bill.vendor_id not in (6, EURO_VENDOR)), key=lambda bill: bill.day
    )
    # the newest bill of September 2025 came twice; the second is deleted two weeks after the demo's clock
    first = [bill for bill in by_day if bill.day < date(2025, 10, 6)][-1]
    again = _typed(rng, date(2025, 10, 15))
    waiting = (Approval(_APPROVERS[0], None),)
    twin = replace(
        first,
        entered_at=again,
        approvals=waiting,
        duplicate_of=-1,
        deleted_at=_typed(rng, date(2025, 11, 10)),
    )
    odd = [twin]
    for day, vendor, amount, text, fate in (
        (date(2025, 9, 18), 9, 2_480, "Cabling, wrong site", "voided"),
        (date(2026, 2, 11), 19, 1_200, "Campaign that never ran", "voided"),
        (date(2025, 9, 24), 13, 3_300, "Opinion nobody asked for", "denied"),
        (date(2025, 10, 3), 8, 1_725, "Calls of September, rate in dispute", "waiting"),
        (date(2025, 10, 13), 9, 4_210, "Rack and patch panel", "waiting"),
        (date(2026, 5, 12), 10, 2_640, "Workshop", "waiting"),
    ):
        entered_at = _typed(rng, day + timedelta(days=1), 2)
        approvals = {
            "voided": _approvals(rng, entered_at, Decimal(0)),
            "denied": (Approval(_APPROVERS[0], entered_at + 3 * 86_400_000, approved=False),),
            "waiting": waiting,
        }[fate]
        voided_at = _typed(rng, day + timedelta(days=20)) if fate == "voided" else None
        terms = vendors(seed)[vendor - 1].terms_days
        lines = (Line(vendors(seed)[vendor - 1].account, Decimal(amount), text),)
        number = f"X-{day:%y%m%d}"
        odd.append(
            Bill(
                0,
                vendor,
                number,
                day,
                day + timedelta(days=terms),
                lines,
                HOME,
                entered_at,
                approvals,
                voided_at=voided_at,
            )
        )
    return odd


def _friday_runs(seed: int, found: list[Bill]) -> tuple[tuple[Bill, ...], tuple[BillPayment, ...]]:
    """Bills are paid on the last Friday before they are due; those approved too late, or forgotten, on a
    later one."""
    rng = _rng(seed, "bill payments")
    runs: dict[tuple[date, int], list[Bill]] = defaultdict(list)
    for bill in found:
        decided = [one.decided_at for one in bill.approvals if one.decided_at is not None and one.approved]
        if bill.voided_at or bill.duplicate_of is not None or len(decided) < len(bill.approvals):
            continue
        ready = from_ms(max(decided)).date() + timedelta(days=1)
        planned = max(ready, bill.due - timedelta(days=6))
        if rng.random() < 0.09:
            planned = bill.due + timedelta(days=rng.randint(4, 24))  # forgotten for a while
        friday = work_day(planned + timedelta(days=(4 - planned.weekday()) % 7))
        if friday <= LAST_DAY:
            runs[friday, bill.vendor_id].append(bill)
    paid: dict[int, BillPayment] = {}
    payments = []
    for number, ((friday, vendor_id), together) in enumerate(sorted(runs.items())):
        amount = sum((bill.total for bill in together), Decimal(0))
        account = "euro" if vendor_id == EURO_VENDOR else "checking"
        ids = tuple(bill.id for bill in together)
        payments.append(
            BillPayment(
                40_001 + 2 * number, vendor_id, friday, account, ids, amount, at(friday, rng.uniform(9, 12))
            )
        )
        paid.update(dict.fromkeys(ids, payments[-1]))
    done = tuple(
        replace(bill, paid_on=paid[bill.id].day, payment_id=paid[bill.id].id) if bill.id in paid else bill
        for bill in found
    )
    return done, tuple(payments)


def bills(seed: int) -> tuple[Bill, ...]:
    """Every bill, in the order in which they were entered."""
    return _paid(seed)[0]


def bill_payments(seed: int) -> tuple[BillPayment, ...]:
    """Every payment of bills, by day."""
    return _paid(seed)[1]


@cache
def invoices(seed: int) -> tuple[Invoice, ...]:
    """Every invoice, in the order in which they were entered: monthly ones on the first, projects and
    hardware in between."""
    rng = _rng(seed, "invoices")
    found: list[Invoice] = []
    fees = {client.id: 480 + 45 * rng.randint(4, 58) for client in customers(seed) if client.id <= CLIENTS}
    fees[SUB_CUSTOMER] = 620
    for month in months():
        for client in customers(seed):
            if client.id not in fees or client.created > month or (client.left and client.left < month):
                continue
            raised = Decimal(1) + Decimal("0.04") * (month.year - 2024)
            lines = [
                Line(
                    "managed",
                    (Decimal(fees[client.id]) * raised).quantize(CENT),
                    f"Managed services {month:%B %Y}",
                )
            ]
            lines.append(
                Line(
                    "licences", (Decimal(fees[client.id]) * Decimal("0.29")).quantize(CENT), "Cloud licences"
                )
            )
            due = month + timedelta(days=30)
            found.append(
                Invoice(
                    0,
                    "",
                    client.id,
                    month,
                    due,
                    tuple(lines),
                    Decimal(0),
                    HOME,
                    at(month, 6 + client.id / 100),
                    True,
                )
            )
        found += _projects(seed, rng, month)
    ordered = sorted((one for one in found if one.day <= LAST_DAY), key=lambda one: one.entered_at)
    numbered = [
        replace(one, id=10_001 + 2 * number, number=str(2_001 + number)) for number, one in enumerate(ordered)
    ]
    return tuple(_fates(numbered))


def _projects(seed: int, rng: random.Random, month: date) -> Iterator[Invoice]:
    there = [one for one in customers(seed) if one.created <= month and not (one.left and one.left < month)]
    firms = [one for one in there if one.id <= CLIENTS]
    others = [one for one in there if one.id > CLIENTS and one.currency == HOME]
    wanted = rng.sample(firms, round(7 * season(month + timedelta(days=9)) + rng.uniform(-2, 2)))
    for client in [*wanted, *rng.sample(others, min(len(others), 1))]:
        day = work_day(month + timedelta(days=rng.randint(2, 25)))
        lines = [
            Line(
                "projects",
                Decimal(rng.randint(4, 44) * 145),
                rng.choice(("Office move", "Network refresh", "Migration", "Audit")),
            )
        ]
        tax = Decimal(0)
        if rng.random() < 0.6:
            lines.append(Line("hardware_sales", _money(rng.uniform(280, 5_400)), "Hardware"))
            tax = (lines[-1].amount * TAX_RATE).quantize(CENT)
        due = day + timedelta(days=30)
        yield Invoice(0, "", client.id, day, due, tuple(lines), tax, HOME, _typed(rng, day, 3), False)
    if month.month % 3 == 0:
        day = work_day(month + timedelta(days=9))
        lines = [Line("projects", Decimal(rng.randint(18, 30) * 100), "Fernwartung, Quartal")]
        yield Invoice(
            0,
            "",
            EURO_CUSTOMER,
            day,
            day + timedelta(days=30),
            tuple(lines),
            Decimal(0),
            "EUR",
            _typed(rng, day, 2),
            False,
        )


def _fates(numbered: list[Invoice]) -> Iterator[Invoice]:
    """Of client 29 the last invoices are written off after it has left; one project is voided, one invoice
    deleted."""
    voided = next(
        one for one in numbered if not one.recurring and one.day >= date(2025, 9, 8) and one.currency == HOME
    )
    deleted = next(
        one
        for one in numbered
        if not one.recurring and one.day >= date(2025, 10, 15) and one.currency == HOME
    )
    for one in numbered:
        if one.customer_id == 29 and one.recurring and date(2025, 7, 1) <= one.day <= date(2025, 8, 31):
            yield replace(one, written_off_at=at(date(2025, 12, 10), 11))
        elif one.customer_id == 12 and one.recurring and one.day == date(2025, 2, 1):
            yield replace(one, written_off_at=at(date(2025, 6, 17), 15.5))
        elif one is voided:
            yield replace(one, voided_at=at(date(2025, 10, 1), 10.4))
        elif one is deleted:
            yield replace(one, deleted_at=DEMO_CLOCK + 8 * 86_400_000 + 5_400_000)
        else:
            yield one


@cache
def payments(seed: int) -> tuple[Payment, ...]:
    """What customers paid, by day. Some pay in two parts, some a little too much, some nothing yet."""
    rng = _rng(seed, "payments")
    by_id = {one.id: one for one in customers(seed)}
    found: list[Payment] = []

    def pay(invoice: Invoice, day: date, amount: Decimal, more: Decimal = Decimal(0)) -> None:
        day = work_day(day)
        if day <= LAST_DAY:
            account = "euro" if invoice.currency != HOME else "checking"
            parts = ((invoice.id, amount),)
            found.append(Payment(0, invoice.customer_id, day, account, parts, more, _typed(rng, day, 1)))

    for invoice in invoices(seed):
        entered = from_ms(invoice.entered_at).date()
        chance, part = rng.random(), rng.uniform(0.3, 0.7)
        day = max(
            entered + timedelta(days=1),
            invoice.day + timedelta(days=by_id[invoice.customer_id].pays_after + rng.randint(-5, 5)),
        )
        if invoice.voided_at or invoice.deleted_at or chance < 0.006:
            continue
        if invoice.written_off_at:
            if invoice.day.month == 7:
                pay(invoice, day, (invoice.total * Decimal("0.25")).quantize(CENT))
        elif chance < 0.05 and invoice.currency == HOME:
            first = (invoice.total * Decimal(str(round(part, 2)))).quantize(CENT)
            pay(invoice, day, first)
            pay(invoice, day + timedelta(days=rng.randint(12, 55)), invoice.total - first)
        elif chance < 0.10:
            pay(invoice, day + timedelta(days=rng.randint(20, 70)), invoice.total)
        else:
            pay(
                invoice,
                day,
                invoice.total,
                Decimal(50) if chance > 0.995 and invoice.currency == HOME else Decimal(0),
            )
    # typed in for the wrong customer, found out some days later
    wrong = min(
        (one for one in found if one.day >= date(2025, 10, 20) and one.account == "checking"),
        key=lambda one: one.entered_at,
    )
    found.append(
        replace(wrong, entered_at=wrong.entered_at + 7_200_000, deleted_at=at(date(2025, 10, 30), 9.75))
    )
    found.sort(key=lambda one: (one.entered_at, one.customer_id))
    return tuple(replace(one, id=30_001 + 2 * number) for number, one in enumerate(found))


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
    rng = _rng(seed, "purchases")
    found: list[Purchase] = []
    day = FIRST_DAY
    while day <= LAST_DAY:
        if day.weekday() < 5 and day not in HOLIDAYS:
            for _ in range(rng.choices((0, 1, 2, 3), (20, 42, 28, 10))[0]):
                account, usual, text, vendor = rng.choices(_CARD, (22, 30, 22, 14, 6, 3))[0]
                line = Line(account, _money(usual * rng.uniform(0.5, 1.6)), text)
                refund = rng.random() < 0.02
                found.append(
                    Purchase(0, "CreditCard", "card", day, (line,), _typed(rng, day, 4), vendor, None, refund)
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
        wages = _money(28_100 * raised * rng.uniform(0.985, 1.02))
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
        (Line("marketing", _money(rng.uniform(150, 900)), "Sponsorship"),),
        _typed(rng, day, 5),
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
    rng = _rng(seed, "deposits")
    found = []
    for number, month in enumerate(months()):
        line = Line(
            "interest", _money((60_000 + 1_500 * number) * 0.031 / 12 * rng.uniform(0.97, 1.03)), "Interest"
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


def invoice_open(invoice: Invoice, parts: Mapping[int, Decimal], at: int) -> Decimal:
    """What is still to be paid of an invoice at an instant. `parts`: what was paid on each by then, as
    `paid_parts()` says."""
    if invoice.voided(at) or (invoice.written_off_at is not None and invoice.written_off_at <= at):
        return Decimal(0)
    return invoice.total - parts.get(invoice.id, Decimal(0))


def paid_parts(seed: int, at: int) -> dict[int, Decimal]:
    """Invoice -> what was paid on it, as far as the books knew at an instant."""
    found: dict[int, Decimal] = defaultdict(Decimal)
    for one in payments(seed):
        if one.exists(at):
            for invoice_id, amount in one.parts:
                found[invoice_id] += amount
    return found


def profit_and_loss(seed: int, at: int, *, cash_basis: bool = False) -> Months:
    """Profit and loss by month, as the books stood at an instant: accrual by the dates of the papers, or by
    the dates of payment."""
    found: Months = defaultdict(lambda: defaultdict(Decimal))

    def book(day: date, lines: Iterable[Line], currency: str = HOME, sign: int = 1) -> None:
        for line in lines:
            if LEDGER[line.account].classification in ("Revenue", "Expense"):
                found[day.replace(day=1)][line.account] += sign * home(line.amount, currency)

    by_id = {one.id: one for one in invoices(seed) if one.exists(at) and not one.voided(at)}
    owed = {one.id: one for one in bills(seed) if one.exists(at) and not one.voided(at)}
    if cash_basis:
        for payment in payments(seed):
            for invoice_id, amount in payment.parts if payment.exists(at) else ():
                if invoice_id in by_id:
                    book(payment.day, _share(by_id[invoice_id], amount), by_id[invoice_id].currency)
        for paid in bill_payments(seed):
            for bill_id in paid.bill_ids if paid.entered_at <= at else ():
                book(paid.day, owed[bill_id].lines, owed[bill_id].currency)
    else:
        parts = paid_parts(seed, at)
        for invoice in by_id.values():
            book(invoice.day, invoice.lines, invoice.currency)
            if invoice.written_off_at is not None and invoice.written_off_at <= at:
                lost = invoice.total - parts.get(invoice.id, Decimal(0))
                book(from_ms(invoice.written_off_at).date(), [Line("bad_debt", lost, "Written off")])
        for bill in owed.values():
            book(bill.day, bill.lines, bill.currency)
    for purchase in purchases(seed):
        if purchase.exists(at):
            book(purchase.day, purchase.lines, sign=-1 if purchase.credit else 1)
    for deposit in deposits(seed):
        if _closed(deposit.day, at):
            book(deposit.day, [deposit.line])
    return {month: dict(amounts) for month, amounts in sorted(found.items())}


def _closed(day: date, instant: int) -> bool:
    """What the bank reports itself is in the books the morning after."""
    return at(day + timedelta(days=1), 6) <= instant


def _share(invoice: Invoice, amount: Decimal) -> list[Line]:
    """The lines of an invoice cut down to a payment of `amount` on it; the tax takes its part."""
    lines, left = [], amount
    wanted = [*invoice.lines, Line("sales_tax", invoice.tax, "Tax")]
    for number, line in enumerate(wanted):
        last = all(other.amount == 0 for other in wanted[number + 1 :])
        part = left if last else (line.amount * amount / invoice.total).quantize(CENT)
        lines.append(replace(line, amount=part))
        left -= part
        if last:
            break
    return lines


def cash_flow(seed: int, at: int) -> Months:
    """Cash flow by month as the books stood at an instant. Keys: `net_income`, `receivable`, `payable`,
    `card`, `sales_tax` (adjustments of operating activities), `draws` (financing), `beginning`, `ending`;
    dollars, positive brings cash.
    """
    moved: Months = defaultdict(lambda: defaultdict(Decimal))
    for month, amounts in profit_and_loss(seed, at).items():
        signs = {"Revenue": 1, "Expense": -1}
        moved[month]["net_income"] = sum(
            (signs[LEDGER[key].classification] * amount for key, amount in amounts.items()), Decimal(0)
        )
    cash: dict[date, Decimal] = defaultdict(Decimal)

    def book(day: date, key: str, amount: Decimal) -> None:
        moved[day.replace(day=1)][key] += amount

    def bank(day: date, account: str, amount: Decimal) -> None:
        if account in BANKS:
            cash[day.replace(day=1)] += home(amount, LEDGER[account].currency)
        else:
            book(day, "card", -amount)

    parts = paid_parts(seed, at)
    for invoice in invoices(seed):
        if invoice.exists(at) and not invoice.voided(at):
            book(invoice.day, "receivable", -home(invoice.total, invoice.currency))
            book(invoice.day, "sales_tax", invoice.tax)
            if invoice.written_off_at is not None and invoice.written_off_at <= at:
                book(
                    from_ms(invoice.written_off_at).date(),
                    "receivable",
                    invoice.total - parts.get(invoice.id, Decimal(0)),
                )
    for payment in payments(seed):
        if payment.exists(at):
            book(payment.day, "receivable", home(payment.amount, LEDGER[payment.account].currency))
            bank(payment.day, payment.account, payment.amount)
    for bill in bills(seed):
        if bill.exists(at) and not bill.voided(at):
            book(bill.day, "payable", home(bill.total, bill.currency))
    for paid in bill_payments(seed):
        if paid.entered_at <= at:
            book(paid.day, "payable", -home(paid.amount, LEDGER[paid.account].currency))
            bank(paid.day, paid.account, -paid.amount)
    for purchase in purchases(seed):
        if purchase.exists(at):
            sign = 1 if purchase.credit else -1
            bank(purchase.day, purchase.account, sign * purchase.total)
            for line in purchase.lines:
                if line.account in ("sales_tax", "draws"):
                    book(purchase.day, line.account, sign * line.amount)
    for transfer in transfers(seed):
        if _closed(transfer.day, at):
            bank(transfer.day, transfer.source, -transfer.out)
            bank(transfer.day, transfer.target, transfer.into)
    for deposit in deposits(seed):
        if _closed(deposit.day, at):
            bank(deposit.day, deposit.account, deposit.line.amount)
    found: Months = {}
    held = sum((home(OPENING[account], LEDGER[account].currency) for account in BANKS), Decimal(0))
    for month in sorted({*moved, *cash}):
        found[month] = {**moved[month], "beginning": held, "ending": held + cash[month]}
        held += cash[month]
    return found


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
