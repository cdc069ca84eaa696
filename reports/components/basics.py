"""General components: values, changes, marks, tooltips, tables."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from markupsafe import Markup

from reports.engine.markup import join, new_id, plain, web_address
from reports.engine.queries import Result
from reports.look import tokens
from reports.look.charts import spark
from reports.look.numbers import DASH, Number, day, exact, number

_OWN = re.compile(r"[a-z_]*(\.html)?#[a-z_]+(\?[a-z_]+=[A-Za-z0-9_.:%&=-]*)?\Z")
"""An address within the site: `sales_deals.html#won?period=ytd&owner=all`."""


_SIDE = {int: "n", float: "n", Decimal: "n", date: "d"}
"""Class of a table's cell by what is in it: numbers are on the right, days are not torn apart."""


def shape(status: str) -> Markup:
    """The drawn shape of a status; always put its word beside it."""
    return Markup('<svg class="mk {0}" aria-hidden="true"><use href="#m-{0}"/></svg>').format(status)


def Pill(status: str, text: str | None = None) -> Markup:
    """A status as shape, colour and word."""
    return Markup('<span class="pill {}">{}{}</span>').format(
        status, shape(status), text or tokens.STATUS[status]
    )


def Info(text: str | Markup, about: str = "this number") -> Markup:
    """A button that shows a tooltip on hover, tap and keyboard focus."""
    uid = new_id("i")
    return Markup(
        '<span class="info"><button type="button" aria-describedby="{0}" aria-label="About {1}"><i'
        ' aria-hidden="true">i</i></button><span role="tooltip" id="{0}">{2}</span></span>'
    ).format(uid, about, text)


def Value(data: Result, column: str, unit: str = "count", **where: Any) -> str:
    """One number out of a one-row block."""
    return number(data.where(**where).one()[column], unit)


def Delta(
    now: Number | None, then: Number | None, unit: str = "count", up_is_good: bool = True, text: str = ""
) -> Markup:
    """The change as a share; of a percentage, in points."""
    after = Markup(' <span class="vs">{}</span>').format(text) if text else Markup()
    if now is None or then is None or (not unit.startswith("percent") and not then):
        return Markup('<span class="delta flat">{}</span>{}').format(DASH, after)
    points = unit.startswith("percent")
    change = exact(now) - exact(then) if points else exact(now) / exact(then) - 1
    if abs(change) < Decimal("0.0005"):
        tone, arrow, word = "flat", "▬", "unchanged"
    else:
        tone = "met" if (change > 0) == up_is_good else "below"
        arrow, word = ("▲", "up") if change > 0 else ("▼", "down")
    size = number(abs(change) * 100, "count", 1) + " pts" if points else number(abs(change), "percent", 1)
    return Markup(
        '<span class="delta {}"><span aria-hidden="true">{}</span><span class="vh">{}</span> {}</span>{}'
    ).format(tone, arrow, word, size, after)


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
    """A headline number as a tile, with change, goal, status and sparkline where they are given."""
    row = data.one()
    target = row[goal] if goal else None
    word = row[status] if status else None
    return Markup(
        '<section class="card kpi" aria-label="{}"><p class="t">{}{}{}</p><p'
        ' class="num">{}</p>{}{}{}</section>'
    ).format(
        title,
        title,
        Info(info, title) if info else "",
        Pill(word) if word else "",
        number(row[value], unit),
        (
            Markup('<p class="sub">{}</p>').format(
                Delta(row[value], row[compare], unit, up_is_good, compare_text)
            )
            if compare
            else ""
        ),
        (
            Markup('<p class="sub"><span class="vs">Goal {}</span></p>').format(number(target, unit))
            if goal
            else ""
        ),
        Markup(spark(trend, [target] * len(trend), word or "c1")) if trend else "",
    )


def StatusBar(counts: Mapping[str, int]) -> Markup:
    """Counts per status as a bar and as words."""
    present = [status for status in tokens.STATUS if counts.get(status)]
    bar = join(
        Markup('<i class="{}" style="flex:{}"></i>').format(status, counts[status]) for status in present
    )
    items = join(
        Markup("<li>{}<b>{}</b> {}</li>").format(shape(status), counts[status], tokens.STATUS[status].lower())
        for status in present
    )
    return Markup(
        '<div class="statusbar"><div class="bar" aria-hidden="true">{}</div><ul>{}</ul></div>'
    ).format(bar, items)


def DataTable(
    data: Result,
    columns: Sequence[Mapping[str, Any]] | Mapping[str, str],
    caption: str,
    *,
    bar: str = "",
    small: str = "",
) -> Markup:
    """A plain table; text is left, numbers are right, days are `20 Oct`.

    Args:
        columns: [{key, label, unit}] or {key: label}. `units`: the column with the unit of each row.
            `digits`: so many decimals. `href`: the column with the address that the cell leads to. `none`:
            what stands for a missing value. `year`: whether days carry their year. `most`: letters of a text,
            160 without it.
        bar: the column whose numbers are drawn as bars under the first one.
        small: the column whose text stands small under the first one.
    """
    if isinstance(columns, Mapping):
        columns = [{"key": key, "label": label} for key, label in columns.items()]
    kind = {
        c["key"]: next((_SIDE[type(row[c["key"]])] for row in data if type(row[c["key"]]) in _SIDE), "")
        for c in columns
    }
    most = (
        max((exact(row[bar]) for row in data if row[bar] is not None), default=Decimal(0))
        if bar
        else Decimal(0)
    )

    def cell(row: Mapping[str, Any], column: Mapping[str, Any]) -> str | Markup:
        value = row[column["key"]]
        if isinstance(value, int | float | Decimal) or value is None:
            text = number(
                value,
                row[column["units"]] if "units" in column else column.get("unit", "count"),
                column.get("digits"),
            )
            text = column.get("none", text) if value is None else text
        elif isinstance(value, date):
            text = f"{day(value)} {value.year}" if column.get("year") else day(value)
        else:
            text = plain(str(value), column.get("most", 160))
        target = row[column["href"]] if "href" in column else None
        # an address of the site itself was written by the page; one of a vendor's record must be one that a
        # reader may follow
        target = target if isinstance(target, str) and _OWN.match(target) else web_address(target)
        return Markup('<a class="rc" href="{}">{}</a>').format(target, text) if target else text

    def first(row: Mapping[str, Any]) -> Markup:
        share = max(exact(row[bar] or 0) / most, Decimal(0)) * 100 if bar and most > 0 else None
        return Markup("{}{}{}").format(
            cell(row, columns[0]),
            Markup("<small>{}</small>").format(plain(row[small])) if small and row[small] else "",
            Markup('<i class="hb" style="--w:{}"></i>').format(f"{share:.1f}") if share is not None else "",
        )

    def side(column: Mapping[str, Any]) -> Markup:
        side = kind[column["key"]] or ("n" if "none" in column else "")
        return Markup(' class="{}"').format(side) if side else Markup()

    head = join(
        Markup('<th scope="col"{}>{}</th>').format(side(c), c.get("label", c["key"])) for c in columns
    )
    rows = join(
        Markup('<tr><th scope="row">{}</th>{}</tr>').format(
            first(row), join(Markup("<td{}>{}</td>").format(side(c), cell(row, c)) for c in columns[1:])
        )
        for row in data
    )
    return table(caption, head, rows, data.name)


def table(caption: str, head: Markup, rows: Markup, block: str = "") -> Markup:
    """A table in a card that scrolls sideways by itself where it has to. `block`: the page's block that it
    shows."""
    return Markup(
        '<div class="card flush scroll" tabindex="0" role="region" aria-label="{0}"><table'
        ' class="plain"{3}><caption>{0}</caption><thead><tr>{1}</tr></thead><tbody>{2}</tbody></table></div>'
    ).format(caption, head, rows, Markup(' data-block="{}"').format(block) if block else "")
