"""Rows that are written once per request, even if it is sent again, and rows that replace each other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from foundation.store.engine import upsert


class KeyUsed(Exception):
    """An idempotency key was used before, for something else."""


class Overtaken(Exception):
    """Somebody else wrote a newer version in the meantime."""


def add_once(connection: sa.Connection, table: sa.Table, row: Mapping[str, Any], what: str) -> sa.RowMapping:
    """Insert a row, or find the one that the same request inserted before.

    Args:
        what: as a sentence names the row: `goal`.

    Raises:
        KeyUsed: something else was sent with its `idempotency_key`.
        Overtaken: a row with its version exists.
    """
    connection.execute(upsert(connection, table).values(row).on_conflict_do_nothing())
    key = row["idempotency_key"]
    found = connection.execute(sa.select(table).where(table.c.idempotency_key == key)).mappings().first()
    if found is None:
        raise Overtaken(f"Somebody else has changed this {what} meanwhile. Open the page again.")
    without = ("entered_at", "corrects", "version")
    if any(found[name] != value for name, value in row.items() if name not in without):
        raise KeyUsed(f"The key {key!r} was used before, for another {what}. Send a new key.")
    return found


def add_version(
    connection: sa.Connection, table: sa.Table, row: Mapping[str, Any], key: Sequence[str], what: str
) -> sa.RowMapping:
    """Insert the version of a row that follows the one its writer knows of. `key`: the columns that all its
    versions share.

    Raises:
        KeyUsed: something else was sent with its `idempotency_key`.
        Overtaken: the version exists, or the one before it does not.
    """
    same = [table.c[name] == row[name] for name in key]
    newest = connection.execute(sa.select(sa.func.max(table.c.version)).where(*same)).scalar() or 0
    if row["version"] > newest + 1:
        raise Overtaken(f"This {what} has no version {row['version'] - 1}. Open the page again.")
    return add_once(connection, table, row, what)


def standing(
    connection: sa.Connection, table: sa.Table, key: Sequence[str], line_id: str | None = None
) -> list[sa.RowMapping]:
    """The row of the highest version of each key, in the order of writing. `line_id`: of one line."""
    columns = [table.c[name] for name in key]
    newest = sa.select(*columns, sa.func.max(table.c.version).label("version")).group_by(*columns)
    if line_id is not None:
        newest = newest.where(table.c.line_id == line_id)
    of_each = newest.subquery()
    same = [table.c[name] == of_each.c[name] for name in (*key, "version")]
    query = sa.select(table).join(of_each, sa.and_(*same)).order_by(table.c.sequence)
    return list(connection.execute(query).mappings())
