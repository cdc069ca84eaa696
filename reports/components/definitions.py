"""Every metric in full: the six parts that people read, its goals over time, its SQL."""

from __future__ import annotations

from itertools import groupby

from markupsafe import Markup

from reports.engine.markup import anchor, join
from reports.engine.queries import Result, Row
from reports.look.numbers import long_day
from reports.words.line import goal_text

_PARTS = (
    ("Definition", "definition"),
    ("Why it matters", "why"),
    ("Calculation", "calculation"),
    ("Benchmark", "benchmark"),
    ("Edge cases", "edge_cases"),
)


def Definitions(metrics: Result, goals: Result, changes: Result) -> Markup:
    """A list of the metrics by section, each of them to be opened. `goals`, `changes`: rows per metric, the
    newest first."""
    goals_of, changes_of = _by_metric(goals), _by_metric(changes)
    return join(
        Markup("<h2>{}</h2>{}").format(
            label,
            join(
                _metric(metric, goals_of.get(metric.metric_id, []), changes_of.get(metric.metric_id, []))
                for metric in members
            ),
        )
        for label, members in groupby(metrics, key=lambda metric: metric.section_label)
    )


def _by_metric(rows: Result) -> dict[str, list[Row]]:
    return {metric_id: list(members) for metric_id, members in groupby(rows, key=lambda row: row.metric_id)}


def _metric(metric: Row, goals: list[Row], changes: list[Row]) -> Markup:
    parts = join(
        Markup("<dt>{}</dt><dd>{}</dd>").format(name, metric[key] or "not written down yet")
        for name, key in _PARTS
    )
    return Markup(
        '<details class="card definition" id="{}"><summary><b>{}</b> <span'
        ' class="vs">{}</span></summary><dl>{}<dt>Target</dt><dd>{}</dd>{}<dt>Shown'
        " in</dt><dd>{}</dd><dt>Sources</dt><dd>{}</dd></dl><details><summary>SQL, {}</summary><pre"
        ' tabindex="0">{}</pre></details></details>'
    ).format(
        anchor(metric.metric_id),
        metric.label,
        metric.metric_id,
        parts,
        _goals(goals),
        (
            Markup('<dt>Changed</dt><dd><ul class="goals">{}</ul></dd>').format(
                join(Markup("<li>{}</li>").format(change.sentence) for change in changes)
            )
            if changes
            else ""
        ),
        metric.lines,
        f"any of {metric.sources}" if metric.any_source else metric.sources,
        metric.model_path,
        metric.model_sql.strip(),
    )


_PER = {
    None: "",
    "day": " per working day",
    "person_day": " per person and working day",
    "person_week": " per person and week of five working days",
}


def _goals(goals: list[Row]) -> Markup:
    if not goals:
        return Markup("no goal is set")
    return Markup('<ul class="goals">{}</ul>').format(
        join(
            Markup("<li>{}: <b>{}</b>{}{} from {}{}{}</li>").format(
                goal.section_label,
                goal_text(goal.operator, goal.target, goal.target_2, goal.unit),
                _PER[goal.per],
                ", one-off," if goal.kind == "exception" else "",
                long_day(goal.valid_from),
                f" to {long_day(goal.valid_to)}" if goal.valid_to else "",
                f", {goal.reason}" if goal.reason else "",
            )
            for goal in goals
        )
    )
