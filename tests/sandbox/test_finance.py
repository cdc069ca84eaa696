"""The company's money: records, bank balances and reports say the same."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest

from sandbox.companies.base import DEMO_CLOCK, at
from sandbox.companies.cedar_ridge import finance
from sandbox.engine.store import from_ms

SEED = 1


@pytest.mark.parametrize("seed", [1, 7])
def test_balances_are_the_opening_balances_and_every_movement_since(seed: int) -> None:
    for account in finance.accounts(seed):
        moved = sum((one.amount for one in finance.movements(seed) if one.account == account.key), Decimal(0))
        assert finance.balance(seed, account.key, finance.OPENED) == finance.OPENING[account.key]
        assert finance.balance(seed, account.key, finance.LAST_DAY) == finance.OPENING[account.key] + moved
        days = range((finance.LAST_DAY - finance.OPENED).days)
        lowest = min(finance.balance(seed, account.key, finance.OPENED + timedelta(days=day)) for day in days)
        # a card owes; the demo's bank accounts are never overdrawn, in another invented company it may happen
        assert lowest < 0 if account.is_card else lowest > 0 or seed != SEED, account


@pytest.mark.parametrize("instant", [DEMO_CLOCK, at(date(2025, 11, 20), 9), at(finance.LAST_DAY, 23)])
def test_cash_flow_is_what_moved_on_the_bank_accounts(instant: int) -> None:
    for month, amounts in finance.cash_flow(SEED, instant).items():
        parts = sum(
            (amount for key, amount in amounts.items() if key not in ("beginning", "ending")), Decimal(0)
        )
        assert parts == amounts["ending"] - amounts["beginning"], month


def test_a_closed_month_ends_with_what_the_banks_say() -> None:
    held = finance.cash_flow(SEED, DEMO_CLOCK)[date(2025, 8, 1)]["ending"]
    banks = [one for one in finance.accounts(SEED) if not one.is_card]
    assert held == sum(
        finance.home(finance.balance(SEED, one.key, date(2025, 8, 31)), one.currency) for one in banks
    )


def test_profit_and_loss_is_the_sum_of_the_records() -> None:
    month = date(2025, 8, 1)
    income = sum(
        finance.home(one.net, one.currency)
        for one in finance.invoices(SEED)
        if one.day.replace(day=1) == month and one.exists(DEMO_CLOCK) and not one.voided(DEMO_CLOCK)
    )
    found = finance.profit_and_loss(SEED, DEMO_CLOCK)[month]
    assert income == sum(amount for key, amount in found.items() if finance.LEDGER[key].kind == "Income")
    cash = finance.profit_and_loss(SEED, DEMO_CLOCK, cash_basis=True)[month]
    assert set(cash) >= {"managed", "payroll"} and cash["managed"] != found["managed"]


def test_a_closed_month_changes_when_a_late_bill_is_entered() -> None:
    bill = next(one for one in finance.bills(SEED) if one.day.month != from_ms(one.entered_at).month)
    before, after = (
        finance.profit_and_loss(SEED, bill.entered_at + shift)[bill.day.replace(day=1)] for shift in (-1, 0)
    )
    account = bill.lines[0].account
    assert after[account] - before.get(account, Decimal(0)) == sum(
        one.amount for one in bill.lines if one.account == account
    )


def test_there_is_something_of_everything_at_the_demo_clock() -> None:
    bills = [one for one in finance.bills(SEED) if one.exists(DEMO_CLOCK)]
    assert {one.approval(DEMO_CLOCK) for one in bills} == {"waiting", "approved", "denied"}
    assert any(one.paid_on and one.paid_on > one.due for one in bills) and any(
        one.voided(DEMO_CLOCK) for one in bills
    )
    assert any(one.duplicate_of for one in bills)
    assert {(one.is_1099, one.has_w9(finance.DEMO_DAY)) for one in finance.vendors(SEED)} == {
        (True, True),
        (True, False),
        (False, False),
    }
    parts = finance.paid_parts(SEED, DEMO_CLOCK)
    still_open = [
        one
        for one in finance.invoices(SEED)
        if one.exists(DEMO_CLOCK) and finance.invoice_open(one, parts, DEMO_CLOCK)
    ]
    assert any(one.due < finance.DEMO_DAY for one in still_open) and any(
        one.due >= finance.DEMO_DAY for one in still_open
    )
    assert any(parts.get(one.id) for one in still_open)
    assert {one.currency for one in finance.invoices(SEED)} == {"USD", "EUR"}
