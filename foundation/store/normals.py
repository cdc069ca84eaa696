"""New normals: "from this week on, the line is another one", confirmed by a person, with a reason."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

import sqlalchemy as sa

from foundation.store.rows import add_version, standing
from foundation.store.schema import normals

_KEY = ("line_id", "starts_on")


@dataclass(frozen=True)
class Normal:
    """What somebody said about a line and a first week."""

    sequence: int
    line_id: str
    starts_on: date
    """Monday of the first week that the usual range is computed from."""
    version: int
    """1: the first that was said about this line and week."""
    is_withdrawn: bool
    reason: str
    """Why it is the new normal, or why it is not."""
    entered_at: datetime
    entered_by: str
    idempotency_key: str


def add_normal(
    connection: sa.Connection,
    *,
    line_id: str,
    starts_on: date,
    reason: str,
    entered_at: datetime,
    entered_by: str,
    idempotency_key: str,
    is_withdrawn: bool = False,
    seen: int = 0,
) -> Normal:
    """Confirm a new normal, or withdraw one. The same request may come twice.

    Args:
        entered_at: `Settings.now()`.
        seen: the version that the writer knows of; 0: none.

    Raises:
        KeyUsed: something else was sent with this key.
        Overtaken: there is a later version than `seen`.
    """
    row = {
        "line_id": line_id,
        "starts_on": starts_on,
        "version": seen + 1,
        "is_withdrawn": is_withdrawn,
        "reason": reason,
        "entered_at": entered_at,
        "entered_by": entered_by,
        "idempotency_key": idempotency_key,
    }
    return Normal(**add_version(connection, normals, row, _KEY, "new normal"))


def normals_of(connection: sa.Connection, line_id: str) -> list[Normal]:
    """Everything that was said about a line, the oldest first."""
    query = sa.select(normals).where(normals.c.line_id == line_id).order_by(normals.c.sequence)
    return [Normal(**row) for row in connection.execute(query).mappings()]


def standing_normals(connection: sa.Connection, line_id: str | None = None) -> list[Normal]:
    """The normals of all lines or of one that count, in the order of writing."""
    found = [Normal(**row) for row in standing(connection, normals, _KEY, line_id)]
    return [normal for normal in found if not normal.is_withdrawn]
