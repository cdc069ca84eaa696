"""The running week, month and quarter against their goals: which values `pace.html` shows."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from decimal import Decimal

from markupsafe import Markup

from reports.components.links import Receipts
from reports.components.macros import macros
from reports.engine.markup import join
from reports.engine.queries import Result, Row
from reports.look.numbers import DASH, Number, capital, exact, judged, number, period_text, plural
from reports.words.line import goal_text
from reports.words.pace import WORDS, by_need, expected_text, tally, up

_html = macros("pace.html")

_SPANS = ("week", "month", "quarter")


@dataclass(frozen=True)
class Bar:
    """How much of the goal is reached, and where an even pace would be, in percent; `status` colours it."""

    done: Decimal
    even: Decimal
    status: str


@dataclass(frozen=True)
class PaceRow:
    """A line of a running span."""

    row: Row
    value: str
    href: str | None
    expected: str
    covered: str
    """How many of its weeks have a number, where some have none."""
    goal: str
    needed: str
    left: str
    status: str
    word: str | None
    bar: Bar | None


def Pace(pace: Result, receipts: Receipts, week: str) -> Markup:
    """A list per span: the number so far, where it should be by now, and what each remaining day or week must
    bring.

    The first hours of a span tell nothing: while it is too early for every line, one sentence replaces the
    list. `week`: label of the running week, whose receipts have the weeks of a month or quarter.
    """
    rows = sorted(pace, key=lambda row: (_SPANS.index(row.span), row.period_label))
    return join(
        _span(list(members), receipts, week)
        for _, members in itertools.groupby(rows, key=lambda row: row.period_label)
    )


def _span(rows: list[Row], receipts: Receipts, week: str) -> Markup:
    span = rows[0].span
    label = period_text(rows[0].period_label)
    if all(row.pace == "too_early" for row in rows):
        return _html.too_early(span, _days(max(row.working_days_left for row in rows)))
    known = by_need([row for row in rows if row.pace != "too_early"])
    return _html.span(
        capital(label),
        ", ".join(words for _, words in tally(known)) or "values so far",
        ("Line", "So far", "Goal", f"Needed each {'week' if span == 'quarter' else 'working day'}", "Pace"),
        [_row(row, receipts, week) for row in known],
        any(row.pace in ("behind", "over") for row in known),
    )


def _row(row: Row, receipts: Receipts, week: str) -> PaceRow:
    status, word = WORDS[row.pace] if row.pace else (row.status, None)
    open_ended = row.needed is not None and row.pace not in ("done", "over", None)
    most = "at most " if row.operator in ("<=", "<") else ""
    whole = open_ended and row.units_left == int(row.units_left)
    return PaceRow(
        row,
        value=judged(row.value, row.unit, (row.target, row.target_2)),
        href=_records(row, receipts, week),
        expected=f"{expected_text(row)} by now" if row.expected_so_far is not None else "",
        covered=(
            ""
            if row.periods_with_number >= row.periods_begun
            else f"{row.periods_with_number} of {plural(row.periods_begun, row.cadence)} with a number"
        ),
        goal=goal_text(row.operator, row.target, row.target_2, row.unit),
        needed=f"{most}{up(row.needed, row.unit)}" if open_ended else DASH,
        left=f"{number(row.units_left, 'count', 0 if whole else 1)} left" if open_ended else "",
        status=status,
        word=word,
        bar=_bar(row),
    )


def _records(row: Row, receipts: Receipts, week: str) -> str | None:
    """The receipt of the period; a quarter of months, or a span of weeks, leads to the list of its parts."""
    if (row.span, row.cadence) == ("quarter", "month"):
        return receipts.href(f"{row.as_of:%Y-%m}", row.line_id, "quarter")
    return receipts.href(row.period_label, row.line_id) or receipts.href(week, row.line_id, "quarter")


def _bar(row: Row) -> Bar | None:
    if not row.pace or not row.target or row.expected_so_far is None:
        return None
    done, even = (
        min(max(exact(part) / exact(row.target), Decimal(0)), Decimal(1)) * 100
        for part in (row.value, row.expected_so_far)
    )
    return Bar(done, even, WORDS[row.pace][0])


def _days(days: Number) -> str:
    whole = exact(days).quantize(Decimal("0.1"))
    return "1 working day" if whole == 1 else f"{number(whole)} working days"
