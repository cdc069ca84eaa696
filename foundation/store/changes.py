"""Whether anything was typed or set since somebody looked."""

from __future__ import annotations

import sqlalchemy as sa

from foundation.store.schema import actions, entries, goals, normals, notes


def typed_so_far(connection: sa.Connection) -> str:
    """A text that changes with everything that people type and that a build reads; empty while there is none.

    It counts them: of two that are written at once, the one with the higher number may arrive first.
    """
    parts = []
    for table in (entries, goals, normals, notes, actions):
        count = connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one()
        parts.append(f"{count} {table.name}" if count else "")
    return " ".join(part for part in parts if part)
