"""Sparklines."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from reports.engine.templates import Macros
from reports.look.numbers import Number
from reports.look.paths import ground, px, stretches, templates
from reports.look.tokens import STATUS

_html = Macros(templates, "charts.html")


@dataclass(frozen=True)
class Spark:
    """The paths of a sparkline."""

    changes: list[tuple[str, str]]
    """(place of the flag, what changes there)"""
    ground: str
    """The usual range."""
    goal: str
    line: str
    area: str
    alone: str
    """Dots for values between two gaps."""
    rings: str
    """Around values that are signals."""
    last: str
    colour: str
    """Of the last value's dot."""


def spark(
    values: Sequence[Number | None],
    goals: Sequence[Number | None] = (),
    color: str = "c1",
    width: int = 104,
    height: int = 30,
    changes: Mapping[int, str] | None = None,
    *,
    area: bool = False,
    usual: Sequence[tuple[float, float] | None] = (),
    signals: Collection[int] = (),
) -> Markup:
    """A sparkline in the page's colours. Gaps stay gaps; the goal is drawn as it was in each week.

    `changes`: place of a value -> how its definition or goal changes from there on; a flag marks it.
    `area`: the ground under the line is tinted. `usual`: the usual range at each value, cut off where it
    would flatten the line. `signals`: places of values that have a ring around them.
    """
    shown = [None if v is None else float(v) for v in values]
    targets = [None if g is None else float(g) for g in goals]
    known = [v for v in (*shown, *targets) if v is not None]
    if not any(v is not None for v in shown):
        return Markup()
    low, high = min(known), max(known)
    room = (high - low) * 0.4
    for limits in filter(None, usual):
        low, high = min(low, max(limits[0], min(known) - room)), max(high, min(limits[1], max(known) + room))
    span = (high - low) or 1.0

    def x(i: float) -> float:
        return 4 + i * (width - 8) / max(len(shown) - 1, 1)

    def y(value: float) -> str:
        return px(4 + (1 - (value - low) / span) * (height - 8))

    line, pen, alone, tint = "", "M", "", ""
    if area:
        for run in stretches(shown):
            edge = "L".join(f"{px(x(i))} {y(value)}" for i, value in run)
            tint += f"M{px(x(run[0][0]))} {height}L{edge}V{height}z"
    for i, value in enumerate(shown):
        if value is None:
            pen = "M"
            continue
        line += f"{pen}{px(x(i))} {y(value)}"
        pen = "L"
        if (i == 0 or shown[i - 1] is None) and (i == len(shown) - 1 or shown[i + 1] is None):
            alone += f"M{px(x(i))} {y(value)}h.01"
    drawn = Spark(
        ground=ground(
            usual,
            lambda i: px(min(max(x(i), 0.0), width)),
            lambda value: y(min(max(value, low), high)),
        ),
        rings="".join(
            f"M{px(x(i))} {y(value)}h.01" for i in sorted(signals) if (value := shown[i]) is not None
        ),
        changes=[(px(max(1.0, x(i - 0.5))), text) for i, text in (changes or {}).items()],
        goal=_steps(targets, width, y),
        line=line,
        area=tint,
        alone=alone,
        last=f"M{px(x(len(shown) - 1))} {y(shown[-1])}h.01" if shown[-1] is not None else "",
        colour=f"{color}-mark" if color in STATUS else color,
    )
    return _html.spark(drawn, width, height)


def _steps(targets: Sequence[float | None], width: int, y: Callable[[float], str]) -> str:
    """The goal of a sparkline: level over each week, with a step where it changes."""
    step = ""
    half = (width - 8) / max(len(targets) - 1, 1) / 2
    for i, target in enumerate(targets):
        if target is None:
            continue
        start, end = (
            px(max(0.0, 4 + i * 2 * half - half)),
            px(min(float(width), 4 + i * 2 * half + half)),
        )
        goes_on = i > 0 and targets[i - 1] is not None
        if goes_on and targets[i - 1] == target:
            step += f"H{end}"
        else:
            step += f"{'L' if goes_on else 'M'}{start} {y(target)}H{end}"
    return step
