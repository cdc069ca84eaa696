"""Words for published numbers that changed later: rows of `fct_restatements`, with the line's `unit`,
`aggregation` and `section_label`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from itertools import groupby
from zoneinfo import ZoneInfo

from reports.engine.queries import Row
from reports.look.numbers import day, judged, number, period_text, plural
from reports.look.tokens import STATUS
from reports.words.line import goal_text, parts_text

KIND = {"restated": "Restated", "filled": "Filled in", "withdrawn": "Withdrawn", "rejudged": "New goal"}
_EACH = 2
"""Weeks of one line that one build changed alike and that a mail still names one by one."""


def number_text(row: Row, side: str) -> str:
    """Format the number before (`was`) or since (`now`) with enough digits to tell the two apart; `53% (42
    of 79)` of a ratio."""
    value, other = row[f"value_{side}"], row["value_now" if side == "was" else "value_was"]
    if value is None:
        return "n/a" if row[f"status_{side}"] == "not_applicable" else "blank"
    parts = parts_text(
        row[f"numerator_{side}"], row[f"denominator_{side}"], row.aggregation, row.get("parts")
    )
    return judged(value, row.unit, (other, row[f"target_{side}"])) + (f" ({parts})" if parts else "")


def goal_of(row: Row, side: str) -> str:
    """`≥ 125`, or `no goal`."""
    if row[f"operator_{side}"] is None:
        return "no goal"
    return goal_text(row[f"operator_{side}"], row[f"target_{side}"], row[f"target_2_{side}"], row.unit)


def changed_day(row: Row, zone: str, *, year: bool = True) -> str:
    """`29 Oct 2025`: the company's day on which the change was published."""
    local = row.changed_at.astimezone(ZoneInfo(zone)).date()
    return f"{day(local)} {local.year}" if year else day(local)


def why(row: Row) -> str:
    """`2 records added, 1 removed`, or what else made the difference."""
    if row.cause == "goal":
        return "goal changed"
    if row.cause == "coverage":
        return "its source was read" if row.kind == "filled" else "its source covers it differently"
    counts = [(row.n_added, "added"), (row.n_removed, "removed"), (row.n_changed, "changed")]
    told = [f"{number(n)} {word}" for n, word in counts if n]
    if told:
        first, _, rest = told[0].partition(" ")
        told[0] = f"{first} record{'' if first == '1' else 's'} {rest}"
    return ", ".join(["definition changed", *told] if row.cause == "definition" else told)


def before(row: Row, zone: str, *, year: bool = False) -> str:
    """`was 78 until 29 Oct`, or `until 29 Oct 2025`."""
    until = changed_day(row, zone, year=year)
    if row.kind == "rejudged":
        return f"goal was {goal_of(row, 'was')} until {until}"
    return (
        f"{'' if row.value_was is None and row.kind == 'filled' else 'was '}{number_text(row, 'was')} until"
        f" {until}"
    )


def sentence(row: Row) -> str:
    """`Dials, week of 6 October: 80, was 78 (2 records added)`, without the day."""
    what = f"{row.label}, {_period(row)}"
    if row.kind == "rejudged":
        return (
            f"{what}: goal {goal_of(row, 'now')}, was {goal_of(row, 'was')}"
            f" ({STATUS[row.status_was].lower()} before, {STATUS[row.status_now].lower()} now)"
        )
    return f"{what}: {number_text(row, 'now')}, was {number_text(row, 'was')} ({why(row)})"


def notes(rows: Sequence[Row], zone: str, most: int) -> list[str]:
    """Return a line of text per changed number, the newest first. Weeks of a line that one build changed
    alike share one.

    Args:
        rows: changes, the newest first.
        most: the number of lines; the last one says how many more changed numbers there are.
    """
    numbers: dict[tuple[str, object], list[Row]] = {}
    for row in rows:
        numbers.setdefault((row.line_id, row.period_start), []).append(row)

    def alike(chain: list[Row]) -> tuple[object, ...]:
        # a number that changed twice has a story of its own
        return (
            chain[0].changed_at,
            chain[0].line_id,
            chain[0].kind,
            chain[0].cause,
            () if len(chain) == 1 else chain[0].period_start,
        )

    told: list[tuple[str, int]] = []
    for _, members in groupby(numbers.values(), key=alike):
        group = list(members)
        told += (
            [(_note(group, zone), len(group))]
            if len(group) > _EACH
            else [(_chain(chain, zone), 1) for chain in group]
        )
    left = sum(count for _, count in told[most:])
    return [text for text, _ in told[:most]] + (
        [f"and {plural(left, 'more changed number')} on the page"] if left else []
    )


def _chain(chain: list[Row], zone: str) -> str:
    newest, *earlier = chain
    told = f"{KIND[newest.kind]}: {sentence(newest)}, {changed_day(newest, zone, year=False)}"
    return told + "".join(f"; {before(row, zone)} ({why(row)})" for row in earlier)


def _period(row: Row) -> str:
    return period_text(row.period_label, year=row.changed_at.year)


def _note(group: list[list[Row]], zone: str) -> str:
    first = group[0][0]
    periods = sorted((chain[0].period_start, _period(chain[0]).removeprefix("week of ")) for chain in group)
    reason = {"records": "records changed", "definition": "definition changed"}.get(first.cause) or why(first)
    return (
        f"{KIND[first.kind]}: {first.label}, {plural(len(group), first.cadence)} from {periods[0][1]} to"
        f" {periods[-1][1]} ({reason}), {changed_day(first, zone, year=False)}"
    )


def newest_first(rows: Sequence[Row]) -> dict[tuple[str, object], list[Row]]:
    """(line, first day of its period) -> its changes, the newest first. `rows`: in any order."""
    out: dict[tuple[str, object], list[Row]] = {}
    for row in sorted(rows, key=lambda row: row.changed_at, reverse=True):
        out.setdefault((row.line_id, row.period_start), []).append(row)
    return out


def since(rows: Sequence[Row], instant: datetime | None) -> list[Row]:
    """The changes that were published from `instant` on."""
    return [row for row in rows if instant is None or row.changed_at >= instant]
