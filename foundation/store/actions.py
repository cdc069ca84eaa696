"""Actions: what somebody does about a line, until when. An open one comes back each week until it is done."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

import sqlalchemy as sa

from foundation.store.rows import add_version, standing
from foundation.store.schema import actions

OPEN, DONE, DROPPED = "open", "done", "dropped"

_KEY = ("action_id",)


@dataclass(frozen=True)
class Action:
    """A state of an action; the one of the highest version is the present one."""

    sequence: int
    action_id: str
    version: int
    line_id: str
    period_start: date
    """First day of the period in which it was begun."""
    what: str
    owner: str
    """A person_key of people.csv."""
    due_on: date
    state: str
    """`open`, `done` or `dropped`."""
    entered_at: datetime
    """When it came to this state."""
    entered_by: str
    idempotency_key: str


def add_action(
    connection: sa.Connection,
    *,
    action_id: str,
    line_id: str,
    period_start: date,
    what: str,
    owner: str,
    due_on: date,
    entered_at: datetime,
    entered_by: str,
    idempotency_key: str,
    state: str = OPEN,
    seen: int = 0,
) -> Action:
    """Begin an action, or write its next state. The same request may come twice.

    Args:
        entered_at: `Settings.now()`.
        seen: the version that the writer knows of; 0: it begins.

    Raises:
        KeyUsed: another action was sent with this key.
        Overtaken: there is a later version than `seen`.
    """
    row = {
        "action_id": action_id,
        "version": seen + 1,
        "line_id": line_id,
        "period_start": period_start,
        "what": what,
        "owner": owner,
        "due_on": due_on,
        "state": state,
        "entered_at": entered_at,
        "entered_by": entered_by,
        "idempotency_key": idempotency_key,
    }
    return Action(**add_version(connection, actions, row, _KEY, "action"))


def trail_of(connection: sa.Connection, action_id: str) -> list[Action]:
    """Return every state of an action, the present one last; empty: no action has this id."""
    query = sa.select(actions).where(actions.c.action_id == action_id).order_by(actions.c.version)
    return [Action(**row) for row in connection.execute(query).mappings()]


def present_actions(connection: sa.Connection, line_id: str | None = None) -> list[Action]:
    """All actions or those of a line in their present state, the one that changed last at the end."""
    return [Action(**row) for row in standing(connection, actions, _KEY, line_id)]
