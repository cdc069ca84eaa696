"""What people say about a line: why its number is as it is, and what they still do about it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from reports.engine.markup import plain
from reports.look.numbers import day, instant

LONGEST = 500
"""Characters of a note or an action, as the portal takes them."""


def note_text(note: Mapping[str, Any] | None) -> str:
    """The text of a row of fct_notes; empty: nobody wrote one."""
    return plain(note["note"], LONGEST) if note and note["note"] else ""


def note_by(note: Mapping[str, Any] | None, zone: str) -> str:
    """Who wrote a note and when: `Maya Torres, 27 Oct 2025, 07:00 CDT`."""
    if not note_text(note):
        return ""
    assert note
    return f"{note['author']}, {instant(note['entered_at'], zone)}{', edited' if note['is_edited'] else ''}"


def to_do(actions: Iterable[Mapping[str, Any]] | None) -> list[str]:
    """Open actions, the first to be done at the beginning: `Call the list again: Maya Torres, by 31 Oct`."""
    return [
        f"{plain(one['what'], LONGEST)}: {one['owner_name']}, by {day(one['due_on'])}"
        for one in actions or ()
    ]
