"""The parts of the scorecard page: which values their HTML, `scorecard.html`, shows."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from markupsafe import Markup

from reports.components.links import Receipts
from reports.components.macros import macros
from reports.engine.markup import anchor
from reports.engine.queries import Result, Row
from reports.look.numbers import (
    DASH,
    capital,
    judged,
    number,
    period_name,
    plural,
    short_instant,
    week_days,
    week_name,
    week_number,
)
from reports.look.sparks import spark
from reports.look.tokens import STATE, STATUS
from reports.words.gate import typed_in
from reports.words.line import (
    GOAL_STATUSES,
    Line,
    attention,
    by_section,
    counts,
    goal_text,
    lines_of,
    nothing_missed,
    parts_text,
    signals_first,
    title,
    without_number,
)
from reports.words.pace import to_do
from reports.words.restatements import KIND, before, newest_first, why

_html = macros("scorecard.html")


_FEW_TILES = 3


def Masthead(build: Result, dated: Result, week: date, newest: bool, archived: bool = False) -> Markup:
    """Company, week and days of the week.

    Args:
        dated: as of when the numbers of a past week are; a page that shows the present has the build's
            moment.
        archived: the page stays as it is, even if its numbers change.
    """
    return _html.masthead(
        build.one(),
        (build if newest or archived else dated).one().as_of,
        week_name(week),
        week_number(week),
        "as first published" if archived else "" if newest else "past week",
        week_days(week),
    )


def Headline(*lines: Result) -> Markup:
    """How many lines missed their goal, came close and met it; the others in smaller print. Nothing where no
    line is judged.

    Args:
        lines: the blocks `lines` and `months`, as far as the page shows them.
    """
    every = lines_of(itertools.chain(*lines))
    found = {status: count for status, count in counts(every).items() if count}
    return (
        _html.headline(found, len(without_number(every))) if found.keys() & set(GOAL_STATUSES) else Markup()
    )


def Attention(*lines: Result, pace: Result | None = None) -> Markup:
    """The lines that missed their goal, the most telling first.

    Args:
        lines: see `Headline`.
        pace: the block `pace`: what the running week needs.
    """
    every = lines_of(itertools.chain(*lines))
    if all(line.status == "no_goal" for line in every):
        return Markup()  # nothing on the page is judged
    running = {row.line_id: row for row in pace or () if row.span == "week"}
    return _html.attention(
        [
            (line, title(line, every), to_do(running[line.line_id]) if line.line_id in running else "")
            for line in signals_first(attention(every))
        ],
        next((week_name(row.period_start) for row in running.values()), ""),
        nothing_missed(every),
    )


@dataclass(frozen=True)
class StateTag:
    """The tag behind a number that is not live."""

    kind: str
    word: str
    detail: str


def state_tag(row: Row | Line, zone: str, *, manual: bool = False, snapshot: bool = False) -> StateTag | None:
    """Return the tag behind a number; None for a live one.

    Args:
        manual: people type it in.
        snapshot: the state at that time, not part of a sum.
    """
    as_of = short_instant(row.as_of, zone)
    if row.state == "live":
        return None
    if row.state == "provisional" and snapshot:
        return StateTag("provisional", "", f"as of {as_of}")
    # of a missing or stale number, the raw tables that it lacks; the data notes quote the vendor
    detail = {
        "stale": f"complete to {as_of}" + (f". {row.gap}" if row.gap else ""),
        "manual": as_of if as_of != DASH else "",
        "missing": "not typed in" if manual else row.gap or "source not complete",
        "provisional": f"so far, {as_of}",
        "not_connected": "",
    }[row.state]
    return StateTag(row.state, STATE[row.state], detail)


@dataclass(frozen=True)
class RestatedTag:
    """That a number was another one when it was published."""

    word: str
    before: str
    why: str
    more: str


def restated_tag(changes: Sequence[Row], build: Row) -> RestatedTag | None:
    """Return the tag about a number's changes; None if it never changed. `changes`: the newest first."""
    if not changes:
        return None
    newest, *earlier = changes
    year = newest.changed_at.year != build.as_of.year
    return RestatedTag(
        KIND[newest.kind],
        before(newest, build.time_zone, year=year),
        why(newest),
        f", and {plural(len(earlier), 'change')} before" if earlier else "",
    )


_Changes = Mapping[tuple[str, object], Sequence[Row]]
"""(line, first day of its period) -> what was published about it before, the newest change first."""

_COLUMNS = {
    "week": ("Line", "Goal", "This week", "Last week", "Quarter average", "Status", "13 weeks"),
    "newest": ("Line", "Goal", "Newest", "Week before", "Quarter average", "Status", "13 weeks"),
    "month": ("Line", "Goal", "Month", "Month before", "Quarter so far", "Status", "13 months"),
}


@dataclass(frozen=True)
class LineRow:
    """A row of the scorecard."""

    line: Line
    period: str
    """The number's period, if it is not the page's week."""
    state: StateTag | None
    restated: RestatedTag | None
    previous_restated: RestatedTag | None
    definition: str | None
    """The link to its definition in full."""
    href: str | None
    previous_href: str | None
    quarter_href: str | None
    partial: bool
    """The number leaves something out."""
    streak: str
    spark: Markup
    redefined: Sequence[tuple[date, str, str]]
    """What the flags in the sparkline mean, the newest first: (first day, note, in full)."""
    history: str
    said_by: str
    """Who wrote its note, and when."""


def Sections(
    lines: Result, receipts: Receipts, build: Result, restated: Result, columns: str = "week"
) -> Markup:
    """Every line, a table per section. `columns`: `week`, `newest` (snapshots of now) or `month`
    (of the block `months`)."""
    changes = newest_first(restated.rows)
    months = columns == "month"
    return _html.sections(
        [
            (
                f"{anchor(section)}{'-months' if months else ''}",
                f"{label}{', by month' if months else ''}",
                label,
                [_line_row(line, receipts, build.one(), changes, columns) for line in members],
                sum(line.status == "no_goal" for line in members),
            )
            for section, label, members in by_section(lines_of(lines))
        ],
        _COLUMNS[columns],
        any(any(line.usual) for line in lines_of(lines)),
    )


def _line_row(line: Line, receipts: Receipts, build: Row, changes: _Changes, columns: str) -> LineRow:
    # a board's numbers are not all of one week
    dated = columns == "month" or (columns == "newest" and not line.is_running)
    trend = [None if value is None else float(value) for value in line.trend_values]
    flags = list(zip(line.trend_starts, line.trend_notes, line.trend_changes, strict=True))
    return LineRow(
        line,
        period=capital(line.period_text) if dated else "",
        state=state_tag(line, build.time_zone, manual=typed_in(line), snapshot=line.is_running),
        restated=restated_tag(changes.get((line.line_id, line.week_start), ()), build),
        previous_restated=restated_tag(changes.get((line.line_id, line.previous_start), ()), build),
        definition=receipts.definition(line.metric_id),
        href=receipts.href(line.week_label, line.line_id),
        previous_href=(
            receipts.href(line.previous_label, line.line_id)
            if line.previous_tracked and line.previous_label
            else None
        ),
        quarter_href=(
            receipts.href(line.week_label, line.line_id, "quarter")
            if line.quarter_value is not None
            else None
        ),
        partial=line.value is not None and bool(line.partial_note),
        streak=(
            line.streak_text.removeprefix(f"{STATUS[line.status].lower()} ")
            if line.status == "below" or line.run_weeks > 1
            else ""
        ),
        spark=spark(
            trend,
            line.trend_goals,
            line.status,
            changes={i: text for i, text in enumerate(line.trend_changes) if text},
            usual=line.usual,
            signals=line.signals,
        ),
        redefined=[(start, note, text) for start, note, text in reversed(flags) if text],
        history=", ".join(
            number(value, line.unit) + (" (restated)" if (line.line_id, week) in changes else "")
            for week, value in zip(line.trend_starts, line.trend_values, strict=True)
        ),
        said_by=line.said_by(build.time_zone),
    )


@dataclass(frozen=True)
class GlanceTile:
    """A line as a tile: its number, its goal and its trend."""

    line: Line
    href: str | None
    trend: Markup


def Glance(lines: Result, receipts: Receipts, most: int = 6) -> Markup:
    """The first lines with a number as tiles with their trend, those with a goal before the others; nothing
    where there are fewer than three."""
    shown = [line for line in lines_of(lines) if line.value is not None]
    shown.sort(key=lambda line: line.status not in ("met", "near", "below"))
    if len(shown) < _FEW_TILES:
        return Markup()
    return _html.glance(
        [
            GlanceTile(
                line,
                receipts.href(line.week_label, line.line_id),
                _trend(line),
            )
            for line in shown[:most]
        ]
    )


def _trend(line: Line) -> Markup:
    """The line of a tile; nothing for a single value, which has no trend."""
    if sum(value is not None for value in line.trend_values) < 2:
        return Markup()
    return spark(
        line.trend_values,
        line.trend_goals,
        line.status,
        168,
        36,
        area=True,
        usual=line.usual,
        signals=line.signals,
    )


@dataclass(frozen=True)
class QuarterTile:
    """One number of the quarter."""

    row: Row
    goal: str
    definition: str | None
    href: str | None
    state: StateTag | None
    restated: RestatedTag | None


def QuarterSummary(quarter: Result, receipts: Receipts, build: Result, restated: Result) -> Markup:
    """The quarter's own numbers as tiles."""
    zone, changes = build.one().time_zone, newest_first(restated.rows)
    first = quarter.rows[0]
    return _html.quarter(
        f"{week_days(first.quarter_start).split(' to ')[0]} to"
        f" {week_days(first.quarter_end - timedelta(days=6)).split(' to ')[1]}",
        "as it ended" if first.is_finished else f"so far, as of {short_instant(build.one().as_of, zone)}",
        [
            QuarterTile(
                row,
                goal_text(row.operator, row.target, row.target_2, row.unit),
                receipts.definition(row.metric_id),
                receipts.href(row.quarter_label, row.line_id),
                # a quarter that still runs says so once, above the tiles
                None if row.state == "provisional" else state_tag(row, zone),
                restated_tag(changes.get((row.line_id, row.quarter_start), ()), build.one()),
            )
            for row in quarter
        ],
    )


def RunningWeek(running: Result, receipts: Receipts) -> Markup:
    """The running week's numbers, apart from the finished ones and without a status."""
    return _html.running_week(
        plural(len(running), "line"),
        period_name(running.rows[0].week_start, "week"),
        [
            (
                row,
                judged(row.value, row.unit, (row.target, row.target_2)),
                receipts.href(row.week_label, row.line_id),
                parts_text(row.numerator, row.denominator, row.aggregation, row.get("parts"))
                or (STATUS["no_data"] if row.value is None else ""),
                goal_text(row.operator, row.target, row.target_2, row.unit),
            )
            for row in running
        ],
    )
