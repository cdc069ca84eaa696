"""Notes, actions and new normals in the API: read and written by the same rules as on the pages."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, TypeVar

from fastapi import APIRouter, HTTPException, Path, Query
from pydantic import BaseModel, Field

from foundation.store import begin
from foundation.store.actions import Action
from foundation.store.notes import Note
from portal import notes
from portal.api.answers import (
    PROBLEMS,
    Cached,
    Cursor,
    FormToken,
    IdempotencyKey,
    Limit,
    Noted,
    OptionalLine,
    check_form,
    page_of,
    refusals,
    visible_line,
)
from portal.figures import Figure
from portal.web import Reader, Signed, Visit
from reports.site.periods import Span

router = APIRouter(prefix="/api/v1", responses=PROBLEMS, dependencies=[Noted])
Text = Annotated[str, Field(max_length=2000)]
Period = Annotated[str, Field(max_length=20, description="`2025-W43`, `2025-10` or `2025-Q4`.")]
Version = Annotated[
    int,
    Field(
        ge=0,
        le=10**6,
        description="The version that this one replaces: nobody overwrites what they have not seen.",
    ),
]


class NoteOut(BaseModel):
    """Why a line's number is as it is, and what comes next."""

    line_id: str
    period: str | None = Field(description="Null: nothing is published for it.")
    period_start: date
    text: str = Field(description="Empty: it was taken back.")
    version: int
    entered_at: datetime
    entered_by: str


class Notes(BaseModel):
    notes: list[NoteOut]
    next_cursor: str | None = None


class ActionOut(BaseModel):
    """What somebody does about a line, until when."""

    action_id: str
    line_id: str
    period: str | None
    period_start: date
    what: str
    owner: str = Field(description="Of people.csv.")
    due_on: date
    state: str = Field(description="open, done or dropped")
    version: int
    entered_at: datetime
    entered_by: str


class Actions(BaseModel):
    actions: list[ActionOut]
    next_cursor: str | None = None


class NormalOut(BaseModel):
    """From this week on the line is another one; the usual range is computed from there."""

    line_id: str
    starts_on: date
    reason: str
    entered_at: datetime
    entered_by: str


class Normals(BaseModel):
    normals: list[NormalOut]


class NewNote(BaseModel):
    """A note to write."""

    line_id: Annotated[str, Field(max_length=200)]
    period: Period
    text: Text = Field(description="One or two sentences; empty takes the note back.")
    replaces: Version = 0


class NewAction(BaseModel):
    """An action to begin."""

    line_id: Annotated[str, Field(max_length=200)]
    period: Period
    what: Text
    owner: Annotated[str, Field(max_length=200, description="Of people.csv, somebody who may see the line.")]
    due_on: date


class ActionChange(BaseModel):
    """What changes of an action; what is left out stays."""

    replaces: Version
    what: Text | None = None
    owner: Annotated[str, Field(max_length=200)] | None = None
    due_on: date | None = None
    state: Annotated[str, Field(max_length=20, description="open, done or dropped")] | None = None


One = TypeVar("One", Note, Action)


def _labels(visit: Reader) -> dict[tuple[str, date], Span]:
    """(cadence, first day) -> period."""
    return {(span.cadence, span.start): span for span in visit.view.periods.spans}


def _cadences(visit: Reader) -> dict[str, str]:
    rows = visit.view.rows("select line_id, cadence from marts.dim_lines")
    return {row.line_id: row.cadence for row in rows}


def _periods(visit: Reader, found: list[One]) -> list[tuple[One, str | None]]:
    labels, cadences = _labels(visit), _cadences(visit)
    return [
        (one, span.label if (span := labels.get((cadences[one.line_id], one.period_start))) else None)
        for one in found
    ]


def _note(note: Note, period: str | None) -> NoteOut:
    return NoteOut.model_validate({**vars(note), "period": period})


def _action(action: Action, period: str | None) -> ActionOut:
    return ActionOut.model_validate({**vars(action), "period": period})


@router.get("/notes", tags=["Notes"])
def all_notes(
    visit: Cached,
    line: OptionalLine = "",
    period: Annotated[str, Query(max_length=20, description="Only this week, month or quarter.")] = "",
    q: Annotated[str, Query(max_length=200, description="Only notes with this text.")] = "",
    limit: Limit = 100,
    cursor: Cursor = "",
) -> Notes:
    """The notes on lines that you may see."""
    written = notes.Written.of(visit, line or None)
    made = [
        _note(one, label)
        for one, label in _periods(visit, list(written.every_note))
        if period in ("", label) and q.casefold() in one.text.casefold()
    ]
    made.sort(key=lambda one: (one.period_start, one.line_id))
    part, more = page_of(visit.view, made, limit, cursor)
    return Notes(notes=list(part), next_cursor=more)


@router.get("/actions", tags=["Notes"])
def all_actions(
    visit: Cached,
    line: OptionalLine = "",
    owner: Annotated[str, Query(max_length=200, description="Only those of this person of people.csv.")] = "",
    state: Annotated[str, Query(pattern="^(open|done|dropped)?$", description="open, done or dropped")] = "",
    limit: Limit = 100,
    cursor: Cursor = "",
) -> Actions:
    """The actions on lines that you may see."""
    written = notes.Written.of(visit, line or None)
    made = [
        _action(one, label)
        for one, label in _periods(visit, list(written.every_action))
        if owner in ("", one.owner) and state in ("", one.state)
    ]
    made.sort(key=lambda one: (one.due_on, one.action_id))
    part, more = page_of(visit.view, made, limit, cursor)
    return Actions(actions=list(part), next_cursor=more)


@router.get("/normals", tags=["Notes"])
def all_normals(visit: Cached, line: OptionalLine = "") -> Normals:
    """The new normals that people have confirmed on lines that you may see."""
    written = notes.Written.of(visit, line or None)
    return Normals(normals=[NormalOut.model_validate(vars(one)) for one in written.every_normal])


def _figure(visit: Visit, line_id: str, period: str) -> Figure:
    visible_line(visit.view, line_id)
    try:
        return notes.figure_of(visit, line_id, period)
    except HTTPException:
        raise HTTPException(404, f"Nothing is published for {line_id} in {period!r}.") from None


@router.post("/notes", status_code=201, tags=["Notes"])
def write(
    visit: Signed, new: NewNote, idempotency_key: IdempotencyKey, x_form_token: FormToken = ""
) -> NoteOut:
    """Write a note. It is on the pages after the next build, usually within minutes.

    A program needs a role that sets goals, or whose `types` lists the line.
    """
    check_form(visit, x_form_token)
    figure = _figure(visit, new.line_id, new.period)
    with refusals():
        made = notes.save_note(visit, figure, new.text, seen=new.replaces, key=idempotency_key)
    return _note(made, figure.period)


@router.post("/actions", status_code=201, tags=["Notes"])
def begin_action(
    visit: Signed, new: NewAction, idempotency_key: IdempotencyKey, x_form_token: FormToken = ""
) -> ActionOut:
    """Begin an action. It comes back each week until it is done or dropped.

    A program needs a role that sets goals, or whose `types` lists the line.
    """
    check_form(visit, x_form_token)
    figure = _figure(visit, new.line_id, new.period)
    with refusals(), begin(visit.portal.settings) as connection:
        made = notes.begin_action(
            visit,
            connection,
            figure,
            what=new.what,
            owner=new.owner,
            due=str(new.due_on),
            key=idempotency_key,
        )
    return _action(made, figure.period)


@router.post("/actions/{action_id}", tags=["Notes"])
def change_action(
    visit: Signed,
    action_id: Annotated[str, Path(max_length=60, pattern=r"^[\w-]+$")],
    change: ActionChange,
    idempotency_key: IdempotencyKey,
    x_form_token: FormToken = "",
) -> ActionOut:
    """Change an action: its text, owner, day or state."""
    check_form(visit, x_form_token)
    fields = {"what": change.what, "owner": change.owner, "state": change.state}
    given = {name: value for name, value in fields.items() if value is not None}
    if change.due_on is not None:
        given["due"] = str(change.due_on)
    with refusals():
        made = notes.change_action(visit, action_id, seen=change.replaces, key=idempotency_key, **given)
    ((made, period),) = _periods(visit, [made])
    return _action(made, period)
