"""One chart geometry, two drawings.

`Chart` holds labels, series and a round y scale. `to_html` draws it fluid (stretched SVG paths, HTML text at
a fixed size, colours from CSS variables) for the page. `to_svg` draws it at a fixed size with literal colours
for pictures.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html import escape

from reports.engine.markup import new_id
from reports.look.numbers import Number, exact, number
from reports.look.tokens import STATUS, literal


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
    band: bool = field(init=False)
    ticks: list[float] = field(init=False)
    digits: int | None = field(init=False)

    def __post_init__(self) -> None:
        self.band = any(s.kind == "bar" for s in self.series)
        values = [v for s in self.series for v in s.values if v is not None] or [0.0, 1.0]
        low, high = min(values), max(values)
        self.ticks = nice(
            min(low, 0.0) if self.zero or self.band else low, max(high, 0.0) if self.band else high
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
        span = f", {self.labels[0]} to {self.labels[-1]}" if self.labels else ""
        return f"{self.title}{span}. {'; '.join(bits)}."


def _n(value: float) -> str:
    return f"{value:.1f}".rstrip("0").rstrip(".")


def _path(
    run: list[tuple[float, float]], width: float, height: float, left: float = 0, top: float = 0
) -> str:
    return "M" + "L".join(f"{_n(left + x * width)} {_n(top + (1 - y) * height)}" for x, y in run)


def _data(title: str, heads: Sequence[str], rows: Sequence[tuple[str, Sequence[str]]]) -> str:
    """The numbers of a drawing as a table to be opened; tooltips read them from here. `heads`: finished
    HTML."""
    head = "".join(f'<th scope="col">{name}</th>' for name in heads)
    body = "".join(
        f'<tr><th scope="row">{escape(label)}</th>{"".join(f"<td>{cell}</td>" for cell in cells)}</tr>'
        for label, cells in rows
    )
    return (
        '<details class="data"><summary>Data</summary>'
        f'<div class="scroll" tabindex="0" role="region" aria-label="{escape(title)}, data">'
        f"<table><thead><tr><td></td>{head}</tr></thead><tbody>{body}</tbody></table></div></details>"
    )


def to_html(chart: Chart) -> str:
    """The fluid drawing with its table of data, as HTML text."""
    width, height = 1000, 500
    uid = new_id("f")
    left = max(len(chart.text(t)) for t in chart.ticks) * 7 + 8
    ends = chart.end_labels(chart.height)
    right = min(max(len(chart.last(s)) for s, _ in ends) * 6.4 + 14, 116) if ends else 4
    out = []
    for tick in chart.ticks:
        zero = " zero" if tick == chart.ticks[0] else ""
        out.append(
            f'<i class="gy{zero}" style="bottom:{_n(chart.y(tick) * 100)}%"><b>{chart.text(tick)}</b></i>'
        )
    out.append(
        f'<svg viewBox="0 0 {width} {height}" preserveAspectRatio="none" role="img"'
        f' aria-label="{escape(chart.summary())}">'
    )
    for s in chart.series:
        if s.kind == "bar":
            bar = width / len(chart.labels) * 0.68
            for k, value in enumerate(s.values):
                if value is not None:
                    above, tall = chart.bar(value)
                    out.append(
                        f'<rect x="{_n(chart.x(k) * width - bar / 2)}" y="{_n(above * height)}" '
                        f'width="{_n(bar)}" height="{_n(tall * height)}" fill="var(--{s.color})"/>'
                    )
            continue
        for run in chart.runs(s):
            path = _path(run, width, height)
            dash = ' stroke-dasharray="5 4"' if s.kind == "goal" else ""
            out.append(
                f'<path class="ln" d="{path}" stroke="var(--{s.color})" stroke-width="{_n(s.width)}"{dash}/>'
            )
            if s.kind != "goal":
                x, y = run[-1]
                out.append(
                    f'<path class="ln dot" d="M{_n(x * width)} {_n((1 - y) * height)}h.01"'
                    f' stroke="var(--{s.color})" stroke-width="{_n(s.width * 3.4)}"/>'
                )
    out.append("</svg>")
    for j, k in enumerate(chart.x_ticks(8)):  # every second one only where there is room
        wide = " wide" if j % 2 and len(chart.labels) > 4 else ""
        out.append(
            f'<span class="lx{wide}" style="left:{_n(chart.x(k) * 100)}%">{escape(chart.labels[k])}</span>'
        )
    for s, y in ends:
        colour = "muted" if s.kind == "goal" else s.color
        out.append(
            f'<span class="le" style="top:{_n(y)}px;color:var(--{colour})">{escape(chart.last(s))}</span>'
        )
    heads = [
        f'<i class="key {s.kind}" style="--k:var(--{s.color})"></i>{escape(s.name)}' for s in chart.series
    ]
    rows = [(label, [chart.text(s.values[k]) for s in chart.series]) for k, label in enumerate(chart.labels)]
    subtitle = f"<p>{escape(chart.subtitle)}</p>" if chart.subtitle else ""
    return (
        f'<figure class="chart" aria-labelledby="{uid}"><figcaption>'
        f'<p class="ft" id="{uid}">{escape(chart.title)}</p>{subtitle}</figcaption>'
        f'<div class="plot" tabindex="0" role="group" aria-label="{escape(chart.title)}: arrow keys read the'
        ' values" '
        f'data-mode="{"band" if chart.band else "point"}" '
        f'style="--l:{left}px;--r:{_n(right)}px;height:{chart.height}px">{"".join(out)}</div>'
        f"{_data(chart.title, heads, rows)}</figure>"
    )


def small_multiples(
    title: str, labels: Sequence[str], shown: Sequence[Series], unit: str = "count", subtitle: str = ""
) -> str:
    """Series as rows of bars under each other, each on a scale of its own with its name and its sum beside
    it; one table of data.

    Names instead of colours: nobody has to tell five colours of a stack apart.
    """
    charts = [
        Chart(s.name, list(labels), [Series(s.name, s.values, "c1", "bar")], unit, height=52) for s in shown
    ]
    uid = new_id("f")
    out = []
    for i, (chart, s) in enumerate(zip(charts, shown, strict=True)):
        top = max((v for v in s.values if v is not None), default=0.0)
        bar = 1000 / max(len(labels), 1)
        path = "".join(
            f"M{_n(k * bar + bar * 0.14)}"
            f" 100v-{_n(value / top * 100)}h{_n(bar * 0.72)}v{_n(value / top * 100)}z"
            for k, value in enumerate(s.values)
            if value and top
        )
        total = number(sum(exact(v) for v in s.values if v is not None), unit)
        keys = (
            f' tabindex="0" role="group" aria-label="{escape(title)}: arrow keys read the values"'
            if i == 0
            else ""
        )
        out.append(
            f'<p class="mn"><b>{escape(s.name)}</b> {total}<span>most'
            f' {number(exact(top), unit)}</span></p><div class="plot mini"{keys} data-mode="band"><i'
            ' class="gy zero" style="bottom:0"></i><svg viewBox="0 0 1000 100" preserveAspectRatio="none"'
            f' role="img" aria-label="{escape(chart.summary())}"><path d="{path}"'
            ' fill="var(--c1)"/></svg></div>'
        )
    axis = (
        "".join(
            f'<span class="lx{" wide" if j % 2 else ""}"'
            f' style="left:{_n(charts[0].x(k) * 100)}%">{escape(labels[k])}</span>'
            for j, k in enumerate(charts[0].x_ticks(8))
        )
        if charts
        else ""
    )
    rows = [
        (label, [number(None if (v := s.values[k]) is None else exact(v), unit) for s in shown])
        for k, label in enumerate(labels)
    ]
    return (
        f'<figure class="chart minis" aria-labelledby="{uid}"><figcaption><p class="ft"'
        f' id="{uid}">{escape(title)}</p><p>{escape(subtitle)}</p></figcaption>{"".join(out)}<div'
        ' class="axis"'
        f' aria-hidden="true">{axis}</div>{_data(title, [escape(s.name) for s in shown], rows)}</figure>'
    )


def to_svg(chart: Chart, width: int = 552, height: int = 210, font: str = "Inter", dark: bool = False) -> str:
    """A fixed-size drawing with literal colours, an opaque background and real text."""

    def colour(name: str) -> str:
        return literal(name, dark)

    ends = chart.end_labels(1)
    left = max(len(chart.text(t)) for t in chart.ticks) * 7.2 + 12
    right = max(len(chart.last(s)) for s, _ in ends) * 6.2 + 14 if ends else 6
    top, bottom = 44, 24
    plot_width, plot_height = width - left - right, height - top - bottom
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width}'
        f' {height}" font-family="{font}" font-size="11"><rect width="{width}" height="{height}"'
        f' fill="{colour("card")}"/><text x="0" y="14" font-size="13" font-weight="600"'
        f' fill="{colour("ink")}">{escape(chart.title)}</text><text x="0" y="30"'
        f' fill="{colour("muted")}">{escape(chart.subtitle)}</text>'
    ]
    for tick in chart.ticks:
        y = top + (1 - chart.y(tick)) * plot_height
        out.append(
            f'<path d="M{_n(left)} {_n(y)}H{_n(left + plot_width)}"'
            f' stroke="{colour("base" if tick == chart.ticks[0] else "grid")}"/><text x="{_n(left - 8)}"'
            f' y="{_n(y + 4)}" text-anchor="end" fill="{colour("muted")}">{chart.text(tick)}</text>'
        )
    for s in chart.series:
        if s.kind == "bar":
            bar = plot_width / len(chart.labels) * 0.68
            for k, value in enumerate(s.values):
                if value is not None:
                    above, tall = chart.bar(value)
                    out.append(
                        f'<rect x="{_n(left + chart.x(k) * plot_width - bar / 2)}"'
                        f' y="{_n(top + above * plot_height)}" width="{_n(bar)}"'
                        f' height="{_n(tall * plot_height)}" fill="{colour(s.color)}"/>'
                    )
            continue
        for run in chart.runs(s):
            dash = (
                ' stroke-dasharray="5 4"'
                if s.kind == "goal"
                else ' stroke-linejoin="round" stroke-linecap="round"'
            )
            path = _path(run, plot_width, plot_height, left, top)
            out.append(
                f'<path d="{path}" fill="none" stroke="{colour(s.color)}"'
                f' stroke-width="{_n(s.width)}"{dash}/>'
            )
    for k in chart.x_ticks(max(2, int(plot_width / 44))):
        out.append(
            f'<text x="{_n(left + chart.x(k) * plot_width)}" y="{_n(top + plot_height + 16)}"'
            f' text-anchor="middle" fill="{colour("muted")}">{escape(chart.labels[k])}</text>'
        )
    for s, y in chart.end_labels(plot_height):
        text = colour("muted" if s.kind == "goal" else s.color)
        out.append(
            f'<text x="{_n(left + plot_width + 9)}" y="{_n(top + y + 4)}" font-weight="600"'
            f' fill="{text}">{escape(chart.last(s))}</text>'
        )
    return "".join(out) + "</svg>"


def spark(
    values: Sequence[Number | None],
    goals: Sequence[Number | None] = (),
    color: str = "c1",
    width: int = 104,
    height: int = 30,
    changes: Mapping[int, str] | None = None,
) -> str:
    """A sparkline in the page's colours. Gaps stay gaps; the goal is drawn as it stood in each week.

    `changes`: place of a value -> how its definition or goal changes from there on; a flag marks it.
    """
    shown = [None if v is None else float(v) for v in values]
    targets = [None if g is None else float(g) for g in goals]
    known = [v for v in (*shown, *targets) if v is not None]
    if not any(v is not None for v in shown):
        return ""
    low, span = min(known), (max(known) - min(known)) or 1.0

    def x(i: int) -> str:
        return _n(4 + i * (width - 8) / max(len(shown) - 1, 1))

    def y(value: float) -> str:
        return _n(4 + (1 - (value - low) / span) * (height - 8))

    out = []
    for i, text in (changes or {}).items():
        pole = _n(max(1.0, 4 + (i - 0.5) * (width - 8) / max(len(shown) - 1, 1)))
        out.append(
            f'<g class="change"><title>{escape(text)}</title><path d="M{pole} 0V{height}" stroke="var(--ink)"'
            f' stroke-dasharray="1.5 1.5"/><path d="M{pole} 0h7l-2 2.5 2 2.5h-7z" fill="var(--ink)"/></g>'
        )
    step = ""
    for i, target in enumerate(targets):
        if target is not None:
            half = (width - 8) / max(len(targets) - 1, 1) / 2
            start, end = _n(max(0.0, 4 + i * 2 * half - half)), _n(min(float(width), 4 + i * 2 * half + half))
            same = i > 0 and targets[i - 1] is not None
            step += (
                f"H{end}"
                if same and targets[i - 1] == target
                else f"{'L' if same else 'M'}{start} {y(target)}H{end}"
            )
    if step:
        out.append(f'<path d="{step}" stroke="var(--goal)" stroke-opacity=".6" stroke-dasharray="3 3"/>')
    line, pen, alone = "", "M", ""
    for i, value in enumerate(shown):
        if value is None:
            pen = "M"
            continue
        line += f"{pen}{x(i)} {y(value)}"
        pen = "L"
        if (i == 0 or shown[i - 1] is None) and (i == len(shown) - 1 or shown[i + 1] is None):
            alone += f"M{x(i)} {y(value)}h.01"
    out.append(f'<path d="{line}" stroke="var(--muted)" stroke-width="1.5" stroke-linejoin="round"/>')
    if alone:  # a week between two gaps has no line to be seen by
        out.append(f'<path d="{alone}" stroke="var(--muted)" stroke-width="3" stroke-linecap="round"/>')
    if shown and shown[-1] is not None:
        mark = f"{color}-mark" if color in STATUS else color
        dot = f"M{x(len(shown) - 1)} {y(shown[-1])}h.01"
        out.append(f'<path d="{dot}" stroke="var(--{mark})" stroke-width="5.5" stroke-linecap="round"/>')
    return (
        f'<svg class="spark" width="{width}" height="{height}" viewBox="0 0 {width} {height}" fill="none" '
        f'aria-hidden="true">{"".join(out)}</svg>'
    )
