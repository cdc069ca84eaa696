"""The values of `mail.html` and `mail.txt`; `card.py` shows some of them in a channel."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from foundation.calendar import week_label
from reports.engine.markup import plain
from reports.engine.queries import Result, Row
from reports.look.numbers import (
    Number,
    judged,
    number,
    period_text,
    short_instant,
    week_days,
    week_name,
    week_number,
)
from reports.look.tokens import STATUS
from reports.mails.base import line_texts
from reports.mails.links import Links
from reports.mails.weekly_scorecard.told import Told, answered, missed_of, preheader, subject
from reports.words import restatements
from reports.words.line import (
    GOAL_STATUSES,
    Line,
    by_section,
    count_sentence,
    counts,
    goal_text,
    nothing_missed,
    signals_first,
    wins,
)
from reports.words.pace import WORDS, to_do, up

MOST_LISTED = 8
"""Lines in "Needs attention" and in "Wins"; the page has them all."""
MOST_CHANGED = 8
"""Notes about published numbers that have changed; the page has them all."""


def mail_values(told: Told, links: Links) -> dict[str, Any]:
    """What the templates fill in, by its name there."""
    week, lines = told.week, told.lines
    own = {line.line_id for line in told.own}
    missed, met, found = missed_of(lines, told.own), wins(lines), counts(lines)
    needed = {row.line_id: to_do(row) for row in week.results["pace"] if row.span == "week"}

    def texts(line: Line) -> dict[str, str]:
        return line_texts(line, lines, week.zone, links)

    def needs(line: Line) -> dict[str, str]:
        todo = needed.get(line.line_id)
        return {
            **texts(line),
            "todo": f"This week: {todo}" if todo else "",
            "moved": plain(line.moved or ""),
            "quarter": _pace_of_quarter(line, week.results["pace"]),
        }

    def answer(line: Line) -> dict[str, str]:
        # what the portal's page of the reader's week asks for: the finished period
        label = week_label(week.monday) if line.cadence == "week" else line.week_label
        return {**needs(line), "note_link": "" if line.said else links.note(label, line.line_id)}

    others = [line for line in missed if line.line_id not in own]
    own_fine = [line for line in told.own if line.status in ("near", "met")]
    own_signals = [line for line in told.own if line.status == "no_goal" and line.is_signal]
    attended = signals_first(others)[:MOST_LISTED]
    won = [line for line in met if line.line_id not in own][:MOST_LISTED]
    mine = [line for line in missed if line.line_id in own] + own_fine + own_signals
    return {
        "kind": "scorecard",
        "subject": subject(week, lines, told.own),
        "heading": week_name(week.monday),
        "short_week": week_number(week.monday),
        "under": f"{week_number(week.monday)}, {week_days(week.monday)}",
        "preheader": preheader(lines, told.reasons, told.own),
        "reasons": told.reasons,
        "own": any(line.status in GOAL_STATUSES or line.is_signal for line in told.own),
        "own_counts": _counts_of(told.own),
        "own_missed": [answer(line) for line in signals_first(missed) if line.line_id in own],
        "own_fine": [texts(line) for line in own_fine],
        "own_signals": [texts(line) for line in own_signals],
        "counts": [(name, found[name]) for name in ("below", "near", "met")],
        "total": sum(found[name] for name in ("below", "near", "met")),
        "others": [(name, found[name]) for name in ("no_goal", "no_data", "not_applicable") if found[name]],
        "attention": [needs(line) for line in attended],
        "more_attention": max(0, len(others) - MOST_LISTED),
        "no_attention": "" if missed else nothing_missed(lines),
        "trend": ticks(missed[0].trend_values) if missed else "",
        "wins": [texts(line) for line in won],
        "answered": [texts(line) for line in answered(lines, [*mine, *attended, *won])],
        "sections": _grouped([line for line in lines if line.operator is not None], texts),
        "also": _grouped([line for line in lines if _watched(line)], texts),
        "quarter": _quarter(told.quarter, week.zone) if told.quarter else None,
        "notes": _notes(told),
    }


def _counts_of(own: Sequence[Line]) -> str:
    """Return the counts of the reader's own lines: `1 met, 0 close, 1 missed`."""
    if all(line.status in ("no_goal", "not_applicable") for line in own):
        return "none has a goal"
    return count_sentence(counts(own))


def _watched(line: Line) -> bool:
    """It has no goal, and something to show."""
    return line.operator is None and (line.value is not None or line.status == "not_applicable")


def _notes(told: Told) -> list[str]:
    """What changed, and that nothing is missing: what is missing is in the banner. Leaves out healthy
    sources."""
    gaps = [] if told.reasons else ["Nothing is missing, stale or rejected."]
    return [*gaps, *restatements.notes(told.changes, told.week.zone, MOST_CHANGED)]


def _quarter(rows: Sequence[Row], zone: str) -> dict[str, Any]:
    def value(row: Row) -> str:
        reach = f", complete to {short_instant(row.as_of, zone)}" if row.state == "stale" else ""
        partial = ", partial" if row.value is not None and row.get("partial_note") else ""
        return number(row.value, row.unit) + reach + partial

    return {
        "label": period_text(rows[0].quarter_label),
        "how": "as it ended" if rows[0].is_finished else "so far",
        "lines": [{"label": row.label, "value": value(row)} for row in rows],
    }


def _grouped(some: Sequence[Line], texts: Callable[[Line], dict[str, str]]) -> list[dict[str, Any]]:
    return [
        {"label": label, "lines": [texts(line) for line in members]} for _, label, members in by_section(some)
    ]


def _pace_of_quarter(line: Line, pace: Result) -> str:
    """The line's running quarter so far; nothing where it has none, or the quarter has only begun."""
    row = next(
        (row for row in pace.where(line_id=line.line_id, span="quarter") if row.pace != "too_early"), None
    )
    if row is None:
        return ""
    goal = goal_text(row.operator, row.target, row.target_2, row.unit, words=True)
    texts = [f"Quarter: {judged(row.value, row.unit, (row.target, row.target_2))} so far, goal {goal}"]
    texts.append((WORDS[row.pace][1] if row.pace else STATUS[row.status]).lower())
    if row.pace in ("behind", "on_pace", "ahead") and row.needed and row.operator in (">=", ">"):
        texts.append(f"{up(row.needed, row.unit)} needed each week")
    return ", ".join(texts)


def ticks(values: Sequence[Number | None]) -> str:
    """A sparkline out of block characters; a gap stays a gap."""
    known = [float(v) for v in values if v is not None]
    if not known:
        return ""
    low, span = min(known), (max(known) - min(known)) or 1.0
    return "".join("·" if v is None else "▁▂▃▄▅▆▇█"[round((float(v) - low) / span * 7)] for v in values)
