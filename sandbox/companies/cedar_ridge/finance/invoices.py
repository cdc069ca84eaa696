"""Customers, their invoices and payments."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from functools import cache

from sandbox.companies import names
from sandbox.companies.base import DEMO_CLOCK, Book, at, season
from sandbox.companies.cedar_ridge.directory import CLIENTS, company_names, slug
from sandbox.companies.cedar_ridge.finance.drawing import money, rng_for, typed_at, work_day
from sandbox.companies.cedar_ridge.finance.ledger import (
    CENT,
    FIRST_DAY,
    HOME,
    LAST_DAY,
    OPENED,
    TAX_RATE,
    months,
)
from sandbox.companies.cedar_ridge.finance.records import Customer, Invoice, Line, Payment
from sandbox.engine.store import from_ms

EURO_CUSTOMER = 101
SUB_CUSTOMER = 102


@cache
def customers(seed: int) -> tuple[Customer, ...]:
    """The 64 client firms (ids 1 to 64), and others: one that pays euros, a branch of the first client, and
    names that need quoting."""
    rng = rng_for(seed, "customers")
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


@cache
def invoices(seed: int) -> tuple[Invoice, ...]:
    """Every invoice, in the order in which they were entered: monthly ones on the first, projects and
    hardware in between."""
    rng = rng_for(seed, "invoices")
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
            lines.append(Line("hardware_sales", money(rng.uniform(280, 5_400)), "Hardware"))
            tax = (lines[-1].amount * TAX_RATE).quantize(CENT)
        due = day + timedelta(days=30)
        yield Invoice(0, "", client.id, day, due, tuple(lines), tax, HOME, typed_at(rng, day, 3), False)
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
            typed_at(rng, day, 2),
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
    rng = rng_for(seed, "payments")
    by_id = {one.id: one for one in customers(seed)}
    found: list[Payment] = []

    def pay(invoice: Invoice, day: date, amount: Decimal, more: Decimal = Decimal(0)) -> None:
        day = work_day(day)
        if day <= LAST_DAY:
            account = "euro" if invoice.currency != HOME else "checking"
            parts = ((invoice.id, amount),)
            found.append(Payment(0, invoice.customer_id, day, account, parts, more, typed_at(rng, day, 1)))

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


def paid_parts(seed: int, at: int) -> dict[int, Decimal]:
    """Invoice -> what was paid on it, as far as the books knew at an instant."""
    found: dict[int, Decimal] = defaultdict(Decimal)
    for one in payments(seed):
        if one.exists(at):
            for invoice_id, amount in one.parts:
                found[invoice_id] += amount
    return found
