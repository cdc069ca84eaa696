"""The weekly business review: for each line one wide drawing and one row of comparisons. `review.html` shows
it, `reports/pdf` prints it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from markupsafe import Markup

from reports.components.basics import change
from reports.components.links import Receipts
from reports.components.macros import macros
from reports.engine.queries import Result, Row
from reports.look.charts import Chart, Series, series
from reports.look.drawings import to_panel
from reports.look.numbers import (
    DASH,
    Number,
    capital,
    day,
    exact,
    judged,
    month,
    number,
    period_name,
    plural,
)
from reports.words.answers import note_by, note_text, to_do
from reports.words.line import GOAL_STATUSES, Line, gap_text, goal_text, lines_of
from reports.words.signal import limits_of, marked

_html = macros("review.html")

_YEAR = timedelta(days=364)
"""The same week of the year before: 52 weeks back, on the same days of the week."""
_MONTHS = 12
_FEW = 10
"""A count below this changes by an amount, not by a share."""
_SPANS = {
    "month_to_date": "Month to date",
    "quarter_to_date": "Quarter to date",
    "year_to_date": "Year to date",
}


@dataclass(frozen=True)
class Figure:
    """One number of a line's row, with what it is compared with."""

    label: str
    value: str
    status: str = ""
    """met, near or below; empty where nothing is judged."""
    against: Sequence[str] = ()
    href: str | None = None


@dataclass(frozen=True)
class Reviewed:
    """A line of the review."""

    line: Line
    weeks: Chart | None
    """The trailing six weeks; None for a line that is kept by month."""
    months: Chart | None
    """The trailing twelve; None where none is whole yet."""
    figures: Sequence[Figure]
    note: str
    """Its owner's note."""
    owes_note: bool
    """It missed its goal, and nobody says why."""
    actions: Sequence[str]

    @property
    def is_exception(self) -> bool:
        return self.line.is_signal

    @property
    def is_unknown(self) -> bool:
        """Nobody knows whether it has changed: its number is missing or not whole."""
        line = self.line
        if line.status == "not_applicable":
            return False
        if line.cadence == "week":
            return line.signal is None
        return line.value is None or line.state == "stale" or bool(line.partial_note)

    @property
    def panels(self) -> list[Markup]:
        return [to_panel(chart) for chart in (self.weeks, self.months) if chart]


def parts(values: Mapping[str, Result], receipts: Receipts | None = None) -> list[tuple[str, list[Reviewed]]]:
    """(heading, its lines). `values`: the blocks of pages/review.md."""
    shown = {line.line_id: line for line in lines_of([*values["lines"], *values["months"]])}
    return [
        (title, [_reviewed(shown[row.line_id], values, receipts) for row in rows if row.line_id in shown])
        for title, rows in values["reviewed"].groups("title")
    ]


def quiet_text(rows: Sequence[Reviewed]) -> str:
    """Counts the lines that are not exceptions: `11 other lines without a signal.`"""
    exceptions, unknown = sum(row.is_exception for row in rows), sum(row.is_unknown for row in rows)
    quiet = len(rows) - exceptions - unknown
    texts = []
    if quiet and exceptions:
        texts.append(f"{plural(quiet, 'other line')} without a signal.")
    elif quiet:
        texts.append("No line has changed." if not unknown else "No line with a whole number has changed.")
    if unknown:
        texts.append(f"{plural(unknown, 'line')} without a whole number.")
    return " ".join(texts)


def Review(
    reviewed: Result,
    lines: Result,
    months: Result,
    recent: Result,
    spans: Result,
    answers: Result,
    actions: Result,
    receipts: Receipts,
    build: Result,
    dated: Result,
    week: date,
    newest: bool,
) -> Markup:
    """All of the review: what is an exception, then each line.

    Args:
        dated: as of when the numbers of a past week are; the newest review has the build's moment.
    """
    blocks = {
        "reviewed": reviewed,
        "lines": lines,
        "months": months,
        "recent": recent,
        "spans": spans,
        "answers": answers,
        "actions": actions,
    }
    found = [(title, rows) for title, rows in parts(blocks, receipts) if rows]
    every = [row for _, rows in found for row in rows]
    as_of = (build if newest else dated).one().as_of
    exceptions = [row for row in every if row.is_exception]
    return _html.review(build.one(), as_of, week, newest, found, exceptions, quiet_text(every))


def _reviewed(line: Line, values: Mapping[str, Result], receipts: Receipts | None) -> Reviewed:
    recent = values["recent"].where(line_id=line.line_id).rows
    spans = values["spans"].where(line_id=line.line_id)
    answer = next(iter(values["answers"].where(line_id=line.line_id, period_start=line.week_start)), None)
    return Reviewed(
        line,
        _weeks(line, recent) if recent else None,
        _months(line, spans),
        _figures(line, recent, spans, receipts),
        f"{note_text(answer)} ({note_by(answer, answer.zone)})" if answer else "",
        line.status == "below" and answer is None,
        to_do(values["actions"].where(line_id=line.line_id)),
    )


def _drawn(
    line: Line,
    title: str,
    labels: list[str],
    now: Sequence[Number | None],
    before: Sequence[Number | None],
    goals: Sequence[Number | None],
    usual: Sequence[tuple[float, float] | None] = (),
    signals: Sequence[int] = (),
) -> Chart:
    shown: list[Series] = [series("This year", now, "c1", width=2)]
    if any(value is not None for value in before):
        shown.append(series("Last year", before, "muted", width=1.25))
    if any(goal is not None for goal in goals):
        shown.append(series("Goal", goals, "goal", "goal", 1.25))
    return Chart(
        title, labels, shown, line.unit, zero=False, height=96, usual=usual, signals=signals, steps=3
    )


def _weeks(line: Line, recent: Sequence[Row]) -> Chart:
    return _drawn(
        line,
        f"{line.label}, six weeks",
        [day(row.week_start) for row in recent],
        [row.value for row in recent],
        [row.year_before for row in recent],
        [row.target for row in recent],
        [limits_of(row.lower, row.upper) for row in recent],
        marked([row.rule for row in recent]),
    )


def _months(line: Line, spans: Result) -> Chart | None:
    rows = spans.where(span="month").rows[-_MONTHS:]
    if not any(row.is_whole for row in rows):
        return None
    return _drawn(
        line,
        f"{line.label}, twelve months",
        [month(row.span_start, year=False) for row in rows],
        [row.value if row.is_whole else None for row in rows],
        [row.previous_value for row in rows],
        [row.target if row.is_whole else None for row in rows],
    )


def _figures(line: Line, recent: Sequence[Row], spans: Result, receipts: Receipts | None) -> list[Figure]:
    by_month = line.cadence == "month"
    goal = (
        [f"goal {line.goal_words}" + (f", {line.gap_text}" if line.gap_text else "")] if line.operator else []
    )
    href = receipts.href(line.week_label, line.line_id) if receipts else None
    status = line.status if line.status in GOAL_STATUSES else ""
    first = capital(line.period_text) if by_month else "This week"
    blank = [line.blank_word] if line.blank_word else ["not complete"] if line.state == "stale" else []
    figures = [Figure(first, line.value_text, status, blank or goal, href)]
    if by_month:
        rows = {row.span_start: row for row in spans.where(span="month")}
        this, earlier = rows.get(line.week_start), rows.get(line.previous_start)
        now, last = ((row.value if row and row.is_whole else None) for row in (this, earlier))
        year_before = this.previous_value if this else None
        then = month(this.previous_start) if this and this.previous_start else ""
    else:
        now, last = recent[-1].value, recent[-2].value
        year_before = recent[-1].year_before
        monday = line.week_start - _YEAR
        then = f"in the {period_name(monday, 'week')} {monday.year}"
    kind = "Month on month" if by_month else "Week on week"
    figures.append(_change(kind, line.unit, now, last, f"the {line.cadence} before"))
    figures.append(_change("Year on year", line.unit, now, year_before, then))
    for span, label in _SPANS.items():
        row = next(iter(spans.where(span=span)), None)
        if row is not None:
            figures.append(_to_date(label, line, row))
    return figures


def _change(label: str, unit: str, now: Number | None, before: Number | None, said: str) -> Figure:
    """How a number has changed since then. `now`, `before`: of whole periods."""
    if before is None:
        return Figure(label, DASH)
    against = [f"{number(before, unit)} {said}"]
    return Figure(label, DASH if now is None else _moved(now, before, unit), against=against)


def _moved(now: Number, before: Number, unit: str) -> str:
    """`+12.4%`; of a share in points, from 0 and of few records as an amount."""
    difference = exact(now) - exact(before)
    # of few records a share says little: 2 instead of 1 is not "+100%"
    if not unit.startswith("percent") and (not before or (unit == "count" and abs(exact(before)) < _FEW)):
        return f"{'+' if difference > 0 else '' if difference else '±'}{number(difference, unit)}"
    share = difference if unit.startswith("percent") else difference / abs(exact(before))
    moved = change(Decimal(share), unit, "points")
    return {"up": "+", "down": "−"}.get(moved.word, "±") + moved.size


def _to_date(label: str, line: Line, row: Row) -> Figure:
    """To date, against the goal and last year as far as then. What is not whole has no verdict."""
    part = "month" if line.cadence == "month" else "week"
    against = []
    if row.value is not None and not row.is_whole:
        against.append(f"{row.parts} of {plural(row.parts_expected, part)}, not judged")
    elif row.value is None:
        against.append("nothing to divide by" if row.is_whole else f"no whole {part}")
    elif row.operator is not None:
        goal = goal_text(row.operator, row.target, row.target_2, line.unit, words=True)
        gap = gap_text(row.value, row.operator, (row.target, row.target_2), line.unit)
        against.append(f"goal {goal}" + (f", {gap}" if gap else ""))
    if row.counted_from > row.span_start:
        against.append(f"since {day(row.counted_from, year=row.counted_from.year != row.span_end.year)}")
    if row.previous_value is not None:
        was = number(row.previous_value, line.unit)
        against.append(
            f"{_moved(row.value, row.previous_value, line.unit)} on {was} last year"
            if row.is_whole and row.value is not None
            else f"{was} last year"
        )
    status = row.status if row.status in GOAL_STATUSES else ""
    return Figure(label, judged(row.value, line.unit, (row.target, row.target_2)), status, against)
