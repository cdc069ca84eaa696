"""One chart geometry, two drawings.

`Chart` holds labels, series and a round y scale. `to_html` draws it fluid (stretched SVG paths, HTML text at
a fixed size, colours from CSS variables) for the page: `charts.html`. `to_svg` draws it at a fixed size with
literal colours for pictures: `picture.svg`.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from functools import partial

from markupsafe import Markup

from reports.engine.templates import Macros
from reports.look.numbers import Number, exact, number, whole_within
from reports.look.paths import ground, polyline, px, templates
from reports.look.tokens import literal

_DOTTED = 8
"""Lines of fewer values end in a dot."""
_html = Macros(templates, "charts.html")


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
        """Top (from the top) and height of a bar, 0 to 1. It stands on zero, or hangs from it."""
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


@dataclass(frozen=True)
class Mark:
    """A bar (`x`, `y`, `width`, `height`), or a line (`path`, `width`) of a drawing."""

    colour: str
    width: str
    path: str = ""
    kind: str = "ln"
    """Class of a line: `ln`, or `ln dot` for the dot at its end."""
    dashed: bool = False
    x: str = ""
    y: str = ""
    height: str = ""


def _rings(chart: Chart, width: float, height: float, left: float = 0, top: float = 0) -> list[Mark]:
    """A ring for each signal: round strokes of no length, as a circle would be stretched with the drawing."""
    out = []
    for i in chart.signals:
        value = chart.series[0].values[i]
        if value is not None:
            at = f"M{px(left + chart.x(i) * width)} {px(top + (1 - chart.y(value)) * height)}h.01"
            out += [Mark("ink", "11", at, "ln dot"), Mark("card", "8", at, "ln dot")]
            out.append(Mark(chart.series[0].color, "4.5", at, "ln dot"))
    return out


def _marks(
    chart: Chart, width: float, height: float, left: float = 0, top: float = 0, *, dots: bool = False
) -> list[Mark]:
    """The series in a field of this size that begins at (left, top). `dots`: lines end in one."""
    out = []
    for s in chart.series:
        if s.kind == "bar":
            bar = width / len(chart.labels) * 0.68
            for k, value in enumerate(s.values):
                if value is not None:
                    above, tall = chart.bar(value)
                    x, y = left + chart.x(k) * width - bar / 2, top + above * height
                    out.append(Mark(s.color, px(bar), x=px(x), y=px(y), height=px(tall * height)))
            continue
        for run in chart.runs(s):
            path = polyline(run, width, height, left, top)
            out.append(Mark(s.color, px(s.width), path, dashed=s.kind == "goal"))
            # a value between two gaps has no line to be seen by
            if (dots or len(run) == 1) and s.kind != "goal":
                x, y = run[-1]
                dot = f"M{px(left + x * width)} {px(top + (1 - y) * height)}h.01"
                out.append(Mark(s.color, px(s.width * 3.4), dot, "ln dot"))
    return [*out, *_rings(chart, width, height, left, top)]


class Labels(list[tuple[str, str]]):
    """(label, its place on the x axis), the last one first. `wide`: every second one is only shown where
    there is room; `crowded`: of long ones, every fourth on a phone."""

    def __init__(self, chart: Chart, *, wide: bool) -> None:
        super().__init__((chart.labels[k], px(chart.x(k) * 100)) for k in chart.x_ticks(8))
        self.wide = wide
        self.crowded = sum(len(text) for text, _ in self) > 32


@dataclass(frozen=True)
class Drawing:
    """The fluid drawing of a chart: paths in a field of 1000 x 500, places in percent or pixels."""

    left: int
    right: str
    ticks: list[tuple[str, str]]
    marks: list[Mark]
    labels: Labels
    ends: list[tuple[str, str, str]]
    """(name and last value of a series, its place from the top, its colour)"""
    ground: str
    """The usual range."""
    rows: list[tuple[str, list[str]]]


def to_html(chart: Chart) -> Markup:
    """The fluid drawing with its table of data."""
    ends = chart.end_labels(chart.height)
    drawn = Drawing(
        left=max(len(chart.text(t)) for t in chart.ticks) * 7 + 8,
        right=px(min(max(len(chart.last(s)) for s, _ in ends) * 6.4 + 14, 116) if ends else 4),
        ticks=[(chart.text(tick), px(chart.y(tick) * 100)) for tick in chart.ticks],
        marks=_marks(chart, 1000, 500, dots=True),
        labels=Labels(chart, wide=len(chart.labels) > 4),
        ends=[(chart.last(s), px(y), "muted" if s.kind == "goal" else s.color) for s, y in ends],
        ground=chart.ground(1000, 500),
        rows=[
            (label, [chart.text(s.values[k]) for s in chart.series]) for k, label in enumerate(chart.labels)
        ],
    )
    return _html.chart(chart, drawn)


def to_panel(chart: Chart) -> Markup:
    """A small fluid drawing without end labels and table, for several beside each other: what it shows stands
    beside it in words."""
    left = max(len(chart.text(t)) for t in chart.ticks) * 6.4 + 8
    ticks = [(chart.text(tick), px(chart.y(tick) * 100)) for tick in chart.ticks]
    labels = [(chart.labels[k], px(chart.x(k) * 100)) for k in chart.x_ticks(6)]
    marks = _marks(chart, 1000, 500, dots=len(chart.labels) < _DOTTED)
    return _html.panel(chart, px(left), ticks, labels, marks, chart.ground(1000, 500))


@dataclass(frozen=True)
class Mini:
    """A row of bars on a scale of its own."""

    name: str
    total: str
    most: str
    path: str
    summary: str


def small_multiples(
    title: str, labels: Sequence[str], shown: Sequence[Series], unit: str = "count", subtitle: str = ""
) -> Markup:
    """Series as rows of bars under each other, each on a scale of its own with its name and its sum beside
    it; one table of data.

    Names instead of colours: nobody has to tell five colours of a stack apart.
    """
    charts = [
        Chart(s.name, list(labels), [Series(s.name, s.values, "c1", "bar")], unit, height=52) for s in shown
    ]
    minis = []
    for chart, s in zip(charts, shown, strict=True):
        # where nothing is known, the sum is not 0
        known = [v for v in s.values if v is not None]
        top = max(known, default=None)
        total = number(sum(map(exact, known)) if known else None, unit)
        most = number(None if top is None else exact(top), unit)
        minis.append(Mini(s.name, total, most, _bars(s.values, top or 0.0), chart.summary()))
    rows = [
        (label, [number(None if (v := s.values[k]) is None else exact(v), unit) for s in shown])
        for k, label in enumerate(labels)
    ]
    axis = Labels(charts[0], wide=True) if charts else []
    return _html.small_multiples(title, subtitle, minis, axis, rows)


def _bars(values: Sequence[float | None], top: float) -> str:
    """Bars as one path in a field of 1000 x 100."""
    bar = 1000 / max(len(values), 1)
    return "".join(
        f"M{px(k * bar + bar * 0.14)} 100v-{px(value / top * 100)}h{px(bar * 0.72)}v{px(value / top * 100)}z"
        for k, value in enumerate(values)
        if value and top
    )


@dataclass(frozen=True)
class Picture:
    """The drawing of a chart at a fixed size, in pixels."""

    left: str
    right: str
    ticks: list[tuple[str, str, str]]
    """(text, place of the line, place of the text)"""
    ticks_at: str
    ground: str
    marks: list[Mark]
    labels: list[tuple[str, str]]
    labels_at: str
    ends: list[tuple[str, str, str]]
    ends_at: str


def to_svg(
    chart: Chart,
    width: int = 552,
    height: int = 210,
    font: str = "Inter",
    dark: bool = False,
    *,
    bare: bool = False,
) -> str:
    """A fixed-size drawing with literal colours, an opaque background and real text. `bare`: without title
    and end labels."""
    ends = [] if bare else chart.end_labels(1)
    left = max(len(chart.text(t)) for t in chart.ticks) * 7.2 + 12
    right = max(len(chart.last(s)) for s, _ in ends) * 6.2 + 14 if ends else 18 if bare else 6
    top, bottom = (8, 22) if bare else (44, 24)
    plot_width, plot_height = width - left - right, height - top - bottom
    places = [(tick, top + (1 - chart.y(tick)) * plot_height) for tick in chart.ticks]
    x_ticks = chart.x_ticks(max(2, int(plot_width / 44)))
    drawn = Picture(
        left=px(left),
        right=px(left + plot_width),
        ticks=[(chart.text(tick), px(y), px(y + 4)) for tick, y in places],
        ticks_at=px(left - 8),
        ground=chart.ground(plot_width, plot_height, left, top),
        marks=_marks(chart, plot_width, plot_height, left, top),
        labels=[(chart.labels[k], px(left + chart.x(k) * plot_width)) for k in x_ticks],
        labels_at=px(top + plot_height + 16),
        ends=[
            (chart.last(s), px(top + y + 4), "muted" if s.kind == "goal" else s.color)
            for s, y in ([] if bare else chart.end_labels(plot_height))
        ],
        ends_at=px(left + plot_width + 9),
    )
    return templates.get_template("picture.svg").render(
        chart=chart,
        drawn=drawn,
        width=width,
        height=height,
        font=font,
        colour=partial(literal, dark=dark),
        bare=bare,
    )
