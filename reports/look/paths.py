"""Paths of SVG that charts and sparklines share, and their templates."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import groupby
from pathlib import Path
from typing import TypeVar

from reports.engine.markup import new_id
from reports.engine.templates import environment

Drawn = TypeVar("Drawn")
templates = environment(Path(__file__).parent, {"new_id": new_id})


def px(value: float) -> str:
    """A coordinate: one decimal at most."""
    return f"{value:.1f}".rstrip("0").rstrip(".")


def polyline(
    run: list[tuple[float, float]], width: float, height: float, left: float = 0, top: float = 0
) -> str:
    """A path through points whose x and y lie between 0 and 1, y upwards."""
    return "M" + "L".join(f"{px(left + x * width)} {px(top + (1 - y) * height)}" for x, y in run)


def ground(
    usual: Sequence[tuple[float, float] | None], x: Callable[[float], str], y: Callable[[float], str]
) -> str:
    """The usual range as one path: level over each place, with a step where it changes.

    `x`: a place, also half ones between two -> its coordinate; `y`: a value -> its coordinate.
    """
    path = ""
    for run in stretches(usual):
        levels = [
            (members[0][0] - 0.5, members[-1][0] + 0.5, *limits)
            for limits, group in groupby(run, key=lambda place: place[1])
            if (members := list(group))
        ]
        over = "L".join(f"{x(start)} {y(high)}H{x(end)}" for start, end, _, high in levels)
        under = "L".join(f"{x(end)} {y(low)}H{x(start)}" for start, end, low, _ in reversed(levels))
        path += f"M{over}L{under}z"
    return path


def stretches(values: Sequence[Drawn | None]) -> list[list[tuple[int, Drawn]]]:
    """The parts of a line between its gaps: (place, value)."""
    out: list[list[tuple[int, Drawn]]] = [[]]
    for i, value in enumerate(values):
        if value is None:
            out.append([])
        else:
            out[-1].append((i, value))
    return [run for run in out if run]
