"""How the running week, month and quarter stand against their goals (marts.fct_pace)."""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterable, Sequence
from decimal import ROUND_CEILING, Decimal
from typing import TypeVar

from markupsafe import Markup

from reports.components.basics import Pill
from reports.engine.markup import join
from reports.engine.queries import Result, Row
from reports.look.numbers import DASH, Number, exact, judged, number, plural
from reports.words.line import Line, goal_text

_Paced = TypeVar("_Paced", Row, Line)
_SPANS = ("week", "month", "quarter")
WORDS = {
    # pace: (status whose shape and colour it takes, word); the order is that of the list
    "missed": ("below", "Over the goal"),
    "behind": ("below", "Behind"),
    "on_pace": ("no_goal", "On pace"),
    "ahead": ("met", "Ahead"),
    "done": ("met", "Done"),
    "too_early": ("no_data", "Too early"),
}
_UNITS = {"working_day": "working day", "week": "week"}


def Pace(pace: Result) -> Markup:
    """A list per span: how far, how it should stand by now, and what each remaining day or week must bring.

    The first hours of a span tell nothing: as long as it is too early for every line, one sentence stands for
    the list.
    """
    rows = sorted(pace, key=lambda row: (_SPANS.index(row.span), row.period_label))
    return join(
        _span(list(members)) for _, members in itertools.groupby(rows, key=lambda row: row.period_label)
    )


def by_need(rows: Iterable[_Paced]) -> list[_Paced]:
    """What needs attention first: by pace, then by how far off it is."""
    return sorted(
        rows,
        key=lambda row: (list(WORDS).index(row.pace) if row.pace else len(WORDS), -_gap(row), row.sort_order),
    )


def tally(rows: Collection[Row | Line]) -> list[tuple[str, str]]:
    """(status whose shape and colour it takes, words) of each pace: `("below", "3 behind")`."""
    counted = [
        (status, word.lower(), sum(row.pace == pace for row in rows))
        for pace, (status, word) in WORDS.items()
    ]
    return [(status, f"{count} {word}") for status, word, count in counted if count]


def _span(rows: list[Row]) -> Markup:
    label, span = rows[0].period_label, rows[0].span
    if all(row.pace == "too_early" for row in rows):
        days = max(row.working_days_left for row in rows)
        return Markup('<p class="quiet">{} has only begun: too early to tell a pace, {} ahead.</p>').format(
            label, _days(days)
        )
    known = by_need([row for row in rows if row.pace != "too_early"])
    summary = ", ".join(words for _, words in tally(known))
    head = (
        "Line",
        "So far",
        "Goal",
        f"Needed each {_UNITS['week' if span == 'quarter' else 'working_day']}",
        "Pace",
    )
    # a few lines that are behind are what one came for; the whole list is a click away
    return Markup(
        '<details class="card running pace"{}><summary>{} against its goals: {}</summary><table role="table"'
        ' class="plain" aria-label="Pace of {}"><thead role="rowgroup"><tr role="row">{}</tr></thead><tbody'
        ' role="rowgroup">{}</tbody></table></details>'
    ).format(
        Markup(" open") if any(row.pace in ("behind", "missed") for row in known) else "",
        label,
        summary or "values so far",
        label,
        join(
            Markup('<th role="columnheader" scope="col"{}>{}</th>').format(
                Markup(' class="n"') if 0 < i < 4 else "", name
            )
            for i, name in enumerate(head)
        ),
        join(_line(row, head) for row in known),
    )


def _line(row: Row, head: Sequence[str]) -> Markup:
    goals = (row.target, row.target_2)
    status, word = WORDS[row.pace] if row.pace else (row.status, None)
    covered = (
        ""
        if row.periods_with_number >= row.periods_begun
        else f"{row.periods_with_number} of {plural(row.periods_begun, row.cadence)} with a number"
    )
    return Markup(
        '<tr role="row"><th role="rowheader" scope="row">{}<small>{}</small></th><td role="cell" class="n"'
        ' data-label="{}">{}{}{}</td><td role="cell" class="n" data-label="{}">{}</td><td role="cell"'
        ' class="n" data-label="{}">{}</td><td role="cell" class="verdict">{}{}</td></tr>'
    ).format(
        row.label,
        row.section_label,
        head[1],
        judged(row.value, row.unit, goals),
        _small(f"{expected_text(row)} by now" if row.expected_so_far is not None else ""),
        _small(covered),
        head[2],
        goal_text(row.operator, row.target, row.target_2, row.unit),
        head[3],
        _needed(row),
        Pill(status, word),
        _bar(row) + _small(row.get("note") or ""),
    )


def _needed(row: Row) -> Markup:
    if row.needed is None or row.pace in ("done", "missed", None):
        return Markup("{}").format(DASH)
    left = f"{number(row.units_left, 'count', 0 if row.units_left == int(row.units_left) else 1)} left"
    most = "at most " if row.operator in ("<=", "<") else ""
    return Markup("{}{}{}").format(most, up(row.needed, row.unit), _small(left))


def _bar(row: Row) -> Markup:
    """How much of the goal is reached, with a mark where an even pace would be."""
    if not row.pace or not row.target or row.expected_so_far is None:
        return Markup()
    done, even = (
        min(max(exact(part) / exact(row.target), Decimal(0)), Decimal(1)) * 100
        for part in (row.value, row.expected_so_far)
    )
    return Markup(
        '<span class="pacebar" role="img" aria-label="{0:.0f}% of the goal, {1:.0f}% would be even">'
        '<i class="{2}" style="width:{0:.1f}%"></i><b style="left:{1:.1f}%"></b></span>'
    ).format(done, even, WORDS[row.pace][0])


def _gap(row: Row | Line) -> Decimal:
    """By how much of its expectation a line is off, for the order of lines that stand alike."""
    if not row.expected_so_far:
        return Decimal(0)
    return abs(exact(row.expected_so_far) - exact(row.value)) / exact(row.expected_so_far)


def up(needed: Number, unit: str) -> str:
    """Rounded up: less would not be enough."""
    step = Decimal(1) if unit.startswith("money") or exact(needed) >= 100 else Decimal("0.1")
    return number(exact(needed).quantize(step, ROUND_CEILING), unit)


def expected_text(row: Row | Line) -> str:
    """What an even pace would have reached by now."""
    return number(row.expected_so_far, row.unit, _digits(row))


def _digits(row: Row | Line) -> int:
    return 0 if row.unit.startswith("money") or exact(row.expected_so_far) == int(row.expected_so_far) else 1


def _days(days: Number) -> str:
    whole = exact(days).quantize(Decimal("0.1"))
    return "1 working day" if whole == 1 else f"{number(whole)} working days"


def _small(text: str) -> Markup:
    return Markup("<small>{}</small>").format(text) if text else Markup()
