"""Links from one page to the others of the site."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from reports.engine.markup import anchor
from reports.engine.queries import Result, Row


@dataclass(frozen=True)
class Receipts:
    """Links from numbers to the records behind them.

    `root` leads from the page to the site's root (`""` or `"../"`); `places` has the receipts page of each
    (period label, line); `definitions` is the page of the definitions, empty where the site has none.
    """

    root: str = ""
    places: Mapping[tuple[str, str], str] = field(default_factory=dict)
    definitions: str = ""

    def href(self, period: str, line_id: str, part: str = "") -> str | None:
        """The link, or None where the period has no receipts. `part`: `quarter` leads to how the quarter's
        number comes about."""
        page = self.places.get((period, line_id))
        if page is None:
            return None
        return f"{self.root}{page}#{anchor(line_id)}{f'.{part}' if part else ''}"

    def definition(self, metric_id: str) -> str | None:
        """The link to a metric's definition, or None where the site has no such page."""
        return f"{self.root}{self.definitions}#{anchor(metric_id)}" if self.definitions else None


def receipt_of(
    lines: Result, receipts: Receipts, metric_id: str, period: str = "week_label", part: str = ""
) -> Callable[[Row], str | None]:
    """Return the link of a row of a table: to the receipt of the line that counts this metric.

    Args:
        lines: the page's lines; if none of them counts the metric, the row has no link.
        period: the row's column with the label of its period; a row without it is of the line's own.
        part: see `Receipts.href`.
    """
    line = next(iter(lines.where(metric_id=metric_id)), None)

    def href(row: Row) -> str | None:
        if line is None:
            return None
        return receipts.href(row.get(period) or line.week_label, line.line_id, part)

    return href
