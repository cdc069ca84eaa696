"""The drawing of the most telling miss."""

from __future__ import annotations

from collections.abc import Sequence

from foundation.calendar import week_label
from reports.look.charts import Chart, series
from reports.look.numbers import month, plural
from reports.mails.weekly_scorecard.told import Told, missed_of
from reports.words.line import Line, title


def drawn_line(told: Told) -> Line | None:
    """The line whose drawing is worth most: the most telling miss, if it has a trend."""
    missed = missed_of(told.lines, told.own)
    if missed and sum(value is not None for value in missed[0].trend_values) > 1:
        return missed[0]
    return None


def drawing(line: Line, lines: Sequence[Line]) -> Chart:
    """A line's last periods, with their goals."""
    count = len(line.trend_values)
    labels = [
        week_label(day).partition("-")[2] if line.cadence == "week" else month(day, year=False)
        for day in line.trend_starts
    ]
    return Chart(
        title(line, lines),
        labels,
        [
            series("Value", line.trend_values, "c1", "bar"),
            series("Goal", line.trend_goals, "goal", "goal", 1.5),
        ],
        line.unit,
        f"The last {plural(count, line.cadence)}, with the goal of each {line.cadence}"
        + (", on the usual range" if any(line.usual) else ""),
        usual=line.usual,
        signals=line.signals,
    )
