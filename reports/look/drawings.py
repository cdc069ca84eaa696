"""Two drawings of one chart (`charts.py`).

`to_html` draws it fluid (stretched SVG paths, HTML text at a fixed size, colours from CSS variables) for the
page: `charts.html`. `to_svg` draws it at a fixed size with literal colours for pictures: `picture.svg`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from markupsafe import Markup

from reports.engine.templates import Macros
from reports.look.charts import Chart, Series
from reports.look.numbers import exact, number
from reports.look.paths import polyline, px, templates
from reports.look.tokens import literal

_DOTTED = 8
"""Lines of fewer values end in a dot."""
_html = Macros(templates, "charts.html")


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
    """A small fluid drawing without end labels and table, for several side by side. What it shows is beside
    it in words."""
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
