"""General components: values, changes, marks, tooltips, tables. Their HTML: `basics.html`."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from markupsafe import Markup

from reports.components.macros import macros
from reports.engine.markup import plain, web_address
from reports.engine.queries import Result
from reports.look.numbers import Number, day, exact, month, number, short_instant
from reports.look.sparks import spark

_html = macros("basics.html")

_OWN = re.compile(r"[a-z_]*(\.html)?#[a-z0-9_]+(\?[a-z_]+=[A-Za-z0-9_.:%&=-]*)?\Z")
"""An address within the site: `sales_deals.html#won?period=ytd&owner=all`."""

_SIDE = {int: "n", float: "n", Decimal: "n", date: "d", datetime: "d"}
"""Class of a table's cell by what is in it: numbers are on the right, days are not torn apart."""

_LONG = 160
"""Letters of a long text that are shown before it is opened."""

_UNCHANGED = Decimal("0.0005")
"""A smaller change, as a share, is not shown as one."""


def Value(data: Result, column: str, unit: str = "count", **where: Any) -> str:
    """One number: `column` of the only row of a block, or of its only row where `where` holds."""
    return number(data.where(**where).one()[column], unit)


@dataclass(frozen=True)
class Change:
    """A change in words. `tone`: the class that colours it, `met`, `below` or `flat`."""

    tone: str
    arrow: str
    word: str
    size: str


def change(share: Decimal, unit: str, points: str, good: str | None = "up") -> Change:
    """A change as people read it.

    Args:
        share: the ratio of the two numbers minus 1; of a percentage, the difference.
        points: the word for the difference of two percentages.
        good: `up` or `down`; None: neither is good or bad.
    """
    size = (
        f"{number(abs(share) * 100, 'count', 1)} {points}"
        if unit.startswith("percent")
        else number(abs(share), "percent", 1)
    )
    if abs(share) < _UNCHANGED:
        return Change("flat", "▬", "unchanged", size)
    arrow, word = ("▲", "up") if share > 0 else ("▼", "down")
    tone = "flat" if good is None else "met" if (share > 0) == (good == "up") else "below"
    return Change(tone, arrow, word, size)


def Delta(
    now: Number | None, then: Number | None, unit: str = "count", up_is_good: bool = True, text: str = ""
) -> Markup:
    """The change from `then` to `now` as a share; of a percentage, in points. `text`: the words after it."""
    points = unit.startswith("percent")
    if now is None or then is None or (not points and not then):
        return _html.delta(None, text)
    share = exact(now) - exact(then) if points else exact(now) / exact(then) - 1
    return _html.delta(change(share, unit, "pts", "up" if up_is_good else "down"), text)


def BigValue(
    data: Result,
    value: str,
    title: str,
    unit: str = "count",
    *,
    compare: str | None = None,
    compare_text: str = "vs week before",
    goal: str | None = None,
    status: str | None = None,
    up_is_good: bool = True,
    trend: Sequence[Number | None] = (),
    info: str = "",
) -> Markup:
    """A headline number as a tile, with change, goal, status and sparkline where they are given.

    Args:
        data: a block of one row.
        value: its column with the number; `compare`, `goal` and `status` are columns of it too.
        compare_text: the words after the change.
        trend: values of the sparkline, the oldest first.
        info: the text of its tooltip.
    """
    row = data.one()
    target, word = row[goal] if goal else None, row[status] if status else None
    return _html.big_value(
        title,
        number(row[value], unit),
        info=info,
        status=word,
        change=Delta(row[value], row[compare], unit, up_is_good, compare_text) if compare else "",
        goal=number(target, unit) if goal else "",
        trend=spark(trend, [target] * len(trend), word or "c1") if trend else "",
    )


@dataclass(frozen=True)
class Cell:
    """A cell of a table. `shade`: how dark its ground is, 0 to 100; `mark`: the state that colours its
    word."""

    text: str
    href: str | None = None
    shade: str = ""
    mark: str = ""
    rest: str = ""
    """What a long text goes on with once it is opened."""


@dataclass(frozen=True)
class TableRow:
    """A row of a table. `small`: the small text under the first cell; `share`: the length of its bar in
    percent."""

    cells: list[Cell]
    small: str
    share: str | None


def DataTable(
    data: Result,
    columns: Sequence[Mapping[str, Any]] | Mapping[str, str],
    caption: str,
    *,
    bar: str = "",
    small: str = "",
    anchor: str = "",
    fold: bool = False,
) -> Markup:
    """A plain table; text is left, numbers are right, days are `20 Oct`. Where the block lists the first rows
    only, it says how many there are, with the statement that lists all.

    Args:
        columns: [{key, label, unit}] or {key: label}. `units`: the column with the unit of each row.
            `digits`: the number of decimals. `href`: the column with the address that the cell leads to; a
            figure of 0 leads nowhere, as it has no records. `to`: an address of the site for all its cells,
            or a function of the row that gives it. `none`: the text for a missing value, or such a
            function. `year`: whether days carry their year. `month`: whether a day stands for its
            month. `zone`: the time zone of instants. `most`: letters of a
            text, 160 without it. `shade`: whether cells are darker the higher their share is. `marks`: the
            column with the state that gives the word its shape and colour. `long`: whether a long text is
            folded.
        bar: the column whose numbers are drawn as bars under the first one.
        small: the column whose text is the small print under the first one.
        anchor: the id that links to the table lead to.
        fold: whether the table is opened by its caption, or by such a link.
    """
    if isinstance(columns, Mapping):
        columns = [{"key": key, "label": label} for key, label in columns.items()]
    longest = max((exact(row[bar]) for row in data if row[bar] is not None), default=Decimal(0)) if bar else 0

    def share(row: Mapping[str, Any]) -> str | None:
        return f"{max(exact(row[bar] or 0) / longest, Decimal(0)) * 100:.1f}" if longest > 0 else None

    rows = [
        TableRow(
            [_cell(row, column) for column in columns],
            plain(row[small]) if small and row[small] else "",
            share(row),
        )
        for row in data
    ]
    heads = [(column.get("label", column["key"]), _side(data, column)) for column in columns]
    rest = (number(len(data)), number(data.total), data.sql) if data.total > len(data) else None
    return _html.data_table(caption, heads, rows, data.name, anchor, fold, rest)


def _side(data: Result, column: Mapping[str, Any]) -> str:
    types = (type(row[column["key"]]) for row in data)
    side = next((_SIDE[kind] for kind in types if kind in _SIDE), "n" if "none" in column else "")
    return f"{side} heat" if column.get("shade") else side


def _cell(row: Mapping[str, Any], column: Mapping[str, Any]) -> Cell:
    value = row[column["key"]]
    shade = f"{exact(value) * 100:.0f}" if column.get("shade") and value else ""
    mark = row[column["marks"]] if "marks" in column else ""
    text = _text(row, column)
    if column.get("long") and len(text) > _LONG:
        at = text.rfind(" ", 0, _LONG)
        return Cell(text[:at], None, shade, mark, text[at:])
    return Cell(text, _target(row, column), shade, mark)


def _text(row: Mapping[str, Any], column: Mapping[str, Any]) -> str:
    value = row[column["key"]]
    if value is None and "none" in column:
        none = column["none"]
        return str(none(row) if callable(none) else none)
    if isinstance(value, int | float | Decimal) or value is None:
        unit = row[column["units"]] if "units" in column else column.get("unit", "count")
        return number(value, unit, column.get("digits"))
    if isinstance(value, datetime):
        return short_instant(value, column["zone"])
    if isinstance(value, date):
        return month(value) if column.get("month") else day(value, year=bool(column.get("year")))
    return plain(str(value), column.get("most", 160))


def _target(row: Mapping[str, Any], column: Mapping[str, Any]) -> str | None:
    value = row[column["key"]]
    if value is None or (value == 0 and not column.get("unit", "").startswith("percent")):
        return None
    if to := column.get("to"):
        address = to(row) if callable(to) else to
        return None if address is None else str(address)
    target = row[column["href"]] if "href" in column else None
    # an address of the site itself was written by the page; one of a vendor's record must be one that a
    # reader may follow
    return target if isinstance(target, str) and _OWN.match(target) else web_address(target)
