"""Money in accounts and in bills, each amount in its own currency: which values `finance.html` shows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

from markupsafe import Markup

from foundation.calendar import week_label
from reports.components.macros import macros
from reports.engine.markup import plain
from reports.engine.queries import Result, Row
from reports.look.numbers import DASH, day, month, number

_html = macros("finance.html")


def CashGap(missing: Result) -> Markup:
    """The accounts that the newest day's cash position lacks; nothing if it is whole."""
    if not missing:
        return Markup()
    return _html.trouble(
        f"The cash position of {day(missing.rows[0].snapshot_day)} is not whole",
        "The last day on which every account was there is shown.",
        [
            (
                plain(row.account_name),
                plain(row.reason_text) + (f"; balance of {day(row.balance_day)}" if row.balance_day else ""),
            )
            for row in missing
        ],
    )


def BankComplaints(complaints: Result) -> Markup:
    """What the banks report in their newest answer, in their words; nothing where all is well."""
    if not complaints:
        return Markup()
    return _html.trouble(
        "The banks report problems",
        f"In their answer of {day(complaints.rows[0].snapshot_day)}. The cash position is shown, but it may"
        " not be whole.",
        [(plain(row.sentence, 300), plain(row.account_names)) for row in complaints],
    )


def BooksNote(basis: Result, running: Result, build: Result) -> Markup:
    """By which accounting method the profit and loss was read, and how far the running month has come."""
    if not basis:
        return Markup()
    home, books = f"money:{build.one().currency}", basis.rows[0]
    text = f"Profit and loss by the {books.accounting_method.lower()} method."
    if not books.is_counted:
        text += f" The books are kept in {books.currency}: nothing of them is added up."
    for row in running:
        until = f" to {day(row.through_day)}" if row.through_day else ""
        text += (
            f" {month(row.month_start)} so far{until}: revenue {number(row.revenue, home)}, expenses"
            f" {number(row.expenses, home)}, provisional."
        )
    return _html.note(text)


@dataclass(frozen=True)
class Account:
    """An account's row. `balances`: (amount, the day that it is of where that is an earlier one) per day."""

    name: str
    bank: str
    balances: Sequence[tuple[str, date | None]]
    standing: str


def CashTable(balances: Result, build: Result, to: Callable[[Row], str | None] = lambda row: None) -> Markup:
    """Accounts, and the days on which the banks answered, the newest first; the sum only if it is whole.
    `to`: where a day's amounts lead."""
    days: list[date] = sorted(set(balances.column("snapshot_day")), reverse=True)
    accounts: dict[str, dict[date, Row]] = {}
    for row in balances:
        accounts.setdefault(row.place, {})[row.snapshot_day] = row
    newest = {place: of_days[max(of_days)] for place, of_days in accounts.items()}
    cash = {row.snapshot_day: row.cash for row in balances}
    return _html.cash_table(
        days,
        [
            Account(
                plain(row.account_name),
                plain(row.org_name or ""),
                [_balance(accounts[place].get(one)) for one in days],
                "in the sum" if row.is_counted else plain(row.reason_text),
            )
            for place, row in sorted(
                newest.items(),
                key=lambda item: (not item[1].is_counted, not item[1].is_cash_account, item[1].account_name),
            )
        ],
        [cash[one] for one in days],
        [to(Row({"week_label": week_label(one)})) for one in days],
        f"money:{build.one().currency}",
    )


def _balance(row: Row | None) -> tuple[str, date | None]:
    if row is None or row.balance is None:
        return DASH, None
    unit = f"money:{row.currency}" if row.currency and row.currency.isalpha() else "count"
    return number(row.balance, unit), row.balance_day if row.balance_day != row.snapshot_day else None
