"""What people answer about a line: why a number is as it is, what they do about it, that a change is the new
normal. Judged and saved here for pages and API alike; every change is in the audit."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from typing import Any

import sqlalchemy as sa
from fastapi import HTTPException

from foundation.cells import Rejected
from foundation.store import begin, read
from foundation.store.actions import DONE, DROPPED, OPEN, Action, add_action, present_actions, trail_of
from foundation.store.audit import record
from foundation.store.normals import Normal, add_normal, normals_of, standing_normals
from foundation.store.notes import Note, add_note, notes_of, standing_notes
from foundation.store.rows import KeyUsed, Overtaken
from foundation.text import inside_sentence
from portal.access import Person, viewer_of
from portal.figures import Figure, figures
from portal.forms import plain_text
from portal.web import Reader, Visit

STATES = {OPEN: "open", DONE: "done", DROPPED: "dropped"}
LATEST_DUE = timedelta(days=3 * 366)
OWES = "below"
"""The status of a number that owes a note."""


def figure_of(visit: Reader, line_id: str, label: str) -> Figure:
    """A line's number of a period that the reader may see.

    Raises:
        HTTPException: there is none for them.
    """
    view = visit.view
    span = view.spans.get(label)
    if line_id not in view.lines or span is None:
        raise HTTPException(404)
    found = figures(
        view, span.cadence, "line_id = $line and start_date = $start::date", line=line_id, start=span.start
    )
    if not found:
        raise HTTPException(404)
    return found[0]


def check_may_answer(visit: Visit, line_id: str) -> None:
    """
    Raises:
        HTTPException: there is no such line for them, or it is not theirs to answer for.
    """
    if line_id not in visit.view.lines:
        raise HTTPException(404)
    if not visit.who.may_answer(visit.view.lines[line_id]):
        raise HTTPException(403, "Owners of the line, and people who set goals, write here.")


# ---- what was written ----


@dataclass(frozen=True)
class Written:
    """What people wrote about the lines that a reader may see, from the store."""

    visit: Reader
    every_note: Sequence[Note]
    every_action: Sequence[Action]
    every_normal: Sequence[Normal]

    @classmethod
    def of(cls, visit: Reader, line_id: str | None = None) -> Written:
        """About all lines, or about one."""
        lines = visit.view.lines
        with read(visit.portal.settings) as connection:
            return cls(
                visit,
                [one for one in standing_notes(connection, line_id) if one.line_id in lines],
                [one for one in present_actions(connection, line_id) if one.line_id in lines],
                [one for one in standing_normals(connection, line_id) if one.line_id in lines],
            )

    @cached_property
    def notes(self) -> Mapping[tuple[str, date], Note]:
        return {(note.line_id, note.period_start): note for note in self.every_note}

    @cached_property
    def names(self) -> Mapping[str, str]:
        return {person.key: person.name for person in self.visit.portal.people}

    def name(self, who: str) -> str:
        """A person's name; of somebody from outside, the address."""
        return self.names.get(who, who)

    def is_late(self, action: Action) -> bool:
        return action.state == OPEN and action.due_on < self.visit.portal.today

    @property
    def open_actions(self) -> list[Action]:
        """Return the open actions, the first due first."""
        return sorted((one for one in self.every_action if one.state == OPEN), key=lambda one: one.due_on)

    def may_change(self, action: Action) -> bool:
        who = self.visit.who
        return action.owner == who.person_key or who.may_answer(self.visit.view.lines[action.line_id])


def newest_figures(visit: Reader) -> list[Figure]:
    """The newest finished period of each line that the reader may see."""
    newest = visit.view.periods.newest
    if newest is None:
        return []
    # a line that has ended owes nothing
    reach = {"week": 0, "month": 40, "quarter": 100}
    return [
        one
        for cadence, days in reach.items()
        for one in figures(
            visit.view,
            cadence,
            "is_finished and end_date >= $since::date"
            " qualify row_number() over (partition by line_id order by start_date desc) = 1",
            since=newest - timedelta(days=days),
        )
    ]


def people_who_may_see(visit: Visit, line_id: str) -> list[Person]:
    """The active people of people.csv who may see a line, by name: an action is given to one of them."""
    portal = visit.portal
    found = []
    for person in portal.people:
        viewer = viewer_of(portal.company.access, portal.people, person.address, portal.today)
        if viewer and viewer.may_see(visit.view.lines[line_id]):
            found.append(person)
    return sorted(found, key=lambda person: person.name)


# ---- saving ----


def _key(visit: Visit, key: str, what: str) -> str:
    if not re.fullmatch(r"[\w:.-]{8,200}", key):
        raise Rejected("the form is not complete; open the page again")
    return f"{visit.who.who}:{key}:{what}"


@contextmanager
def _refusals() -> Iterator[None]:
    """Turn what the store refuses into a sentence."""
    try:
        yield
    except (KeyUsed, Overtaken) as reason:
        raise Rejected(inside_sentence(str(reason).rstrip("."))) from None


def _note_change(visit: Visit, connection: sa.Connection, action: str, line_id: str, **details: Any) -> None:
    record(connection, at=visit.now, who=visit.who.who, action=action, subject=line_id, details=details)


def save_note(visit: Visit, figure: Figure, text: str, *, seen: int, key: str) -> Note:
    """Write a note in place of version `seen`; an empty text takes it back.

    Raises:
        Rejected: the sentence says why. HTTPException: it is not theirs to write.
    """
    with begin(visit.portal.settings) as connection:
        return write_note(visit, connection, figure, text, seen=seen, key=key)


def write_note(
    visit: Visit, connection: sa.Connection, figure: Figure, text: str, *, seen: int, key: str
) -> Note:
    """The same within an open transaction."""
    check_may_answer(visit, figure.line_id)
    clean, key = plain_text(text, "note") or "", _key(visit, key, "note")
    if not clean and not seen:
        raise Rejected("the note is empty; say in one or two sentences why, and what comes next")
    before = notes_of(connection, figure.line_id, figure.start_date)
    with _refusals():
        note = add_note(
            connection,
            line_id=figure.line_id,
            period_start=figure.start_date,
            text=clean,
            seen=seen,
            entered_at=visit.portal.settings.now(),
            entered_by=visit.who.who,
            idempotency_key=key,
        )
    if note not in before:
        done = "took_back_note" if not clean else "edited_note" if seen else "wrote_note"
        _note_change(visit, connection, done, figure.line_id, period=figure.period, text=clean)
    return note


def begin_action(
    visit: Visit, connection: sa.Connection, figure: Figure, *, what: str, owner: str, due: str, key: str
) -> Action:
    """Begin an action about a line, within an open transaction.

    Raises:
        Rejected: the sentence says why. HTTPException: it is not theirs to write.
    """
    check_may_answer(visit, figure.line_id)
    fields = _action_fields(visit, figure.line_id, what=what, owner=owner, due=due)
    key = _key(visit, key, "action")
    again = [one for one in present_actions(connection, figure.line_id) if one.idempotency_key == key]
    # the same request again is the same action
    action_id = again[0].action_id if again else secrets.token_hex(6)
    with _refusals():
        action = add_action(
            connection,
            action_id=action_id,
            line_id=figure.line_id,
            period_start=figure.start_date,
            **fields,
            entered_at=visit.portal.settings.now(),
            entered_by=visit.who.who,
            idempotency_key=key,
        )
    if not again:
        _note_change(
            visit, connection, "began_action", figure.line_id, what=action.what, owner=action.owner,
            due=str(action.due_on),
        )  # fmt: skip
    return action


def _action_fields(
    visit: Visit, line_id: str, *, what: str, owner: str, due: str, before: Action | None = None
) -> dict[str, Any]:
    """Check the fields of an action. `before`: fields that stay the same are not checked again."""
    clean = plain_text(what, "action")
    if not clean:
        raise Rejected("what is to be done is empty")
    try:
        day = date.fromisoformat(due) if len(due) == 10 else None
    except ValueError:
        day = None
    if day is None:
        raise Rejected(f"{due[:20]!r} is not a valid date, expected YYYY-MM-DD")
    today = visit.portal.today
    if (before is None or day != before.due_on) and not today <= day <= today + LATEST_DUE:
        raise Rejected(f"{day} is not a day from today ({today}) to three years on")
    if before is None or owner != before.owner:
        allowed = {person.key for person in people_who_may_see(visit, line_id)}
        if owner not in allowed:
            raise Rejected(f"{owner[:60]!r} is not somebody of people.csv who may see this line")
    return {"what": clean, "owner": owner, "due_on": day}


def action_of(visit: Visit, action_id: str) -> list[Action]:
    """The trail of an action that the reader may see.

    Raises:
        HTTPException: there is none for them.
    """
    with read(visit.portal.settings) as connection:
        trail = trail_of(connection, action_id)
    if not trail or trail[-1].line_id not in visit.view.lines:
        raise HTTPException(404)
    return trail


def change_action(visit: Visit, action_id: str, *, seen: int, key: str, **changes: str) -> Action:
    """Write the next state of an action. `changes`: `what`, `owner`, `due`, `state`; what is missing stays.

    Raises:
        Rejected: the sentence says why. HTTPException: there is none for them, or it is not theirs.
    """
    now = action_of(visit, action_id)[-1]
    if now.owner != visit.who.person_key:
        check_may_answer(visit, now.line_id)
    state = changes.get("state", now.state)
    if state not in STATES:
        raise Rejected(f"state {state[:20]!r} is not valid, expected one of {', '.join(STATES)}")
    fields = _action_fields(
        visit,
        now.line_id,
        what=changes.get("what", now.what),
        owner=changes.get("owner", now.owner),
        due=changes.get("due", str(now.due_on)),
        before=now,
    )
    key = _key(visit, key, "action")
    with begin(visit.portal.settings) as connection:
        before = trail_of(connection, action_id)
        with _refusals():
            action = add_action(
                connection,
                action_id=action_id,
                line_id=now.line_id,
                period_start=now.period_start,
                **fields,
                state=state,
                seen=seen,
                entered_at=visit.portal.settings.now(),
                entered_by=visit.who.who,
                idempotency_key=key,
            )
        if action not in before:
            _note_change(
                visit, connection, "changed_action", now.line_id, what=action.what, owner=action.owner,
                due=str(action.due_on), state=state,
            )  # fmt: skip
    return action


def save_normal(
    visit: Visit, line_id: str, starts_on: date, reason: str, *, key: str, withdraw: bool = False
) -> Normal:
    """Confirm that a line is another one from a week on, or withdraw that.

    Raises:
        Rejected: the sentence says why. HTTPException: it is not theirs to say.
    """
    check_may_answer(visit, line_id)
    clean, key = plain_text(reason, "reason"), _key(visit, key, "normal")
    if not clean:
        raise Rejected("the reason is empty; say what has changed")
    with begin(visit.portal.settings) as connection:
        said = [one for one in normals_of(connection, line_id) if one.starts_on == starts_on]
        again = any(one.idempotency_key == key for one in said)
        stands = bool(said) and not said[-1].is_withdrawn
        if not again and stands != withdraw:
            raise Rejected(
                f"there is no new normal from {starts_on}"
                if withdraw
                else f"{starts_on} is confirmed already"
            )
        with _refusals():
            normal = add_normal(
                connection,
                line_id=line_id,
                starts_on=starts_on,
                reason=clean,
                is_withdrawn=withdraw,
                seen=said[-1].version if said and not again else 0,
                entered_at=visit.portal.settings.now(),
                entered_by=visit.who.who,
                idempotency_key=key,
            )
        if not again:
            done = "withdrew_normal" if withdraw else "confirmed_normal"
            _note_change(visit, connection, done, line_id, starts_on=str(starts_on), reason=clean)
    return normal
