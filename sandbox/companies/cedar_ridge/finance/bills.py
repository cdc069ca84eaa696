"""Vendors, their bills, and the Friday runs that pay them."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from functools import cache

from sandbox.companies.base import DANA, TECHNICIANS, at, season
from sandbox.companies.cedar_ridge.directory import slug
from sandbox.companies.cedar_ridge.finance.drawing import money, rng_for, typed_at, work_day
from sandbox.companies.cedar_ridge.finance.ledger import CENT, HOME, LAST_DAY, LEDGER, months
from sandbox.companies.cedar_ridge.finance.records import Approval, Bill, BillPayment, Line, Vendor
from sandbox.engine.store import from_ms

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
        decided = typed_at(rng, entered + timedelta(days=rng.choice((1, 1, 2, 3, 4, 6, 9))))
        found.append(Approval(email, decided))
    return tuple(found)


@cache
def _paid(seed: int) -> tuple[tuple[Bill, ...], tuple[BillPayment, ...]]:
    """Bills and the payments of the Friday runs that pay them."""
    rng = rng_for(seed, "bills")
    found: list[Bill] = []
    for vendor, (*_, usual, a_year) in zip(vendors(seed), _VENDORS, strict=True):
        for number, day in enumerate(_bill_days(rng, vendor, a_year), 1):
            total = _bill_amount(rng, vendor, usual, day)
            lines = _bill_lines(rng, vendor, total, day)
            entered_at = typed_at(rng, day + timedelta(days=1), 8)
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
        return money(usual * season(day - timedelta(days=day.weekday())) * rng.uniform(0.35, 1.9))
    return money(usual * growth * rng.uniform(0.94, 1.07))


def _bill_lines(rng: random.Random, vendor: Vendor, total: Decimal, day: date) -> tuple[Line, ...]:
    what = f"{LEDGER[vendor.account].name} {day:%B %Y}"
    if vendor.account in ("hardware", "resold_licences") and rng.random() < 0.6:
        part = (total * Decimal(str(round(rng.uniform(0.04, 0.12), 2)))).quantize(CENT)
        return Line(vendor.account, total - part, what), Line("software", part, "For our own use")
    return (Line(vendor.account, total, what),)


def _odd_bills(seed: int, usual: list[Bill]) -> list[Bill]:
    """A bill that came twice, one entered by mistake and voided, one that was denied, some that nobody has
    decided on."""
    rng = rng_for(seed, "odd bills")
    by_day = sorted(
        (bill for bill in usual if bill.vendor_id not in (6, EURO_VENDOR)), key=lambda bill: bill.day
    )
    # the newest bill of September 2025 came twice; the second is deleted two weeks after the demo's clock
    first = [bill for bill in by_day if bill.day < date(2025, 10, 6)][-1]
    again = typed_at(rng, date(2025, 10, 15))
    waiting = (Approval(_APPROVERS[0], None),)
    twin = replace(
        first,
        entered_at=again,
        approvals=waiting,
        duplicate_of=-1,
        deleted_at=typed_at(rng, date(2025, 11, 10)),
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
        entered_at = typed_at(rng, day + timedelta(days=1), 2)
        approvals = {
            "voided": _approvals(rng, entered_at, Decimal(0)),
            "denied": (Approval(_APPROVERS[0], entered_at + 3 * 86_400_000, approved=False),),
            "waiting": waiting,
        }[fate]
        voided_at = typed_at(rng, day + timedelta(days=20)) if fate == "voided" else None
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
    rng = rng_for(seed, "bill payments")
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
