"""My week and what it leads to: notes about missed numbers, actions, and what everybody wrote."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta

from fastapi import APIRouter, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from foundation.cells import Rejected
from foundation.store import begin, read
from foundation.store.actions import OPEN, Action
from foundation.store.notes import Note, notes_of
from portal.figures import Figure
from portal.forms import ON_THE_PAGE, new_key, sentence
from portal.lines import about_line, goal_of, reach_of, value_of
from portal.notes import (
    OWES,
    STATES,
    Written,
    action_of,
    begin_action,
    change_action,
    check_may_answer,
    figure_of,
    newest_figures,
    people_who_may_see,
    write_note,
)
from portal.pages import note_confidential
from portal.web import Form, Signed, Visit
from reports.components.macros import macros
from reports.look.numbers import capital, period_name

router = APIRouter(include_in_schema=False)
FOUND = 100
"""What the search shows at most."""
DUE = timedelta(days=7)
"""How far ahead the form suggests a due day."""


def _period(one: Figure) -> str:
    cadence = {"W": "week", "Q": "quarter"}.get(one.period[5:6], "month")
    return period_name(one.start_date, cadence)


# ---- my week ----


@router.get("/week")
def week(visit: Signed, all: str = "", done: str = "") -> HTMLResponse:
    """Lines that owe a note, and open actions: one's own, or everybody's. Then one's other lines."""
    written = Written.of(visit)
    lines, me = visit.view.lines, visit.who.person_key
    own = {name for name, line in lines.items() if me in line.owners}
    everybody = bool(all) or not (own or any(one.owner == me for one in written.open_actions))
    newest = [one for one in newest_figures(visit) if everybody or one.line_id in own]
    missed = [one for one in newest if one.status == OWES]
    actions = [one for one in written.open_actions if everybody or one.owner == me or one.line_id in own]
    note_confidential(visit, "my week", {one.line_id for one in newest} | {one.line_id for one in actions})
    noted = [(one, written.notes.get((one.line_id, one.start_date))) for one in missed]
    return visit.page(
        "week.html",
        title="My week",
        current="week",
        owing=[one for one, note in noted if note is None],
        noted=[(one, note) for one, note in noted if note is not None],
        others=[] if everybody else [one for one in newest if one.status != OWES],
        actions=actions,
        written=written,
        everybody=everybody,
        has_own=bool(own),
        unknown=sum(one.status == "no_data" for one in newest),
        labels=_labels(visit),
        done=SAID.get(done, ""),
        value_of=value_of,
        goal_of=goal_of,
        reach_of=lambda one: reach_of(one, visit.portal.company.company.time_zone),
        period=lambda one: capital(_period(one)),
        owners=lambda line_id: ", ".join(written.name(key) for key in sorted(lines[line_id].owners)),
        may_answer=lambda line_id: visit.who.may_answer(lines[line_id]),
        new_key=new_key,
        Pill=macros("basics.html").Pill,
    )


SAID = {
    "note": f"Your note is saved. {ON_THE_PAGE}",
    "action": f"The action is saved. {ON_THE_PAGE}",
}


def _labels(visit: Visit) -> dict[str, str]:
    """Line -> its section and label."""
    rows = visit.view.rows("select line_id, section_label, label from marts.dim_lines")
    return {row.line_id: f"{row.section_label}: {row.label}" for row in rows}


# ---- a note, perhaps with an action ----


def _note_page(
    visit: Visit,
    figure: Figure,
    form: Mapping[str, str],
    *,
    error: str = "",
    done: str = "",
    status: int = 200,
) -> HTMLResponse:
    with read(visit.portal.settings) as connection:
        trail = notes_of(connection, figure.line_id, figure.start_date)
    written = Written.of(visit, figure.line_id)
    return visit.page(
        "note.html",
        title=f"Note on {figure.label}",
        current="week",
        status=status,
        figure=figure,
        about=about_line(visit, figure.line_id),
        period=_period(figure),
        trail=trail,
        standing=trail[-1] if trail and trail[-1].text else None,
        seen=trail[-1].version if trail else 0,
        actions=written.open_actions,
        written=written,
        may_answer=visit.who.may_answer(visit.view.lines[figure.line_id]),
        people=people_who_may_see(visit, figure.line_id),
        form={"owner": visit.who.person_key or "", "due": str(visit.portal.today + DUE)} | dict(form),
        error=error,
        done=SAID.get(done, ""),
        new_key=new_key,
        value=value_of(figure),
        reach=reach_of(figure, visit.portal.company.company.time_zone),
        goal=goal_of(figure),
        Pill=macros("basics.html").Pill,
    )


@router.get("/lines/{line_id}/notes/{label}")
def note(visit: Signed, line_id: str, label: str, done: str = "") -> HTMLResponse:
    figure = figure_of(visit, line_id, label)
    note_confidential(visit, f"note on {line_id} {label}", {line_id})
    return _note_page(visit, figure, {}, done=done)


@router.post("/lines/{line_id}/notes/{label}")
def save(visit: Signed, line_id: str, label: str, form: Form) -> Response:
    """Save a note and, where its field is filled, the action with it: both, or neither."""
    figure = figure_of(visit, line_id, label)
    check_may_answer(visit, line_id)
    try:
        with begin(visit.portal.settings) as connection:
            if form.get("note", "").strip() or not form.get("what", "").strip():
                write_note(
                    visit, connection, figure, form.get("note", ""), seen=_seen(form), key=form.get("key", "")
                )
            if form.get("what", "").strip():
                begin_action(
                    visit,
                    connection,
                    figure,
                    what=form["what"],
                    owner=form.get("owner", ""),
                    due=form.get("due", ""),
                    key=form.get("key", ""),
                )
    except Rejected as reason:
        return _note_page(visit, figure, form, error=sentence(reason), status=422)
    if form.get("back") == "week":
        return RedirectResponse("/week?done=note", 303)
    return RedirectResponse(f"/lines/{line_id}/notes/{label}?done=note", 303)


def _seen(form: Mapping[str, str]) -> int:
    text = form.get("seen", "")
    return int(text) if re.fullmatch(r"\d{1,6}", text) else 0


# ---- actions ----


def _action_page(
    visit: Visit,
    trail: list[Action],
    form: Mapping[str, str],
    *,
    error: str = "",
    done: str = "",
    status: int = 200,
) -> HTMLResponse:
    now, written = trail[-1], Written.of(visit, trail[-1].line_id)
    people = people_who_may_see(visit, now.line_id)
    return visit.page(
        "action.html",
        title=now.what,
        current="week",
        status=status,
        about=about_line(visit, now.line_id),
        action=now,
        trail=trail,
        written=written,
        states=STATES,
        may_change=written.may_change(now),
        people=people,
        form={"what": now.what, "owner": now.owner, "due": str(now.due_on)} | dict(form),
        key=new_key(),
        error=error,
        done=SAID.get(done, ""),
    )


@router.get("/actions/{action_id}")
def action(visit: Signed, action_id: str, done: str = "") -> HTMLResponse:
    trail = action_of(visit, action_id)
    note_confidential(visit, f"action {action_id}", {trail[-1].line_id})
    return _action_page(visit, trail, {}, done=done)


@router.post("/actions/{action_id}")
def change(visit: Signed, action_id: str, form: Form) -> Response:
    """Change the text, owner or day of an action; with `state`, close or reopen it."""
    trail = action_of(visit, action_id)
    fields = {name: form[name] for name in ("what", "owner", "due", "state") if name in form}
    try:
        change_action(visit, action_id, seen=_seen(form), key=form.get("key", ""), **fields)
    except Rejected as reason:
        return _action_page(visit, trail, form, error=sentence(reason), status=422)
    return RedirectResponse(
        "/week?done=action" if form.get("back") == "week" else f"/actions/{action_id}?done=action", 303
    )


# ---- what was written ----


@router.get("/notes")
def search(visit: Signed, q: str = "") -> HTMLResponse:
    """Notes and actions that have a text in them, the newest first."""
    written, words = Written.of(visit), q[:200].casefold().split()
    labels = _labels(visit)

    def has(one: Note | Action, *texts: str) -> bool:
        text = " ".join((*texts, labels[one.line_id], written.name(one.entered_by))).casefold()
        return all(word in text for word in words)

    notes = [one for one in written.every_note if has(one, one.text)]
    actions = [one for one in written.every_action if has(one, one.what, written.name(one.owner))]
    note_confidential(visit, "notes", {one.line_id for one in notes} | {one.line_id for one in actions})
    cadences = {
        row.line_id: row.cadence for row in visit.view.rows("select line_id, cadence from marts.dim_lines")
    }
    spans = {(span.cadence, span.start): span.label for span in visit.view.periods.spans}
    return visit.page(
        "notes.html",
        title="Notes",
        current="notes",
        q=q[:200],
        notes=notes[: -FOUND - 1 : -1],
        actions=actions[: -FOUND - 1 : -1],
        more=max(len(notes), len(actions)) > FOUND,
        found=FOUND,
        written=written,
        labels=labels,
        open=OPEN,
        period=lambda one: capital(period_name(one.period_start, cadences[one.line_id])),
        label=lambda one: spans.get((cadences[one.line_id], one.period_start)),
    )
