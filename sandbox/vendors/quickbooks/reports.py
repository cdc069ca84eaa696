"""QuickBooks' reports: profit and loss, cash flow."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from sandbox.engine.finances import LedgerAccount, months_between, next_month
from sandbox.engine.finances import Months as ByMonth
from sandbox.engine.store import to_ms
from sandbox.engine.world import Answer, Call, World
from sandbox.vendors.quickbooks.errors import fault
from sandbox.vendors.quickbooks.objects import time_now

Months = list[tuple[date, date]]
Ledger = Mapping[str, LedgerAccount]
Amounts = dict[date, Decimal]


def answer_report(world: World, name: str, call: Call) -> Answer:
    if name not in ("ProfitAndLoss", "CashFlow") or call.query.get("summarize_column_by") != "Month":
        return fault(400, "4001", "Invalid query", f"The report {name} is not served here like this")
    try:
        first, last = (date.fromisoformat(call.query[key]) for key in ("start_date", "end_date"))
    except (KeyError, ValueError):
        return fault(400, "4001", "Invalid query", "start_date and end_date are dates")
    months = [
        (max(first, one), min(last, next_month(one) - timedelta(days=1)))
        for one in months_between(first, last)
    ]
    if len(months) > 12:
        return Answer(504, b"<html><body>504 Gateway Time-out</body></html>", content_type="text/html")
    finances, now = world.store.finances, to_ms(world.clock.now())
    cash_basis = call.query.get("accounting_method") == "Cash"
    if name == "ProfitAndLoss":
        found = finances.profit_and_loss(now, cash_basis=cash_basis)
        rows = _profit_rows(
            finances.ledger,
            {
                key: {month: found.get(month, {}).get(key, Decimal(0)) for month in found}
                for key in finances.ledger
            },
            months,
        )
    else:
        found = finances.cash_flow(now)
        rows = _cash_rows(finances.ledger, found, months)
    empty = not any(one.replace(day=1) in found for one, _ in months)
    header = {
        "Time": time_now(world),
        "ReportName": name,
        **({"ReportBasis": "Cash" if cash_basis else "Accrual"} if name == "ProfitAndLoss" else {}),
        "StartPeriod": first.isoformat(),
        "EndPeriod": last.isoformat(),
        "SummarizeColumnsBy": "Month",
        "Currency": "USD",
        "Option": [{"Name": "NoReportData", "Value": str(empty).lower()}],
    }
    body = {
        "Header": header,
        "Columns": {"Column": _columns(name, months)},
        "Rows": {} if empty else {"Row": rows},
    }
    return Answer(200, body)


def _columns(name: str, months: Months) -> list[dict[str, Any]]:
    """Titles name days where a month is not whole. The cash flow report has no dates of columns."""
    columns: list[dict[str, Any]] = [
        {"ColTitle": "", "ColType": "Account", "MetaData": [{"Name": "ColKey", "Value": "account"}]}
    ]
    for first, last in months:
        is_whole = first.day == 1 and last == next_month(first) - timedelta(days=1)
        title = f"{first:%b} {first:%Y}" if is_whole else f"{first:%b} {first.day}-{last.day}, {first:%Y}"
        column: dict[str, Any] = {"ColTitle": title, "ColType": "Money"}
        if name == "ProfitAndLoss":
            column["MetaData"] = [
                {"Name": "StartDate", "Value": first.isoformat()},
                {"Name": "EndDate", "Value": last.isoformat()},
            ]
        columns.append(column)
    total: dict[str, Any] = {"ColTitle": "Total", "ColType": "Money"}
    if name == "ProfitAndLoss":
        total["MetaData"] = [{"Name": "ColKey", "Value": "total"}]
    return [*columns, total]


def _cells(
    title: str, amounts: Amounts, months: Months, key: str | None = None, *, blank: bool = False
) -> list[dict[str, str]]:
    values = [amounts.get(first.replace(day=1), Decimal(0)) for first, _ in months]
    texts = ["" if blank and value == 0 else f"{value:.2f}" for value in (*values, sum(values, Decimal(0)))]
    return [{"value": title, **({"id": key} if key else {})}, *({"value": text} for text in texts)]


def _sum(parts: Iterable[Amounts]) -> Amounts:
    total: Amounts = {}
    for amounts in parts:
        for month, value in amounts.items():
            total[month] = total.get(month, Decimal(0)) + value
    return total


def _minus(left: Amounts, right: Amounts) -> Amounts:
    return _sum([left, {month: -value for month, value in right.items()}])


def _account_rows(
    ledger: Ledger, kind: str, amounts: dict[str, Amounts], months: Months
) -> list[dict[str, Any]]:
    """The accounts of a kind with amounts; one with children is a section of its own."""
    rows: list[dict[str, Any]] = []
    moved = {
        key
        for key, by_month in amounts.items()
        if any(by_month.get(first.replace(day=1)) for first, _ in months)
    }
    for key, account in ledger.items():
        children = [one for one in ledger.values() if one.parent == key and one.key in moved]
        if account.kind != kind or account.parent or not (key in moved or children):
            continue
        own = _cells(account.name, amounts[key], months, str(account.id), blank=True)
        if not children:
            rows.append({"ColData": own, "type": "Data"})
            continue
        below = [
            {"ColData": _cells(one.name, amounts[one.key], months, str(one.id), blank=True), "type": "Data"}
            for one in children
        ]
        together = _sum([amounts[key], *(amounts[one.key] for one in children)])
        rows.append(
            {
                "Header": {"ColData": own},
                "Rows": {"Row": below},
                "Summary": {"ColData": _cells(f"Total {account.name}", together, months)},
                "type": "Section",
            }
        )
    return rows


def _profit_rows(ledger: Ledger, amounts: dict[str, Amounts], months: Months) -> list[dict[str, Any]]:
    kinds = {
        "Income": ("Income", "Income"),
        "COGS": ("Cost of Goods Sold", "Cost of Goods Sold"),
        "Expenses": ("Expense", "Expenses"),
        "OtherIncome": ("Other Income", "Other Income"),
    }
    totals = {
        group: _sum(amounts[key] for key, account in ledger.items() if account.kind == kind)
        for group, (kind, _) in kinds.items()
    }
    gross = _minus(totals["Income"], totals["COGS"])
    operating = _minus(gross, totals["Expenses"])
    lines: dict[str, tuple[str, Amounts]] = {
        "GrossProfit": ("Gross Profit", gross),
        "NetOperatingIncome": ("Net Operating Income", operating),
        "NetOtherIncome": ("Net Other Income", totals["OtherIncome"]),
        "NetIncome": ("Net Income", _sum([operating, totals["OtherIncome"]])),
    }
    rows = []
    for group in (
        "Income",
        "COGS",
        "GrossProfit",
        "Expenses",
        "NetOperatingIncome",
        "OtherIncome",
        "NetOtherIncome",
        "NetIncome",
    ):
        if group in lines:
            title, total = lines[group]
            rows.append(
                {"Summary": {"ColData": _cells(title, total, months)}, "type": "Section", "group": group}
            )
            continue
        kind, title = kinds[group]
        inner = _account_rows(ledger, kind, amounts, months)
        if inner:  # groups without data are left out
            head = [{"value": title}, *({"value": ""} for _ in range(len(months) + 1))]
            summary = _cells(f"Total {title}", totals[group], months)
            rows.append(
                {
                    "Header": {"ColData": head},
                    "Rows": {"Row": inner},
                    "Summary": {"ColData": summary},
                    "type": "Section",
                    "group": group,
                }
            )
    return rows


def _cash_rows(ledger: Ledger, found: ByMonth, months: Months) -> list[dict[str, Any]]:
    by_key = {
        key: {month: amounts.get(key, Decimal(0)) for month, amounts in found.items()}
        for key in (*_ADJUSTED, *_CASH)
    }

    def data(title: str, key: str, group: str | None = None, account: str | None = None) -> dict[str, Any]:
        row = {"ColData": _cells(title, by_key[key], months, account, blank=group is None), "type": "Data"}
        return row | ({"group": group} if group else {})

    def section(title: str, group: str, inner: list[dict[str, Any]], total: Amounts) -> dict[str, Any]:
        head = [{"value": title}, *({"value": ""} for _ in range(len(months) + 1))]
        summary = {"ColData": _cells(f"Total {title}", total, months)}
        return {
            "Header": {"ColData": head},
            "Rows": {"Row": inner},
            "Summary": summary,
            "type": "Section",
            "group": group,
        }

    adjusted = _sum(by_key[key] for key in _ADJUSTED)
    adjustments = [data(ledger[key].name, key, account=str(ledger[key].id)) for key in _ADJUSTED]
    operating = [
        data("Net Income", "net_income", "NetIncome"),
        section(
            "Adjustments to reconcile Net Income to net cash", "OperatingAdjustments", adjustments, adjusted
        ),
    ]
    net = _sum([by_key["net_income"], adjusted])
    draws = [data(ledger["draws"].name, "draws", account=str(ledger["draws"].id))]
    increase = _minus(by_key["ending"], by_key["beginning"])
    return [
        section("OPERATING ACTIVITIES", "OperatingActivities", operating, net),
        section("FINANCING ACTIVITIES", "FinancingActivites", draws, by_key["draws"]),
        {
            "Summary": {"ColData": _cells("Net cash increase for period", increase, months)},
            "type": "Section",
            "group": "CashIncrease",
        },
        data("Cash at beginning of period", "beginning", "BeginningCash"),
        {
            "Summary": {"ColData": _cells("Cash at end of period", by_key["ending"], months)},
            "type": "Section",
            "group": "EndingCash",
        },
    ]


_ADJUSTED = ("receivable", "payable", "card", "sales_tax")
_CASH = ("net_income", "draws", "beginning", "ending")
