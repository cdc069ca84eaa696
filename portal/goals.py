"""Goals: the dated list of each line, and a new one from a day on, with what it would have meant before it is
set."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from fastapi import APIRouter, HTTPException, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from foundation.cells import Rejected
from foundation.goals import STANDING, checked_end, checked_goal, goals, overruled
from foundation.store import begin, read
from foundation.store.audit import record
from foundation.store.goals import NO_GOAL, add_goal, stored_goals
from foundation.store.rows import KeyUsed
from portal.forms import new_key, sentence
from portal.lines import about_line, goal_words
from portal.web import Form, Signed, Visit
from reports.engine.queries import Result, Row
from reports.look.numbers import day, plural
from reports.look.tokens import STATUS
from reports.words.what_if import would_have

router = APIRouter(include_in_schema=False)
FIELDS = ("valid_from", "operator", "target", "target_2", "band", "tolerance", "per", "reason")


@router.get("/goals")
def all_goals(visit: Signed) -> HTMLResponse:
    """The goals that are in force, by section."""
    today = visit.portal.today
    rows = visit.view.rows(
        """
        select l.line_id, l.section_label, l.label, if(l.unit = 'money', 'money:' || b.currency, l.unit) as
        unit from marts.dim_lines as l cross join marts.dim_build as b order by l.sort_order, l.line_id
        """
    )
    found: dict[str, list[str]] = {}
    for goal in goals(visit.portal.settings):
        if (goal.valid_to or today) >= today:
            unit = next((row.unit for row in rows if row.line_id == goal.line_id), "count")
            from_day = f" from {day(goal.valid_from, year=True)}" if goal.valid_from > today else ""
            found.setdefault(goal.line_id, []).append(goal_words(goal, unit) + from_day)
    return visit.page(
        "goals.html",
        title="Goals",
        current="goals",
        sections=Result("lines", [], rows).groups("section_label"),
        found=found,
        may_set=visit.who.sets_goals,
    )


def _line_of(visit: Visit, line_id: str) -> Row:
    """A line whose goals the reader may set.

    Raises:
        HTTPException: they may not.
    """
    about = about_line(visit, line_id)
    if not visit.who.may_set_goal(visit.view.lines[line_id]):
        raise HTTPException(403, "Your role does not set goals.")
    return about


def _page(
    visit: Visit,
    about: Row,
    form: Mapping[str, str],
    *,
    error: str = "",
    meant: str = "",
    ends: bool = False,
    status: int = 200,
) -> HTMLResponse:
    return visit.page(
        "goal.html",
        title=f"Goal of {about.label}",
        current="goals",
        status=status,
        about=about,
        goals=goals(visit.portal.settings, about.line_id)[::-1],
        overruled=overruled(visit.portal.settings, about.line_id),
        goal_words=goal_words,
        form={"valid_from": str(visit.portal.this_week + timedelta(days=7)), "operator": ">=", "band": "0.10"}
        | dict(form),
        earliest=visit.portal.this_week,
        error=error,
        meant=meant,
        ends=ends,
        key=new_key(),
    )


@router.get("/goals/{line_id}")
def goal(visit: Signed, line_id: str) -> HTMLResponse:
    return _page(visit, _line_of(visit, line_id), {})


@router.post("/goals/{line_id}/preview")
def preview(visit: Signed, line_id: str, form: Form) -> HTMLResponse:
    """What the goal would have meant, before it is set."""
    about = _line_of(visit, line_id)
    try:
        checked = _checked(visit, line_id, form)
    except Rejected as reason:
        return _page(visit, about, form, error=sentence(reason), status=422)
    return _page(visit, about, form, meant=_meant(visit, line_id, checked) + _replaced(visit, about, checked))


def _replaced(visit: Visit, about: Row, checked: Mapping[str, Any]) -> str:
    """` It replaces the goal ≥ 125 from the same day, a row of goals.csv.`"""
    for goal in goals(visit.portal.settings, about.line_id):
        if goal.kind == STANDING and goal.valid_from == checked["valid_from"]:
            where = f"set by {goal.set_by}" if goal.set_by else "a row of goals.csv"
            return f" It replaces the goal {goal_words(goal, about.unit_of)} from the same day, {where}."
    return ""


def _checked(visit: Visit, line_id: str, form: Mapping[str, str]) -> dict[str, Any]:
    values = {name: form.get(name, "")[:500] for name in FIELDS}
    return checked_goal(visit.portal.settings, visit.portal.company, line_id=line_id, **values)


def _meant(visit: Visit, line_id: str, checked: Mapping[str, Any]) -> str:
    """`In force for the last 13 weeks, it would have been met in 4, close in 2.`"""
    names = ("operator", "target", "target_2", "band", "tolerance", "per")
    found = would_have(visit.portal.settings, line_id, **{name: checked[name] for name in names})
    if not found.periods:
        return "No finished period has a number that it could have judged."
    return (
        f"In force for the last {plural(found.periods, found.cadence)}, it would have been"
        f" {STATUS['met'].lower()} in {found.met}, {STATUS['near'].lower()} in {found.near}"
        f" and {STATUS['below'].lower()} in {found.below}."
    )


@router.post("/goals/{line_id}")
def set_goal(visit: Signed, line_id: str, form: Form) -> Response:
    about = _line_of(visit, line_id)
    try:
        checked = _checked(visit, line_id, form)
        _add(visit, checked, form)
    except (Rejected, KeyUsed) as reason:
        return _page(visit, about, form, error=sentence(reason), status=422)
    return RedirectResponse(f"/lines/{line_id}", 303)


@router.post("/goals/{line_id}/end")
def end_goal(visit: Signed, line_id: str, form: Form) -> Response:
    """From a day on the line has no goal."""
    about = _line_of(visit, line_id)
    settings, company = visit.portal.settings, visit.portal.company
    cells = {name: form.get(name, "")[:500] for name in ("valid_from", "reason")}
    with read(settings) as connection:
        known = {goal.idempotency_key for goal in stored_goals(connection, line_id)}
    try:
        if _key(visit, form) in known:  # the same form twice
            return RedirectResponse(f"/lines/{line_id}", 303)
        _add(visit, checked_end(settings, company, line_id=line_id, **cells), form)
    except (Rejected, KeyUsed) as reason:
        return _page(visit, about, form, error=sentence(reason), ends=True, status=422)
    return RedirectResponse(f"/lines/{line_id}", 303)


def _key(visit: Visit, form: Mapping[str, str]) -> str:
    return f"{visit.who.who}:{form.get('key', '')[:100]}"


def _add(visit: Visit, checked: Mapping[str, Any], form: Mapping[str, str]) -> None:
    """
    Raises:
        KeyUsed: another goal was sent with the form's key.
    """
    settings = visit.portal.settings
    with begin(settings) as connection:
        goal = add_goal(
            connection,
            **checked,
            entered_at=settings.now(),
            entered_by=visit.who.who,
            idempotency_key=_key(visit, form),
        )
        said = {"operator": goal.operator, "target": f"{goal.target:f}"}
        record(
            connection,
            at=visit.now,
            who=visit.who.who,
            action="ended_goal" if goal.operator == NO_GOAL else "set_goal",
            subject=goal.line_id,
            details={"from": str(goal.valid_from), **({} if goal.operator == NO_GOAL else said)},
        )
