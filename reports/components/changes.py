"""Numbers that changed after they were published: which values their HTML, `changes.html`, shows."""

from __future__ import annotations

from dataclasses import dataclass

from markupsafe import Markup

from reports.components.links import Receipts
from reports.components.macros import macros
from reports.engine.queries import Result, Row
from reports.look.numbers import plural
from reports.words.restatements import KIND, changed_day, goal_of, number_text, why

_html = macros("changes.html")
_FEW = 8
"""Changes that are shown without being asked for."""


@dataclass(frozen=True)
class ChangeRow:
    """A number that changed after it was published."""

    row: Row
    was: str
    now: str
    href: str | None
    on: str
    kind: str
    why: str


def Changes(changes: Result, receipts: Receipts, build: Result) -> Markup:
    """Numbers of finished weeks and quarters that have changed since the page's Monday; nothing where there
    are none."""
    if not changes:
        return Markup()
    zone = build.one().time_zone

    def prepared(row: Row) -> ChangeRow:
        rejudged = row.kind == "rejudged"
        text = goal_of if rejudged else number_text
        href = None if rejudged else receipts.href(row.period_label, row.line_id)
        on = changed_day(row, zone)
        return ChangeRow(row, text(row, "was"), text(row, "now"), href, on, KIND[row.kind], why(row))

    return _html.changes(
        plural(len({(row.line_id, row.period_start) for row in changes}), "number"),
        changed_day(changes.rows[-1], zone),
        [prepared(row) for row in changes],
        len(changes) <= _FEW,
    )
