"""Whether anything was typed or set since somebody looked."""

from __future__ import annotations

import sqlalchemy as sa

from foundation.store.schema import entries, goals


def typed_so_far(connection: sa.Connection) -> str:
    """A text that changes with every new number and goal; empty while there is none.

    It counts them: of two that are written at once, the one with the higher number may arrive first.
    """
    parts = []
    for table in (entries, goals):
        count = connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one()
        parts.append(f"{count} {table.name}" if count else "")
    return " ".join(part for part in parts if part)
