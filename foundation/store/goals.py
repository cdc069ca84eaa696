"""Goals that were set in the portal. `foundation/goals.py` makes one list of them and goals.csv, and judges
new ones."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

import sqlalchemy as sa

from foundation.store.rows import add_once
from foundation.store.schema import goals

NO_GOAL = "none"
"""The operator of a row that ends the line's goal: none applies from its first day on. Its target is 0 and
says nothing."""


@dataclass(frozen=True)
class StoredGoal:
    """A goal from a day until the line's next one begins, or the end of goals from that day."""

    sequence: int
    line_id: str
    valid_from: date
    operator: str
    """`>=`, `>`, `<=`, `<`, `=`, `between`, `outside` or `NO_GOAL`."""
    target: Decimal
    target_2: Decimal | None
    """The upper bound of `between` and `outside`."""
    band: Decimal | None
    """Share of the target within which a miss is close: 0.10."""
    reason: str
    per: str | None
    """`day`, `person_day` or `person_week`; None: the period as a whole."""
    tolerance: Decimal | None
    """An amount in place of the band."""
    entered_at: datetime
    entered_by: str
    idempotency_key: str


def add_goal(
    connection: sa.Connection,
    *,
    line_id: str,
    valid_from: date,
    operator: str,
    target: Decimal,
    reason: str,
    entered_at: datetime,
    entered_by: str,
    idempotency_key: str,
    target_2: Decimal | None = None,
    band: Decimal | None = None,
    per: str | None = None,
    tolerance: Decimal | None = None,
) -> StoredGoal:
    """Add a goal that `foundation.goals.checked_goal` accepts. The same request may come twice.

    Args:
        entered_at: `Settings.now()`.

    Raises:
        KeyUsed: another goal was sent with this key.
    """
    row = {
        "line_id": line_id,
        "valid_from": valid_from,
        "operator": operator,
        "target": target,
        "target_2": target_2,
        "band": band,
        "reason": reason,
        "per": per,
        "tolerance": tolerance,
        "entered_at": entered_at,
        "entered_by": entered_by,
        "idempotency_key": idempotency_key,
    }
    return StoredGoal(**add_once(connection, goals, row, "goal"))


def stored_goals(connection: sa.Connection, line_id: str | None = None) -> list[StoredGoal]:
    """Every goal that was ever set in the portal, in the order of setting; `line_id`: of one line."""
    return _found(connection, *([] if line_id is None else [goals.c.line_id == line_id]))


def _found(connection: sa.Connection, *where: sa.ColumnElement[bool]) -> list[StoredGoal]:
    query = sa.select(goals).where(*where).order_by(goals.c.sequence)
    return [StoredGoal(**row) for row in connection.execute(query).mappings()]
