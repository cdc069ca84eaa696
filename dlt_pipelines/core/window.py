"""Which records a run reads: those that changed since its cursors, or a window of the past."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Window:
    """Which records a backfill reads again. Without a window, a run follows its cursors."""

    since: datetime | None = None
    until: datetime | None = None
    """Only the records made, changed or happened between these instants. Cursors stay where they are."""
    person: str | None = None
    """Only the records of this person, by the vendor's id; "": only those of nobody in `apart`. None: of
    everybody."""
    apart: frozenset[str] = frozenset()
    """Ids of the persons who are pulled one by one."""

    @property
    def is_backfill(self) -> bool:
        """Whether a window is read again."""
        return self.since is not None or self.until is not None

    def wants(self, person: object) -> bool:
        """Whether the records of a person (the vendor's id; None: nobody's) belong to the window."""
        if self.person is None:
            return True
        return str(person) == self.person if self.person else str(person) not in self.apart


CURSORS = Window()
"""No backfill."""
