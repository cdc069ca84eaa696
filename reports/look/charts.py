"""The geometry of a chart: labels, series and a round y scale. `drawings.py` draws it."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from reports.look.numbers import Number, number, whole_within
from reports.look.paths import ground, px


def nice(low: float, high: float, most: int = 5) -> list[float]:
    """Round tick values that cover low..high with at most `most` steps."""
    if high <= low:
        high = low + (abs(low) or 1)
    magnitude = 10 ** math.floor(math.log10((high - low) / most))
    first = last = 0
    step = magnitude
    for step in (factor * magnitude for factor in (1, 2, 2.5, 5, 10, 20)):
        first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
        if last - first <= most:
            break
    return [round(i * step, 10) for i in range(first, last + 1)]


@dataclass
class Series:
    """Values in the order of the chart's labels; None is a gap."""

    name: str
    values: Sequence[float | None]
    color: str = "c1"
    kind: str = "line"
    """`line`, `bar` or `goal` (dashed)."""
    width: float = 2


def series(
    name: str, values: Sequence[Number | None], color: str = "c1", kind: str = "line", width: float = 2
) -> Series:
    """A series out of what a query returned; decimals become floats, good enough to draw."""
    return Series(name, [None if value is None else float(value) for value in values], color, kind, width)


@dataclass
class Chart:
    """What both drawings share."""

    title: str
    labels: list[str]
    series: list[Series]
    unit: str = "count"
    subtitle: str = ""
    zero: bool = True
    height: int = 220
    usual: Sequence[tuple[float, float] | None] = ()
    """The usual range at each label, drawn as a soft ground; None where there is none."""
    signals: Collection[int] = ()
    """Places of values of the first series that are signals: each has a ring around it."""
    steps: int = 5
    """The most steps of the y axis."""
    band: bool = field(init=False)
    ticks: list[float] = field(init=False)
    digits: int | None = field(init=False)

    def __post_init__(self) -> None:
        self.band = any(s.kind == "bar" for s in self.series)
        values = [v for s in self.series for v in s.values if v is not None] or [0.0, 1.0]
        values += [limit for limits in self.usual if limits for limit in limits]
        low, high = min(values), max(values)
        self.ticks = nice(
            min(low, 0.0) if self.zero or self.band else low,
            max(high, 0.0) if self.band else high,
            self.steps,
        )
        # small rates need a decimal, or two lines of the grid would read the same
        self.digits = next(
            (
                d
                for d in (None, 1, 2)
                if len({number(t, self.unit, d) for t in self.ticks}) == len(self.ticks)
            ),
            3,
        )

    def text(self, value: float | None) -> str:
        """A value as the axis writes it."""
        return number(value, self.unit, self.digits)

    def y(self, value: float) -> float:
        """Height of a value, 0 (bottom) to 1."""
        return (value - self.ticks[0]) / (self.ticks[-1] - self.ticks[0])

    def bar(self, value: float) -> tuple[float, float]:
        """Return the top (from the top) and the height of a bar, 0 to 1. It rises from zero, or hangs from
        it."""
        zero, end = self.y(0.0), self.y(value)
        return 1 - max(zero, end), abs(end - zero)

    def x(self, i: int) -> float:
        """Place of the i-th label, 0 (left) to 1."""
        n = len(self.labels)
        if self.band:
            return (i + 0.5) / n
        return i / (n - 1) if n > 1 else 0.5

    def runs(self, s: Series) -> list[list[tuple[float, float]]]:
        """Polylines of a series; a missing value breaks the line, it is never drawn as zero."""
        out: list[list[tuple[float, float]]] = [[]]
        for i, value in enumerate(s.values):
            if value is None:
                out.append([])
            else:
                out[-1].append((self.x(i), self.y(value)))
        return [run for run in out if run]

    def ground(self, width: float, height: float, left: float = 0, top: float = 0) -> str:
        """The path of the usual range in a field of this size that begins at (left, top)."""
        step = 1 / max(len(self.labels) - (not self.band), 1)

        def x(i: float) -> str:
            return px(left + min(max(self.x(0) + i * step, 0.0), 1.0) * width)

        return ground(self.usual, x, lambda value: px(top + (1 - self.y(value)) * height))

    def x_ticks(self, most: int) -> list[int]:
        """At most `most` label positions, counted back from the last one, which readers look for."""
        count = len(self.labels)
        return list(range(count - 1, -1, -max(1, math.ceil(count / most))))

    def end_labels(self, height: float, gap: float = 15) -> list[tuple[Series, float]]:
        """(series, y from the top) for labels at the right edge, pushed apart."""
        ends: list[tuple[Series, float]] = []
        for s in self.series:
            last = next((v for v in reversed(s.values) if v is not None), None)
            if last is not None and s.kind != "bar":
                ends.append((s, (1 - self.y(last)) * height))
        ends.sort(key=lambda end: end[1])
        for _ in range(20):
            for i in range(len(ends) - 1):
                (above, y1), (under, y2) = ends[i], ends[i + 1]
                if y2 - y1 < gap:
                    middle = (y1 + y2) / 2
                    ends[i], ends[i + 1] = (above, middle - gap / 2), (under, middle + gap / 2)
        return ends

    def last(self, s: Series) -> str:
        """The end label: name and last value, a large one without its cents."""
        value = next((v for v in reversed(s.values) if v is not None), None)
        return (
            f"{s.name}"
            f" {self.text(value) if value is None or abs(value) < 1000 else number(value, self.unit, 0)}"
        )

    def summary(self) -> str:
        """One sentence that says what the drawing shows."""
        bits = []
        for s in self.series:
            values = [v for v in s.values if v is not None]
            if not values:
                continue
            if s.kind == "goal":
                bits.append(f"{s.name} {self.text(values[-1])}")
            else:
                low, high = self.text(min(values)), self.text(max(values))
                bits.append(f"{s.name}: last {self.text(values[-1])}, low {low}, high {high}")
        known = [limits for limits in self.usual if limits]
        if known:
            lower, upper = known[-1]
            if self.unit == "count":
                lower, upper = whole_within(lower, upper)
            bits.append(f"usual range {self.text(lower)} to {self.text(upper)}")
        if self.signals:
            bits.append(f"signals: {', '.join(self.labels[i] for i in sorted(self.signals))}")
        span = f", {self.labels[0]} to {self.labels[-1]}" if self.labels else ""
        return f"{self.title}{span}. {'; '.join(bits)}."
