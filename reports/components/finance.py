"""Tables of money that stands in accounts and in bills, each amount in its own currency."""

from __future__ import annotations

from datetime import date

from markupsafe import Markup

from reports.components.basics import shape, table
from reports.engine.markup import join, plain, web_address
from reports.engine.queries import Result, Row
from reports.look.numbers import DASH, day, number, plural


def _money(row: Row) -> str:
    return (
        number(row.balance, f"money:{row.currency}")
        if row.currency and row.currency.isalpha()
        else number(row.balance)
    )


def _balance(row: Row | None) -> Markup:
    if row is None or row.balance is None:
        return Markup('<td class="n">{}</td>').format(DASH)
    old = row.balance_day != row.snapshot_day
    return Markup('<td class="n">{}{}</td>').format(
        _money(row),
        Markup('<small class="state stale">of {}</small>').format(day(row.balance_day)) if old else "",
    )


def CashGap(missing: Result) -> Markup:
    """The accounts for which the newest day has no cash position; nothing where it is whole."""
    if not missing:
        return Markup()
    items = join(
        Markup('<li>{}<span class="what">{}</span><span class="how">{}</span></li>').format(
            shape("no_data"),
            plain(row.account_name),
            plain(row.reason_text) + (f"; balance of {day(row.balance_day)}" if row.balance_day else ""),
        )
        for row in missing
    )
    return Markup(
        '<section class="card attention"><h2>The cash position of {} is not whole</h2>'
        '<p class="quiet">The last day on which every account was there is shown.</p><ol>{}</ol></section>'
    ).format(day(missing.rows[0].snapshot_day), items)


def BankComplaints(complaints: Result) -> Markup:
    """What the banks complain of in their newest answer, in their words; nothing where all is well."""
    if not complaints:
        return Markup()
    items = join(
        Markup('<li>{}<span class="what">{}</span><span class="how">{}</span></li>').format(
            shape("no_data"), plain(row.sentence, 300), plain(row.account_names)
        )
        for row in complaints
    )
    return Markup(
        '<section class="card attention"><h2>The banks report problems</h2><p class="quiet">In their answer'
        " of {}. The cash position stands, but it may not be whole.</p><ol>{}</ol></section>"
    ).format(day(complaints.rows[0].snapshot_day), items)


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
            f" {row.month_name} so far{until}: revenue {number(row.revenue, home)}, expenses"
            f" {number(row.expenses, home)}, provisional."
        )
    return Markup('<p class="quiet">{}</p>').format(text)


def CashTable(balances: Result, build: Result) -> Markup:
    """Accounts and the days on which the banks answered, the newest first; the sum only where it is whole."""
    days: list[date] = sorted(set(balances.column("snapshot_day")), reverse=True)
    accounts: dict[str, dict[date, Row]] = {}
    for row in balances:
        accounts.setdefault(row.place, {})[row.snapshot_day] = row
    newest = {place: of_days[max(of_days)] for place, of_days in accounts.items()}
    sums = {row.snapshot_day: row for row in balances}
    home = f"money:{build.one().currency}"
    total = join(
        Markup('<td class="n"><b>{}</b>{}</td>').format(
            number(sums[one].cash, home),
            "" if sums[one].cash is not None else Markup('<small class="state missing">not whole</small>'),
        )
        for one in days
    )
    body = join(
        Markup('<tr><th scope="row">{}<small>{}</small></th>{}<td>{}</td></tr>').format(
            plain(row.account_name),
            plain(row.org_name or ""),
            join(_balance(accounts[place].get(one)) for one in days),
            "in the sum" if row.is_counted else plain(row.reason_text),
        )
        for place, row in sorted(
            newest.items(),
            key=lambda item: (not item[1].is_counted, not item[1].is_cash_account, item[1].account_name),
        )
    )
    head = Markup('<th scope="col">Account</th>{}<th scope="col">Newest day</th>').format(
        join(Markup('<th scope="col" class="n">{}</th>').format(day(one)) for one in days)
    )
    return table(
        "Ledger balances by account and day",
        head,
        body + Markup('<tr><th scope="row"><b>Cash position</b></th>{}<td></td></tr>').format(total),
    )


def BillTable(bills: Result, caption: str) -> Markup:
    """Bills that wait, the one that waits longest first."""
    body = join(
        Markup(
            '<tr><th scope="row">{}<small>{}</small></th><td class="n">{}</td><td'
            ' class="n">{}</td><td>{}</td><td>{}{}</td></tr>'
        ).format(
            plain(row.vendor_name or "unknown vendor"),
            plain(row.invoice_number or ""),
            number(row.amount, f"money:{row.currency}"),
            plural(row.days_waiting, "day") if row.days_waiting is not None else DASH,
            "some have agreed" if row.approval_status == "APPROVING" else "nobody has agreed",
            day(row.due_day) if row.due_day else DASH,
            Markup('<small class="state missing">overdue</small>') if row.is_overdue else "",
        )
        for row in bills
    )
    head = Markup(
        '<th scope="col">Vendor</th><th scope="col" class="n">Amount</th><th scope="col" class="n">Waits'
        ' for</th><th scope="col">Approvals</th><th scope="col">Due</th>'
    )
    return table(caption, head, body)


def LinkTable(records: Result, caption: str, name: str) -> Markup:
    """Records with their links into the vendor's application, where they have one."""

    def linked(row: Row) -> Markup:
        url = web_address(row.record_url)
        text = plain(row.record_label)
        return (
            Markup('<a href="{}" rel="noreferrer">{}</a>').format(url, text)
            if url
            else Markup("{}").format(text)
        )

    return table(
        caption,
        Markup('<th scope="col">{}</th>').format(name),
        join(Markup('<tr><th scope="row">{}</th></tr>').format(linked(row)) for row in records),
    )
