"""Whether a week says that something has changed: what pages and mails say about a row of `fct_signals`.

A goal says whether a number is good; the usual range is what the line produces as long as nothing changes.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from reports.engine.queries import Row
from reports.look.numbers import Number, exact, number, plural, whole_within

FEWEST = 10
"""Weeks that a usual range takes (`points_of_limits` in dbt)."""
SHIFTED = 8
"""Weeks in a row on one side of the centre that are a shift, not a run of luck."""
RECENT = 4
"""A week outside the range this many weeks ago or fewer is told as the time before."""

_BY_THEMSELVES = ("outside", "range")
"""Rules that one week meets; the others need a run of weeks, and would mark each of them in a drawing."""


def marked(rules: Sequence[str | None]) -> list[int]:
    """Return the places of the weeks that a drawing marks: single signals, and the newest week of a run."""
    newest = len(rules) - 1
    return [i for i, rule in enumerate(rules) if rule in _BY_THEMSELVES or (rule and i == newest)]


def limits_of(lower: Number | None, upper: Number | None) -> tuple[float, float] | None:
    """The usual range for a drawing; None: there is none."""
    return None if lower is None or upper is None else (float(lower), float(upper))


_NO_RANGE = {
    "mostly_zero": "no steady range: it is 0 in more than half of its weeks",
    "trend": "no steady range: it drifts, each week stays near the one before",
}


def no_range_text(reason: str, n: int) -> str:
    """Why a line has no usual range. `n`: its points so far."""
    if reason == "too_few_points":
        return f"no range yet: {n} of {plural(FEWEST, 'week')}"
    return _NO_RANGE[reason]


def amount(value: Number, unit: str) -> str:
    """Format a number of a range or a change: money from 100 on without cents."""
    whole = unit.startswith("money") and abs(exact(value)) >= 100
    return number(round(exact(value), 6), unit, 0 if whole else None)


def range_text(lower: float, upper: float, unit: str, value: float | None = None) -> str:
    """`31 to 78`: of a count the whole numbers inside, of everything else the limits with as many digits as
    it takes that the value doesn't read as one of them."""
    if unit == "count":
        inside = whole_within(lower, upper)
        if inside[0] <= inside[1]:
            return f"{number(inside[0])} to {number(inside[1])}"
    for digits in (None, 1, 2, 3):
        texts = [
            amount(one, unit) if digits is None else number(exact(one), unit, digits)
            for one in (lower, upper)
        ]
        said = (
            None
            if value is None
            else amount(value, unit)
            if digits is None
            else number(exact(value), unit, digits)
        )
        if said not in texts or value in (lower, upper):
            break
    return " to ".join(texts)


@dataclass(frozen=True)
class Signal:
    """A line's week as a point of its process behaviour chart: a row of `fct_signals`."""

    row: Row
    unit: str

    @classmethod
    def of(cls, point: Mapping[str, Any] | None, unit: str) -> Signal | None:
        """None if the week is not a point: it is blank, partial or running, or the line is kept by month."""
        if not point or not point["week_start"]:
            return None
        plain = {name: float(one) if isinstance(one, Decimal) else one for name, one in point.items()}
        return cls(Row(plain), unit)

    @property
    def is_signal(self) -> bool:
        return self.row.rule is not None

    @property
    def has_range(self) -> bool:
        return self.row.no_range is None

    @property
    def is_shift(self) -> bool:
        """The line stays on one side of what was usual: perhaps that is the new normal."""
        return self.is_signal and self.row.side_weeks >= SHIFTED

    @property
    def usual(self) -> str:
        """`31 to 78`; empty without a range."""
        if not self.has_range:
            return ""
        return range_text(self.row.lower, self.row.upper, self.unit, self.row.value)

    @property
    def text(self) -> str:
        """`unusually low: first time outside its usual range (31 to 78) in 40 weeks`"""
        row = self.row
        if row.no_range:
            return no_range_text(row.no_range, row.n)
        if not self.is_signal:
            return f"within its usual range ({self.usual})"
        return self._shift() if self.is_shift else self._RULES[row.rule](self)

    def _shift(self) -> str:
        side, way = ("above", "up") if self.row.value > self.row.centre else ("below", "down")
        return (
            f"shifted {way}: {side} {amount(self.row.centre, self.unit)}, the middle of its usual range"
            f" ({self.usual}), {plural(self.row.side_weeks, 'week')} in a row"
        )

    def _outside(self) -> str:
        row = self.row
        start = f"unusually {row.direction}"
        if row.outside_weeks > 1:
            weeks = plural(row.outside_weeks, "week")
            return f"{start}: outside its usual range ({self.usual}) {weeks} in a row"
        weeks = (row.week_start - (row.last_outside or row.judged_from)).days // 7
        if row.last_outside and weeks <= RECENT:
            return f"{start}: outside its usual range ({self.usual}) again after {plural(weeks, 'week')}"
        if not weeks:
            return f"{start}: outside its usual range ({self.usual})"
        return f"{start}: first time outside its usual range ({self.usual}) in {plural(weeks, 'week')}"

    def _jump(self) -> str:
        way = "rose" if self.row.direction == "high" else "fell"
        return (
            f"{way} unusually far: by {self._step(self.row.moving_range)} in a week, usually at most"
            f" {self._step(self.row.range_limit, down=True)}"
        )

    def _near(self) -> str:
        end = "upper" if self.row.direction == "high" else "lower"
        return (
            f"unusually {self.row.direction}: three of the last four weeks near the {end} end of its usual"
            f" range ({self.usual})"
        )

    _RULES = {"outside": _outside, "range": _jump, "three_of_four": _near, "eight_in_a_row": _shift}

    def _step(self, size: Number, *, down: bool = False) -> str:
        """Format a change from week to week; of a share in points. `down`: round a count down."""
        if self.unit == "percent":
            points = exact(size) * 100
            return f"{number(points, 'count', 0 if points >= 10 else 1)} points"
        if self.unit == "count" and down and size >= 1:
            return number(Decimal(math.floor(float(size) + 1e-9)))
        return amount(size, self.unit)


def nothing_changed(signal: Signal | None) -> str:
    """Return the sentence about a miss within the usual range: `nothing has changed: its usual range is 40 to
    110`; empty of a signal, and where nobody knows."""
    if signal is None or signal.is_signal or not signal.has_range:
        return ""
    return f"nothing has changed: its usual range is {signal.usual}"
