"""Words for the pace of a running week, month or quarter towards its goals (marts.fct_pace)."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from decimal import ROUND_CEILING, Decimal
from typing import TypeVar

from reports.engine.queries import Row
from reports.look.numbers import Number, exact, number
from reports.words.line import Line

_Paced = TypeVar("_Paced", Row, Line)

WORDS = {
    # pace: (status whose shape and colour it takes, word); the order is that of the list
    "missed": ("below", "Over the goal"),
    "behind": ("below", "Behind"),
    "on_pace": ("no_goal", "On pace"),
    "ahead": ("met", "Ahead"),
    "done": ("met", "Done"),
    "too_early": ("no_data", "Too early"),
}


def by_need(rows: Iterable[_Paced]) -> list[_Paced]:
    """What needs attention first: by pace, then by how far off it is."""
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
    """Rounded up: less would not be enough."""
    step = Decimal(1) if unit.startswith("money") or exact(needed) >= 100 else Decimal("0.1")
    return number(exact(needed).quantize(step, ROUND_CEILING), unit)


def expected_text(row: Row | Line) -> str:
    """What an even pace would have reached by now."""
    whole = row.unit.startswith("money") or exact(row.expected_so_far) == int(row.expected_so_far)
    return number(row.expected_so_far, row.unit, 0 if whole else 1)


def _gap(row: Row | Line) -> Decimal:
    """How far a line is from what is expected, as a share: the order of lines of one pace."""
    if not row.expected_so_far:
        return Decimal(0)
    return abs(exact(row.expected_so_far) - exact(row.value)) / exact(row.expected_so_far)
