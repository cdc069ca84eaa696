"""Notes: why a line's number is as it is, and what comes next. One counts per line and period; the earlier
ones are its trail."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

import sqlalchemy as sa

from foundation.store.rows import add_version, standing
from foundation.store.schema import notes

_KEY = ("line_id", "period_start")


@dataclass(frozen=True)
class Note:
    """What somebody wrote about a line's week, month or quarter."""

    sequence: int
    line_id: str
    period_start: date
    """First day of the period, which is of the line's cadence."""
    version: int
    """1: the first of this line and period."""
    text: str
    """Empty: taken back."""
    entered_at: datetime
    entered_by: str
    idempotency_key: str


def add_note(
    connection: sa.Connection,
    *,
    line_id: str,
    period_start: date,
    text: str,
    entered_at: datetime,
    entered_by: str,
    idempotency_key: str,
    seen: int = 0,
) -> Note:
    """Write a note in place of the present one. The same request may come twice.

    Args:
        entered_at: `Settings.now()`.
        seen: the version that the writer knows of; 0: none.

    Raises:
        KeyUsed: another note was sent with this key.
        Overtaken: there is a later version than `seen`.
    """
    row = {
        "line_id": line_id,
        "period_start": period_start,
        "version": seen + 1,
        "text": text,
        "entered_at": entered_at,
        "entered_by": entered_by,
        "idempotency_key": idempotency_key,
    }
    return Note(**add_version(connection, notes, row, _KEY, "note"))


def notes_of(connection: sa.Connection, line_id: str, period_start: date | None = None) -> list[Note]:
    """Everything that was written about a line, or about one of its periods, the oldest first."""
    query = sa.select(notes).where(notes.c.line_id == line_id).order_by(notes.c.sequence)
    if period_start is not None:
        query = query.where(notes.c.period_start == period_start)
    return [Note(**row) for row in connection.execute(query).mappings()]


def standing_notes(connection: sa.Connection, line_id: str | None = None) -> list[Note]:
    """The note of each line and period that counts, or of one line's, in the order of writing."""
    found = [Note(**row) for row in standing(connection, notes, _KEY, line_id)]
    return [note for note in found if note.text]
