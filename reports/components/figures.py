"""Charts of a block's columns."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date

from markupsafe import Markup

from reports.components.macros import macros
from reports.engine.queries import Result
from reports.look.charts import Chart, series
from reports.look.drawings import small_multiples, to_html
from reports.look.numbers import day, month

_html = macros("figures.html")
SHORT = 4
"""A chart with at most this many values takes half a row."""


def _labels(data: Result, x: str, months: bool = False) -> list[str]:
    form = month if months else day
    return [form(value) if isinstance(value, date) else str(value) for value in data.column(x)]


def LineChart(
    data: Result,
    x: str,
    y: Sequence[str],
    title: str,
    *,
    names: Sequence[str] | None = None,
    colors: Sequence[str] = ("c1", "c2", "c3", "c4"),
    unit: str = "count",
    subtitle: str = "",
    goal: str | None = None,
    height: int = 220,
    months: bool = False,
    usual: Sequence[tuple[float, float] | None] = (),
    signals: Collection[int] = (),
) -> Markup:
    """Lines with their names at the right end; a goal is dashed.

    Args:
        data: the block.
        x: its column of days.
        y: its columns with the numbers, a line each; `names` are their names.
        unit: `count`, `money:USD`, `percent`, `minutes`, `hours` or `days`.
        goal: its column with the goal.
        months: whether the days of `x` mean their months.
        usual: lower and upper limit of the usual range for each row.
        signals: the places of the rows that are signals, from 0.
    """
    shown = [
        series(name, data.column(column), color)
        for column, name, color in zip(y, names or y, colors, strict=False)
    ]
    if goal:
        shown.append(series("Goal", data.column(goal), "goal", "goal", 1.5))
    chart = Chart(
        title,
        _labels(data, x, months),
        shown,
        unit,
        subtitle,
        height=height,
        usual=usual,
        signals=signals,
    )
    return _html.figure(to_html(chart), short=len(chart.labels) <= SHORT)


def BarChart(
    data: Result,
    x: str,
    y: str,
    title: str,
    *,
    name: str = "",
    unit: str = "count",
    subtitle: str = "",
    goal: str | None = None,
    height: int = 220,
    months: bool = False,
) -> Markup:
    """One series as bars; a goal is dashed.

    Args:
        y: the column with the numbers; for the others see `LineChart`.
    """
    shown = [series(name or title, data.column(y), "c1", "bar")]
    if goal:
        shown.append(series("Goal", data.column(goal), "goal", "goal", 1.5))
    chart = Chart(title, _labels(data, x, months), shown, unit, subtitle, height=height)
    return _html.figure(to_html(chart), short=len(chart.labels) <= SHORT)


def SmallBars(
    data: Result,
    x: str,
    y: Sequence[str],
    title: str,
    *,
    names: Sequence[str],
    unit: str = "count",
    subtitle: str = "",
) -> Markup:
    """Several columns as rows of bars under each other, each with its name and its sum."""
    shown = [series(name, data.column(column), "c1", "bar") for column, name in zip(y, names, strict=True)]
    drawn = small_multiples(title, _labels(data, x), shown, unit, subtitle)
    return _html.figure(drawn, data.name)
