"""Every metric in full: which values `definitions.html` shows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from markupsafe import Markup

from reports.components.macros import macros
from reports.engine.queries import Result, Row
from reports.words.line import goal_text

_html = macros("definitions.html")


@dataclass(frozen=True)
class Metric:
    """A metric with its goals (each with its text) and the changes of its definition, the newest first."""

    row: Row
    goals: Sequence[tuple[Row, str]]
    changes: Sequence[Row]


def Definitions(metrics: Result, goals: Result, changes: Result) -> Markup:
    """The metrics by section and from A to Z, each of them to be opened.

    `goals`, `changes`: rows per metric, the newest first.
    """

    def metric(row: Row) -> Metric:
        own = goals.where(metric_id=row.metric_id)
        texts = [(goal, goal_text(goal.operator, goal.target, goal.target_2, goal.unit)) for goal in own]
        return Metric(row, texts, changes.where(metric_id=row.metric_id).rows)

    return _html.definitions(
        [
            (label, [metric(row) for row in members])
            for label, members in groupby(metrics, key=lambda metric: metric.section_label)
        ],
        [
            (letter, list(members))
            for letter, members in groupby(
                sorted(metrics, key=lambda metric: metric.label.casefold()),
                key=lambda metric: metric.label[:1].upper(),
            )
        ],
    )
