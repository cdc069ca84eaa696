"""QuickBooks' reports as rows per month and line."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from datetime import date, datetime, time, timedelta
from typing import Any

import dlt

from dlt_pipelines.core.records import at, plain, typed
from dlt_pipelines.core.values import parse
from dlt_pipelines.errors import PermanentError, Unexpected
from dlt_pipelines.sources.quickbooks.access import TooMuch
from dlt_pipelines.sources.quickbooks.fields import PROFIT_AND_LOSS, REPORT, REPORTS
from dlt_pipelines.sources.quickbooks.memory import QuickBooksRun
from dlt_pipelines.wire.paging import entries, expect
from foundation.calendar import local_date

REPORT_MONTHS = 6
"""Months of one report, always January to June or July to December: more of them run into Intuit's time
limit, and the same lines come for a month whatever else is asked for."""
_SPELLINGS = {"FinancingActivites": "FinancingActivities"}


def _first_of(day: date, months_back: int) -> date:
    number = day.year * 12 + day.month - 1 - months_back
    return date(number // 12, number % 12 + 1, 1)


def _months(first: date, last: date) -> list[date]:
    count = (last.year - first.year) * 12 + last.month - first.month + 1
    return [_first_of(first, -number) for number in range(count)]


def report_tables(run: QuickBooksRun, name: str) -> Iterator[Any]:
    kinds = PROFIT_AND_LOSS if name == "profit_and_loss" else REPORT
    key = ("month", "position", *(["accounting_method"] if name == "profit_and_loss" else []))
    yield from typed(
        f"quickbooks.{name}", plain(kinds), [list(_report(run, name))], run.warn, key=key, may_lack=kinds
    )


def _report(run: QuickBooksRun, name: str) -> Iterator[dict[str, Any]]:
    zone, section = run.company.zone, run.company.quickbooks
    today = local_date(run.started_at, zone)
    # by another accounting method it is another report: its history is read again
    kept = f"{name} {section.accounting_method}" if name == "profit_and_loss" else name
    since = run.state.get("reports", {}).get(kept)
    last = today
    if run.backfill:
        first = (
            local_date(run.window.since, zone).replace(day=1)
            if run.window.since
            else _first_of(today, section.history_months - 1)
        )
        if run.window.until and local_date(run.window.until, zone) < today:
            last = _first_of(local_date(run.window.until, zone), -1) - timedelta(days=1)
    else:
        first = _first_of(today, (section.report_months if since else section.history_months) - 1)
        since = since or first.isoformat()
        run.complete_from[name] = datetime.combine(date.fromisoformat(since), time(), zone)
    months = _months(_first_of(first, (first.month - 1) % REPORT_MONTHS), last)
    for start in range(0, len(months), REPORT_MONTHS):
        yield from _part(run, name, months[start : start + REPORT_MONTHS], last)
    if not run.backfill:
        dlt.current.source_state().setdefault("reports", {})[kept] = since


def _part(run: QuickBooksRun, name: str, months: list[date], last: date) -> Iterator[dict[str, Any]]:
    """Rows of some months; a report that is too large for one answer is asked for in halves."""
    until = min(last, _first_of(months[-1], -1) - timedelta(days=1))
    params = {
        "start_date": months[0].isoformat(),
        "end_date": until.isoformat(),
        "summarize_column_by": "Month",
    }
    if name == "profit_and_loss":
        params["accounting_method"] = run.company.quickbooks.accounting_method
    try:
        answer = run.client.get(f"/reports/{REPORTS[name]}", params)
        rows = list(report_rows(answer, months, f"quickbooks.{name}", run.warn))
    except TooMuch:
        if len(months) == 1:
            raise
        half = len(months) // 2
        yield from _part(run, name, months[:half], last)
        yield from _part(run, name, months[half:], last)
        return
    for row in rows:
        row["through"] = min(until, _first_of(row["month"], -1) - timedelta(days=1))
        if name == "profit_and_loss":
            row["accounting_method"] = params["accounting_method"]
        yield row


def report_rows(
    answer: Any, months: list[date], where: str, warn: Callable[[str], None]
) -> Iterator[dict[str, Any]]:
    """A report as rows: per month one of the kind `month` (it was asked for, whatever is in it), then one per
    line.

    Kinds: `account` (an account's own amount; no row where the cell is blank), `subtotal` (a parent account
    with its children), `total` (a group; a blank is 0).

    Raises:
        TooMuch: QuickBooks has cut the report.
        PermanentError: its columns are not the months that were asked for.
    """
    columns = month_columns(answer, months, where)
    currency = at(answer, "Header.Currency")
    for month in months:
        yield {"month": month, "position": 0, "kind": "month", "currency": currency}
    # null, or an empty object, where the months have no data
    rows = {} if "Rows" in answer and answer["Rows"] is None else expect(answer, dict, where, "Rows")
    for position, line in enumerate(_report_lines(rows, "", (), where), 1):
        cells = line.pop("cells")
        if "unable to display more data" in str(line["title"]).lower():
            raise TooMuch(f"{where}: the report was cut by QuickBooks")
        for month, index in columns.items():
            value = cells[index].get("value") if index < len(cells) else None
            blank = line["kind"] == "total" and value in (None, "")
            # a total that is there and cannot be read is unknown, not 0
            amount = parse(
                "decimal",
                0 if blank else plain_number(value),
                f"{where} {month:%Y-%m} {line['title']}: amount",
                warn,
            )
            if value or line["kind"] == "total":
                yield {"month": month, "position": position, "currency": currency, **line, "amount": amount}


_NUMBER = re.compile(
    r"(?P<open>\()?(?P<sign>-)?[$€£]?(?P<digits>\d+|\d{1,3}(,\d{3})+)(?P<cents>\.\d*)?(?(open)\))", re.ASCII
)


def plain_number(value: Any) -> Any:
    """An amount as people print it, as a plain number: "1,300.00", "(1,234.50)" for what is negative.
    Anything else as it came."""
    if not isinstance(value, str) or not (match := _NUMBER.fullmatch(value.strip())):
        return value
    negative = bool(match["open"]) != bool(match["sign"])
    return f"{'-' if negative else ''}{match['digits'].replace(',', '')}{match['cents'] or ''}"


def month_columns(answer: Any, months: list[date], where: str) -> dict[date, int]:
    """Month -> its column. Titles vary, so the columns' own dates count; where there are none, the order."""
    columns = entries(answer, where, "Columns", "Column", beside=())
    found: dict[date, int] = {}
    undated: list[int] = []
    for index, column in enumerate(columns):
        facts = {
            fact.get("Name"): fact.get("Value")
            for fact in entries(column, where, "MetaData", beside=column.keys())
        }
        if start := parse("date", facts.get("StartDate"), f"{where}: StartDate", lambda _: None):
            found[start.replace(day=1)] = index
        elif column.get("ColType") == "Money" and facts.get("ColKey") != "total":
            undated.append(index)
    if not found and len(undated) in (len(months), len(months) + 1):  # the last of them is the total
        found = dict(zip(months, undated, strict=False))
    if columns and set(found) - set(months) or (len(found) < len(months) and at(answer, "Rows.Row")):
        titles = ", ".join(str(column.get("ColTitle")) for column in columns)
        raise PermanentError(
            f"{where}: the columns ({titles[:200]}) are not the months {months[0]:%Y-%m} to"
            f" {months[-1]:%Y-%m}"
        )
    return found


def _report_lines(
    rows: dict[str, Any], group: str, path: tuple[str, ...], where: str
) -> Iterator[dict[str, Any]]:
    """Lines of a report or of a section of it; without lines it is an empty object."""
    for row in entries(rows, where, "Row", beside=()):
        own = row.get("group")
        inner = _SPELLINGS.get(str(own), own) or group
        header = _cells(row, "Header", where)
        if not row.keys() & {"Header", "Rows", "Summary", "ColData"}:
            raise Unexpected(
                f"{where}: a row of the report has neither cells nor rows, but"
                f" {', '.join(map(str, row))[:200] or 'nothing'}"
            )
        below = path
        if header:
            below = (*path, str(header[0].get("value")))
            if header[0].get("id") and any(cell.get("value") for cell in header[1:]):
                yield _line(header, inner, "account", path)  # a parent account with amounts of its own
        if row.get("Rows") is not None:
            yield from _report_lines(expect(row, dict, where, "Rows"), inner, below, where)
        if summary := _cells(row, "Summary", where):
            yield _line(summary, inner, "total" if own else "subtotal", path, (header or [{}])[0].get("id"))
        if cells := entries(row, where, "ColData", beside=row.keys()):
            # in the cash flow, single lines have groups of their own: the net income, the cash at the
            # beginning
            yield _line(cells, inner, "total" if own else "account", path)


def _cells(row: dict[str, Any], part: str, where: str) -> list[dict[str, Any]]:
    return [] if row.get(part) is None else entries(row, where, part, "ColData", beside=())


def _line(
    cells: list[dict[str, Any]], group: str, kind: str, path: Iterable[str], account: Any = None
) -> dict[str, Any]:
    return {
        "group_key": group or None,
        "kind": kind,
        "title": cells[0].get("value"),
        "path": " / ".join(path) or None,
        "account_id": cells[0].get("id") or account,
        "cells": cells,
    }
