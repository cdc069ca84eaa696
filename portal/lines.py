"""One line: its whole history with goals, restatements and definition flags; and the months and quarters of
all lines."""

from __future__ import annotations

from fastapi import APIRouter, HTTPException
from fastapi.responses import HTMLResponse

from foundation.goals import DatedGoal, goals
from portal.figures import Figure, figures
from portal.forms import new_key
from portal.notes import Written
from portal.pages import note_confidential
from portal.published import View
from portal.web import Signed, Visit
from reports.components.figures import LineChart
from reports.components.macros import macros
from reports.engine.queries import Result, Row
from reports.look.numbers import day, judged, short_instant
from reports.look.tokens import STATE
from reports.words.line import PER, goal_text
from reports.words.restatements import before, newest_first
from reports.words.signal import limits_of, marked

router = APIRouter(include_in_schema=False)
SHOWN = 60
"""Periods in the table of a line; `?all=yes` shows every one."""
CHARTED = 53

_RESTATED = """
select r.*, if(l.unit = 'money', 'money:' || b.currency, l.unit) as unit, l.aggregation, l.section_label
from marts.fct_restatements as r join marts.dim_lines as l using (line_id) cross join marts.dim_build as b
where r.line_id = $line
"""
_FLAGS = """
select period_start, string_agg(sentence, ' ' order by changed_on, kind) as sentence
from marts.fct_definition_changes where line_id = $line group by period_start
"""


def about_line(visit: Visit, line_id: str) -> Row:
    """A line that the reader may see.

    Raises:
        HTTPException: it does not exist, or they may not see it.
    """
    if line_id not in visit.view.lines:
        raise HTTPException(404)
    (about,) = visit.view.rows(
        """
        select l.*, m.definition, m.why, m.calculation, if(l.unit = 'money', 'money:' || b.currency, l.unit)
        as unit_of from marts.dim_lines as l left join marts.dim_metrics as m using (metric_id) cross join
        marts.dim_build as b where l.line_id = $line
        """,
        line=line_id,
    )
    return about


def goal_words(goal: DatedGoal, unit: str) -> str:
    """`≥ 125 per working day`"""
    return goal_text(goal.operator, goal.target, goal.target_2, unit) + PER.get(goal.per or "", "")


def value_of(figure: Figure) -> str:
    goal = figure.goal
    return judged(figure.value, figure.unit, (goal.target, goal.target_2) if goal else (None, None))


def reach_of(figure: Figure, zone: str) -> str:
    """What a number lacks, in words: `Stale, complete to 27 Oct, 07:00; a bank complains`; empty: nothing."""
    said = "" if figure.state in ("live", "provisional") else STATE.get(figure.state, figure.state)
    if figure.state == "stale" and figure.as_of:
        said += f", complete to {short_instant(figure.as_of, zone)}"
    return "; ".join(filter(None, (said, figure.note)))


def is_whole(figure: Figure) -> bool:
    """Whether a finished period was read to its end and leaves nothing out."""
    return figure.state in ("live", "manual") and figure.note is None


def goal_of(figure: Figure) -> str:
    goal = figure.goal
    return goal_text(goal.operator, goal.target, goal.target_2, figure.unit) if goal else "–"


@router.get("/lines")
def lines(visit: Signed) -> HTMLResponse:
    rows = visit.view.rows(
        "select line_id, section_label, label, owner_names, cadence from marts.dim_lines"
        " order by sort_order, line_id"
    )
    return visit.page(
        "lines.html",
        title="Lines",
        current="lines",
        sections=Result("lines", [], rows).groups("section_label"),
    )


@router.get("/lines/{line_id}")
def line(visit: Signed, line_id: str, all: str = "") -> HTMLResponse:
    about = about_line(visit, line_id)
    note_confidential(visit, f"history of {line_id}", {line_id})
    view = visit.view
    found = figures(view, about.cadence, "line_id = $line", line=line_id)[::-1]
    zone = visit.portal.company.company.time_zone
    restated = newest_first(view.rows(_RESTATED, line=line_id))
    flags = {row.period_start: row.sentence for row in view.rows(_FLAGS, line=line_id)}
    shown = found if all else found[:SHOWN]
    return visit.page(
        "line.html",
        title=about.label,
        current="lines",
        about=about,
        figures=[
            (
                one,
                [before(row, zone, year=True) for row in restated.get((line_id, one.start_date), [])],
                flags.get(one.start_date),
                _receipt(view, one),
            )
            for one in shown
        ],
        more=len(found) - len(shown),
        chart=lambda: _chart(about, found[::-1]),  # ids are numbered while the page is rendered
        goals=goals(visit.portal.settings, line_id)[::-1],
        may_set=visit.who.may_set_goal(view.lines[line_id]),
        may_answer=visit.who.may_answer(view.lines[line_id]),
        written=Written.of(visit, line_id),
        new_key=new_key,
        value_of=value_of,
        reach_of=lambda one: reach_of(one, zone),
        goal_of=goal_of,
        goal_words=goal_words,
        Pill=macros("basics.html").Pill,
        signal=next((one.signal for one in found if one.is_finished), None),
        usual=macros("signals.html").usual,
    )


def _receipt(view: View, one: Figure) -> str | None:
    known = (one.period, one.line_id) in view.known
    return f"/receipts/{one.period}.html?line={one.line_id}" if known else None


def _chart(about: Row, found: list[Figure]) -> object:
    """The finished periods of the last year; fewer than two numbers draw nothing."""
    found = [one for one in found if one.is_finished][-CHARTED:]
    if sum(one.value is not None and is_whole(one) for one in found) < 2:
        return ""
    rows = [
        Row(
            start=day(one.start_date),
            # what was read in part would be drawn as a fall
            value=one.value if is_whole(one) else None,
            goal=one.goal.target if one.goal else None,
        )
        for one in found
    ]
    has_goal = any(row.goal is not None for row in rows)
    result = Result("history", ["start", "value", "goal"], rows)
    limits: tuple[float, float] | None = None
    usual = []
    for one in found:  # a week that is not a point has the limits in force in it
        if one.signal:
            limits = limits_of(one.signal.lower, one.signal.upper)
        usual.append(limits)
    return LineChart(
        result,
        "start",
        ["value"],
        "History",
        names=[about.label],
        unit=about.unit_of,
        subtitle=f"The last {len(rows)} {about.cadence}s"
        + (". Shaded: usual range. Ring: signal" if any(usual) else ""),
        goal="goal" if has_goal else None,
        usual=usual,
        signals=marked([one.signal.rule if one.signal else None for one in found]),
    )


@router.get("/periods/{label}")
def period(visit: Signed, label: str) -> HTMLResponse:
    """All lines in a month or a quarter, or in a week for those who may not open the scorecard."""
    view = visit.view
    zone = visit.portal.company.company.time_zone
    span = view.spans.get(label)
    if span is None:
        raise HTTPException(404)
    found = figures(view, span.cadence, "start_date = $start::date", start=span.start)
    if span.cadence == "quarter":
        found = (
            figures(view, "weeks of a quarter", quarter=span.label, first=span.start, last=span.end) + found
        )
    note_confidential(visit, label, {one.line_id for one in found})
    labels = {row.section: row.section_label for row in view.rows("from marts.dim_lines")}
    sections: dict[str, list[tuple[Figure, str | None]]] = {}
    for one in found:
        sections.setdefault(labels[one.section], []).append((one, _receipt(view, one)))
    picker = visit.portal.macros("nav.html").picker(view.periods.spans[::-1], label)
    return visit.page(
        "period.html",
        title=label,
        span=span,
        sections=sections,
        value_of=value_of,
        reach_of=lambda one: reach_of(one, zone),
        goal_of=goal_of,
        written=Written.of(visit),
        Pill=macros("basics.html").Pill,
        picker=picker,
    )
