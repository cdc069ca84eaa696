"""Tables of money: currencies are side by side, and a sum that is not whole is not shown."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from reports.components import EXPORTS
from reports.components.finance import BankComplaints, BooksNote, CashGap, CashTable
from reports.engine.queries import Result, Row

BUILD = Result("build", ["currency"], [Row(currency="USD")])
MONDAY, TUESDAY = date(2025, 11, 3), date(2025, 11, 4)


def result(*rows: dict[str, Any]) -> Result:
    return Result("rows", list(rows[0]) if rows else [], [Row(row) for row in rows])


def balance(day: date, name: str, amount: str, **more: Any) -> dict[str, Any]:
    row = {
        "snapshot_day": day,
        "place": name,
        "account_name": name,
        "org_name": "Bank",
        "currency": "USD",
        "balance": Decimal(amount),
    }
    counted = {
        "balance_day": day,
        "is_counted": True,
        "is_cash_account": True,
        "reason": None,
        "reason_text": None,
        "cash": None,
    }
    return {**row, **counted, **more}


def test_a_day_that_is_not_whole_has_no_sum_and_old_balances_say_so() -> None:
    html = CashTable(
        result(
            balance(MONDAY, "Main", "100", cash=Decimal(150)),
            balance(MONDAY, "Savings", "50", cash=Decimal(150)),
            balance(
                MONDAY,
                "Giro",
                "999",
                currency="EUR",
                is_counted=False,
                reason="other_currency",
                reason_text="In another currency",
                cash=Decimal(150),
            ),
            balance(TUESDAY, "Main", "110"),
            balance(
                TUESDAY,
                "Savings",
                "50",
                balance_day=MONDAY,
                is_counted=False,
                reason="balance_too_old",
                reason_text="The balance is too old",
            ),
        ),
        BUILD,
    )
    total = html.partition("Cash position")[2]
    assert "$150" in total and "not whole" in total and "$110" not in total
    assert "€999" in html and "In another currency" in html
    assert html.index(">4 Nov<") < html.index(">3 Nov<") and "of 3 Nov" in html


def test_names_of_banks_and_vendors_are_text() -> None:
    hostile = '<img src=x onerror="alert(1)">'
    bill = {
        "vendor_name": hostile,
        "invoice_number": hostile,
        "amount": Decimal(5),
        "currency": "EUR",
        "days_waiting": 1,
    }
    pages = [
        CashTable(result(balance(MONDAY, hostile, "1", org_name=hostile)), BUILD),
        CashGap(
            result(
                {
                    "account_name": hostile,
                    "reason_text": "The balance is too old",
                    "balance_day": None,
                    "snapshot_day": MONDAY,
                }
            )
        ),
        BankComplaints(result({"sentence": hostile, "account_names": hostile, "snapshot_day": MONDAY})),
        EXPORTS["BillTable"](
            result({**bill, "approval_status": "ASSIGNED", "due_day": MONDAY, "is_overdue": True}), "Bills"
        ),
        EXPORTS["LinkTable"](
            result({"record_label": hostile, "record_url": "javascript:alert(1)"}), "Bills", "Bill"
        ),
    ]
    for page in pages:
        assert "<img" not in page and "javascript:" not in page
    assert "€5" in pages[3] and "1 day" in pages[3] and "overdue" in pages[3]
    assert CashGap(result()) == BankComplaints(result()) == ""


def test_the_books_name_their_method() -> None:
    basis = {"accounting_method": "Cash", "is_counted": True, "currency": "USD"}
    running = {
        "month_start": date(2025, 11, 1),
        "through_day": MONDAY,
        "revenue": Decimal("12.5"),
        "expenses": None,
    }
    text = BooksNote(result(basis), result(running), BUILD)
    assert (
        "by the cash method" in text
        and "Nov 2025 so far to 3 Nov: revenue $12.50, expenses –, provisional" in text
    )
    foreign = BooksNote(result({**basis, "is_counted": False, "currency": "EUR"}), result(), BUILD)
    assert "kept in EUR: nothing of them is added up" in foreign
