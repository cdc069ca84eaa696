"""What the sales pages need beside the general components: tiles with the change on the year before, the
chain of a target, the SQL of a section. Their HTML: `sales.html`."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from markupsafe import Markup

from reports.components.basics import Change, change
from reports.components.macros import macros
from reports.engine.queries import Result, Row
from reports.look.numbers import Number, day, exact, number, plural
from reports.look.sparks import spark

_html = macros("sales.html")


@dataclass(frozen=True)
class Tile:
    """A headline number. `badge`: its change on the year before, or why there is none; `trend`: its line."""

    row: Row
    amount: str
    href: str | None
    info: str
    badge: Change | str
    trend: Markup


def Tiles(rows: Result, versus: str = "on the year before") -> Markup:
    """Headline numbers with their line, and their change on the year before.

    Columns: label, value, unit, note and perhaps how (both are its tooltip), receipt (an address of the
    site), beside_label and beside_value (a second number in small), perhaps trend (a list of values); where
    there is a comparison also direction, then_value, change (a ratio - 1; of a percentage, the difference)
    and perhaps change_note (why there is none).
    """
    compared = "change" in rows.columns
    return _html.tiles([_tile(row, compared) for row in rows], versus, compared, rows.name)


def Measures(rows: Result, caption: str) -> Markup:
    """More numbers of the same columns as a table; where none can be compared, without that column."""
    tiles = [_tile(row, True) for row in rows]
    return _html.measures(tiles, caption, any(tile.badge for tile in tiles), rows.name)


def _tile(row: Row, compared: bool) -> Tile:
    # nobody reads the cents of thousands
    large = row.value is not None and row.unit.startswith("money") and abs(row.value) >= 1000
    return Tile(
        row,
        number(row.value, row.unit, 0 if large else None),
        row.receipt if row.value is not None else None,
        ". ".join(filter(None, (row.note, row.get("how")))),
        _badge(row) if compared else "",
        spark(row.get("trend") or (), width=168, height=36, area=True),
    )


def _badge(row: Row) -> Change | str:
    if row.change is not None:
        return change(exact(row.change), row.unit, "points", row.direction)
    before = "" if row.then_value is None else f"{number(row.then_value, row.unit)} the year before"
    return str(row.get("change_note") or before)


@dataclass(frozen=True)
class Step:
    """A stage of a drawn funnel. `whole`, `best`: paths in a field of 1000 x 100, of those who entered and
    passed, and of those who may still pass."""

    label: str
    entered: str
    share: str
    href: str | None
    whole: str
    best: str
    conversion: str
    detail: str


def Funnel(stages: Result, title: str) -> Markup:
    """A funnel as a picture.

    Columns: stage_label, entered, conversion, conversion_at_most, median_days, receipt; the first row is the
    widest. A stage narrows to those who passed; the lighter ground beneath shows the best case.
    """
    first = max((row.entered for row in stages), default=0)
    return _html.funnel(title, [_step(row, first, i == 0) for i, row in enumerate(stages)])


def _step(row: Row, first: int, is_first: bool) -> Step:
    top = row.entered / first * 1000 if first else 0.0
    passed, best = (
        top * float(share) if share is not None else top for share in (row.conversion, row.conversion_at_most)
    )
    detail = [
        *(
            []
            if row.conversion_at_most is None
            else [f"best case {number(row.conversion_at_most, 'percent')}"]
        ),
        *([] if row.median_days is None else [f"median {number(row.median_days, 'days')}"]),
    ]
    return Step(
        row.stage_label,
        number(row.entered),
        "" if is_first or not first else f"{number(row.entered / first, 'percent')} of all",
        row.receipt if row.entered else None,
        _narrowing(top, passed),
        _narrowing(top, best) if best > passed else "",
        "" if row.conversion is None else number(row.conversion, "percent"),
        ", ".join(detail),
    )


def _narrowing(top: float, bottom: float) -> str:
    """A shape around the middle of a field of 1000 x 100 that is `top` wide above and `bottom` below."""
    left, right = 500 - top / 2, 500 + top / 2
    return f"M{left:.0f} 0H{right:.0f}L{500 + bottom / 2:.0f} 100H{500 - bottom / 2:.0f}z"


def goal_cover(row: Row) -> str:
    """`goal since 27 Oct, 1 of 208 days`, where a goal covers a part of the period; else nothing.

    `row`: goal_since, goal_days, period_days.
    """
    if row.goal_since is None:
        return ""
    return f"goal since {day(row.goal_since)}, {number(row.goal_days)} of {plural(row.period_days, 'day')}"


def Sql(*blocks: Result, text: str = "SQL of this section") -> Markup:
    """Return the statements behind a section's numbers; each can be run alone on the published file."""
    return _html.sql(blocks, text)


_INPUTS = (
    # (step of the chain, name in the address, label, steps of the number, unit)
    ("revenue", "target", "Revenue to win", "1000", ""),
    ("deals", "deal", "Average deal", "100", ""),
    ("opportunities", "win", "Win rate", "0.1", "%"),
    ("sqls", "sql", "SQLs that become opportunities", "0.1", "%"),
    ("mqls", "mql", "MQLs that become SQLs", "0.1", "%"),
    ("leads", "lead", "Leads that become MQLs", "0.1", "%"),
)


@dataclass(frozen=True)
class Field:
    """A number of the chain that can be changed."""

    step: str
    name: str
    label: str
    steps: str
    unit: str
    shown: str
    exact: str
    most: str
    """The end of the slider."""


def WhatIf(chain: Result, currency: str) -> Markup:
    """The chain from a target back to leads with other numbers put in, worked out in the browser by division
    only.

    `chain`: the steps in order, with step, label, rate and needed. Without the script there is nothing to
    play with and nothing is drawn.
    """
    steps = {row.step: row for row in chain}
    return _html.what_if(
        currency,
        [_field(steps[step], *rest) for step, *rest in _INPUTS if step in steps],
        [(step, steps[step].label) for step, *_ in _INPUTS[1:] if step in steps],
    )


def _field(row: Row, name: str, label: str, steps: str, unit: str) -> Field:
    value: Number | None = row.needed if row.step == "revenue" else row.rate
    real = exact(value) * (100 if unit else 1) if value is not None else None
    return Field(
        row.step,
        name,
        label,
        steps,
        unit,
        shown="" if real is None else f"{round(real, 2 if unit else 0):f}",
        exact="" if real is None else f"{real:f}",
        most="100" if unit else f"{max((real or 0) * 3, Decimal(1000)):.0f}",
    )
