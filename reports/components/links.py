"""Where things are in the site, seen from one page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from reports.engine.markup import anchor


@dataclass(frozen=True)
class Receipts:
    """Links from numbers to the records behind them.

    `root` leads from the page to the site's root (`""` or `"../"`); `places` has the receipts page of each
    (period label, line).
    """

    root: str = ""
    places: Mapping[tuple[str, str], str] = field(default_factory=dict)

    def href(self, period: str, line_id: str, part: str = "") -> str | None:
        """The link, or None where the period has no receipts. `part`: `quarter` leads to how the quarter's
        number comes about."""
        page = self.places.get((period, line_id))
        if page is None:
            return None
        return f"{self.root}{page}#{anchor(line_id)}{f'.{part}' if part else ''}"
