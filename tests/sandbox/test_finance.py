"""The company's money: records, bank balances and reports say the same."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest

from sandbox.companies.base import DEMO_CLOCK, at
from sandbox.companies.cedar_ridge.finance.bills import bills, vendors
from sandbox.companies.cedar_ridge.finance.cash import balance, movements
from sandbox.companies.cedar_ridge.finance.invoices import invoices, paid_parts
from sandbox.companies.cedar_ridge.finance.ledger import (
    LAST_DAY,
    LEDGER,
    OPENED,
    OPENING,
    accounts,
    home,
)
from sandbox.companies.cedar_ridge.finance.statements import cash_flow, profit_and_loss
from sandbox.engine.store import from_ms

SEED = 1
DEMO_DAY = date(2025, 10, 27)


@pytest.mark.parametrize("seed", [1, 7])
def test_balances_are_the_opening_balances_and_every_movement_since(seed: int) -> None:
    for account in accounts(seed):
        moved = sum((one.amount for one in movements(seed) if one.account == account.key), Decimal(0))
        assert balance(seed, account.key, OPENED) == OPENING[account.key]
        assert balance(seed, account.key, LAST_DAY) == OPENING[account.key] + moved
        days = range((LAST_DAY - OPENED).days)
        lowest = min(balance(seed, account.key, OPENED + timedelta(days=day)) for day in days)
        # a card owes; the demo's bank accounts are never overdrawn, in another invented company it may happen
        assert lowest < 0 if account.is_card else lowest > 0 or seed != SEED, account


@pytest.mark.parametrize("instant", [DEMO_CLOCK, at(date(2025, 11, 20), 9), at(LAST_DAY, 23)])
def test_cash_flow_is_what_moved_on_the_bank_accounts(instant: int) -> None:
    for month, amounts in cash_flow(SEED, instant).items():
        parts = sum(
            (amount for key, amount in amounts.items() if key not in ("beginning", "ending")), Decimal(0)
        )
        assert parts == amounts["ending"] - amounts["beginning"], month


def test_a_closed_month_ends_with_what_the_banks_say() -> None:
    held = cash_flow(SEED, DEMO_CLOCK)[date(2025, 8, 1)]["ending"]
    banks = [one for one in accounts(SEED) if not one.is_card]
    assert held == sum(home(balance(SEED, one.key, date(2025, 8, 31)), one.currency) for one in banks)


def test_profit_and_loss_is_the_sum_of_the_records() -> None:
    month = date(2025, 8, 1)
    income = sum(
        home(one.net, one.currency)
        for one in invoices(SEED)
        if one.day.replace(day=1) == month and one.exists(DEMO_CLOCK) and not one.voided(DEMO_CLOCK)
    )
    found = profit_and_loss(SEED, DEMO_CLOCK)[month]
    assert income == sum(amount for key, amount in found.items() if LEDGER[key].kind == "Income")
    cash = profit_and_loss(SEED, DEMO_CLOCK, cash_basis=True)[month]
    assert set(cash) >= {"managed", "payroll"} and cash["managed"] != found["managed"]


def test_a_closed_month_changes_when_a_late_bill_is_entered() -> None:
    bill = next(one for one in bills(SEED) if one.day.month != from_ms(one.entered_at).month)
    before, after = (
        profit_and_loss(SEED, bill.entered_at + shift)[bill.day.replace(day=1)] for shift in (-1, 0)
    )
    account = bill.lines[0].account
    assert after[account] - before.get(account, Decimal(0)) == sum(
        one.amount for one in bill.lines if one.account == account
    )


def test_there_is_something_of_everything_at_the_demo_clock() -> None:
    known = [one for one in bills(SEED) if one.exists(DEMO_CLOCK)]
    assert {one.approval(DEMO_CLOCK) for one in known} == {"waiting", "approved", "denied"}
    assert any(one.paid_on and one.paid_on > one.due for one in known) and any(
        one.voided(DEMO_CLOCK) for one in known
    )
    assert any(one.duplicate_of for one in known)
    assert {(one.is_1099, one.has_w9(DEMO_DAY)) for one in vendors(SEED)} == {
        (True, True),
        (True, False),
        (False, False),
    }
    parts = paid_parts(SEED, DEMO_CLOCK)
    still_open = [
        one
        for one in invoices(SEED)
        if one.exists(DEMO_CLOCK) and not one.voided(DEMO_CLOCK) and one.total > parts.get(one.id, 0)
    ]
    assert any(one.due < DEMO_DAY for one in still_open) and any(one.due >= DEMO_DAY for one in still_open)
    assert any(parts.get(one.id) for one in still_open)
    assert {one.currency for one in invoices(SEED)} == {"USD", "EUR"}
