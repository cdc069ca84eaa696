"""Typed-in numbers. They are one stream with `manual_entries/*.csv`, which the source `manual` reads; the
newest `entered_at` counts, the sequence number breaks ties."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

import sqlalchemy as sa

from foundation.calendar import parse_week
from foundation.store.rows import add_once
from foundation.store.schema import entries


@dataclass(frozen=True)
class Entry:
    """A number that somebody typed."""

    sequence: int
    metric: str
    """A line_id or metric_id of scorecard_lines.csv."""
    person: str | None
    """A person_key of people.csv."""
    period: str
    """`2025-W43`, or a day of the week."""
    value: Decimal
    note: str | None
    reason: str | None
    """Why it replaces an earlier number."""
    entered_at: datetime
    entered_by: str
    idempotency_key: str
    corrects: int | None
    """The sequence number of the entry that it replaces."""


def add_entry(
    connection: sa.Connection,
    *,
    metric: str,
    person: str | None,
    period: str,
    value: Decimal,
    entered_at: datetime,
    entered_by: str,
    idempotency_key: str,
    note: str | None = None,
    reason: str | None = None,
) -> Entry:
    """Add a number. It corrects the one for the same metric, person and period.

    The same request may come twice: the second time returns the first entry.

    Args:
        entered_at: `Settings.now()`.

    Raises:
        KeyUsed: another number was sent with this key.
    """
    take_turn(connection, metric, person)
    before = standing_entry(connection, metric, person, period)
    row = {
        "metric": metric,
        "person": person,
        "period": period,
        "value": value,
        "note": note,
        "reason": reason,
        "entered_at": entered_at,
        "entered_by": entered_by,
        "idempotency_key": idempotency_key,
        "corrects": before and before.sequence,
    }
    return Entry(**add_once(connection, entries, row, "number"))


def take_turn(connection: sa.Connection, metric: str, person: str | None) -> None:
    """Lock this number until the transaction ends, so that nobody writes between reading the present value
    and adding one. SQLite lets one writer in at a time anyway."""
    if connection.dialect.name == "postgresql":
        key = sa.func.hashtextextended(f"scoreline entry {metric} {person or ''}", 0)
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(key)))


def entries_of(connection: sa.Connection, metric: str, person: str | None, period: str) -> list[Entry]:
    """Return what was typed for the week of `period`; the last one counts."""
    of_line = _found(connection, entries.c.metric == metric, entries.c.person.is_not_distinct_from(person))
    return [entry for entry in of_line if parse_week(entry.period) == parse_week(period)]


def standing_entry(connection: sa.Connection, metric: str, person: str | None, period: str) -> Entry | None:
    """Return the stored number that counts; None if nobody typed one."""
    return next(reversed(entries_of(connection, metric, person, period)), None)


def all_entries(connection: sa.Connection) -> list[Entry]:
    """Every number that was ever typed, the oldest first."""
    return _found(connection)


def _found(connection: sa.Connection, *where: sa.ColumnElement[bool]) -> list[Entry]:
    query = sa.select(entries).where(*where).order_by(entries.c.entered_at, entries.c.sequence)
    return [Entry(**row) for row in connection.execute(query).mappings()]
