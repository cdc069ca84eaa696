"""What dbt reads of the store: copies in the tables `config.*` of the warehouse."""

from __future__ import annotations

from collections.abc import Iterable
from operator import attrgetter
from typing import Any

from foundation.settings import Settings
from foundation.store.actions import present_actions
from foundation.store.engine import StoreError, read
from foundation.store.goals import stored_goals
from foundation.store.normals import standing_normals
from foundation.store.notes import standing_notes

COLUMNS = {
    "goals": (
        "sequence",
        "line_id",
        "valid_from",
        "operator",
        "target",
        "target_2",
        "band",
        "tolerance",
        "per",
        "reason",
    ),
    "normals": ("line_id", "starts_on", "reason", "entered_at", "entered_by"),
    "notes": ("line_id", "period_start", "text", "version", "entered_at", "entered_by"),
    "actions": (
        "action_id",
        "line_id",
        "period_start",
        "what",
        "owner",
        "due_on",
        "state",
        "entered_at",
        "entered_by",
    ),
}
"""Table in `config` -> its columns; `foundation/warehouse/tables.py` has their types."""


def rows_for_dbt(settings: Settings) -> dict[str, list[tuple[Any, ...]]] | None:
    """The rows of the tables of `COLUMNS`; None: the store can't be read."""
    try:
        with read(settings) as connection:
            found: dict[str, Iterable[object]] = {
                "goals": stored_goals(connection),
                "normals": standing_normals(connection),
                "notes": standing_notes(connection),
                "actions": present_actions(connection),
            }
    except StoreError:
        return None  # the source of typed-in numbers reports it
    return {table: [attrgetter(*COLUMNS[table])(row) for row in rows] for table, rows in found.items()}
