"""Words for the pace of a running week, month or quarter towards its goals (marts.fct_pace)."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import TypeVar

from reports.engine.queries import Row
from reports.look.numbers import Number, exact, number
from reports.words.line import Line, goal_text

_Paced = TypeVar("_Paced", Row, Line)

WORDS = {
    # pace: (status whose shape and colour it takes, word); the order is that of the list
    "over": ("below", "Over the goal"),
    "behind": ("below", "Behind"),
    "on_pace": ("no_goal", "On pace"),
    "ahead": ("met", "Ahead"),
    "done": ("met", "Done"),
    "too_early": ("no_data", "Too early"),
}


def by_need(rows: Iterable[_Paced]) -> list[_Paced]:
    """Sort by pace, then by distance from the goal: what needs attention comes first."""
    places = list(WORDS)
    return sorted(
        rows,
        key=lambda row: (places.index(row.pace) if row.pace else len(WORDS), -_gap(row), row.sort_order),
    )


def tally(rows: Collection[Row | Line]) -> list[tuple[str, str]]:
    """(status whose shape and colour it takes, words) of each pace: `("below", "3 behind")`."""
    counted = [
        (status, word.lower(), sum(row.pace == pace for row in rows))
        for pace, (status, word) in WORDS.items()
    ]
    return [(status, f"{count} {word}") for status, word, count in counted if count]


def up(needed: Number, unit: str) -> str:
    """Format a number rounded up, because less would not be enough."""
    step = Decimal(1) if unit.startswith("money") or exact(needed) >= 100 else Decimal("0.1")
    return number(exact(needed).quantize(step, ROUND_CEILING), unit)


def still_needed(row: Row | Line) -> str:
    """`64 more`, `at most 9 more`: what the goal asks for by the end of the period, or leaves room for."""
    if row.pace in (None, "done", "over"):
        return ""
    room = row.operator in ("<=", "<")
    step = {"count": "1", "minutes": "1", "hours": "0.1", "days": "0.1"}.get(row.unit, "0.01")
    # rounded so that it is enough
    gap = abs(exact(row.target) - exact(row.value)).quantize(
        Decimal(step), ROUND_FLOOR if room else ROUND_CEILING
    )
    return f"{goal_text(row.operator, gap, None, row.unit, words=True)} more"


def each_day(row: Row | Line) -> str:
    """`32 each working day` of a goal that is not reached yet; nothing on the last day, nor of less than one
    a day."""
    if row.operator in ("<=", "<") or row.units_left is None or row.units_left <= 1 or row.needed is None:
        return ""
    if row.unit == "count" and row.needed < 1:
        return ""
    return f"{up(row.needed, row.unit)} each working day"


def to_do(row: Row | Line) -> str:
    """`64 more, 32 each working day`: what a running week still asks for; nothing where it asks for
    nothing."""
    left = still_needed(row)
    left = left if row.value else left.removesuffix(" more")
    return ", ".join(filter(None, (left, each_day(row)))) if left else ""


def expected_text(row: Row | Line) -> str:
    """What an even pace would have reached by now."""
    whole = row.unit.startswith("money") or exact(row.expected_so_far) == int(row.expected_so_far)
    return number(row.expected_so_far, row.unit, 0 if whole else 1)


def _gap(row: Row | Line) -> Decimal:
    """How far a line is from what is expected, as a share: the order of lines of one pace."""
    if not row.expected_so_far:
        return Decimal(0)
    return abs(exact(row.expected_so_far) - exact(row.value)) / exact(row.expected_so_far)
