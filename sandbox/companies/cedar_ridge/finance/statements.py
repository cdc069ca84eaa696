"""Profit and loss, and cash flow."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

from sandbox.companies.base import at
from sandbox.companies.cedar_ridge.finance.bills import bill_payments, bills
from sandbox.companies.cedar_ridge.finance.cash import deposits, transfers
from sandbox.companies.cedar_ridge.finance.invoices import invoices, paid_parts, payments
from sandbox.companies.cedar_ridge.finance.ledger import BANKS, CENT, HOME, LEDGER, OPENING, home
from sandbox.companies.cedar_ridge.finance.purchases import purchases
from sandbox.companies.cedar_ridge.finance.records import Invoice, Line
from sandbox.engine.finances import Months
from sandbox.engine.store import from_ms


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
