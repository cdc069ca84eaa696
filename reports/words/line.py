"""What the page and the mail say about a line: its texts, what needs attention, and in which order.

Numbers and statuses come from the facts; nothing is judged here.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from reports.engine.queries import Row
from reports.look.numbers import DASH, Number, exact, judged, number, period_name, plural
from reports.look.tokens import STATE, STATUS
from reports.words.answers import note_by, note_text, to_do
from reports.words.signal import Signal, limits_of, marked, nothing_changed

GOAL_STATUSES = ("met", "near", "below")
EVERYTHING = "*"
STREAK_CAP = 4
"""Weeks after which a longer streak weighs no more."""

_SIGNS = {
    ">=": "≥ {0}",
    ">": "> {0}",
    "<=": "≤ {0}",
    "<": "< {0}",
    "=": "{0}",
    "between": "{0} to {1}",
    "outside": "under {0} or over {1}",
}
_WORDS = {">=": "{0}", ">": "over {0}", "<=": "at most {0}", "<": "under {0}", "=": "exactly {0}"}

PER = {
    "day": " per working day",
    "person_day": " per person and working day",
    "person_week": " per person and week of five working days",
}
"""What a goal scales with (`per` in goals.csv)."""


def benchmark_of(text: str | None) -> str:
    """Return a metric's benchmark; empty if it only says that there is none."""
    return "" if not text or text.startswith(("No outside benchmark", "None")) else text


def goal_text(
    operator: str | None, target: Number | None, target_2: Number | None, unit: str, *, words: bool = False
) -> str:
    """`≥ 125`, `≤ 4 h`, `10% to 20%`; with `words`, as in "goal 125", "goal at most 4 h"."""
    if operator is None or target is None:
        return DASH
    pattern = (_WORDS if words else _SIGNS).get(operator) or _SIGNS[operator]
    return pattern.format(number(target, unit), number(target_2, unit))


_SHARE = "{count} of {count}"
_WHOLE_MONEY = 100
"""From here on a part of a ratio is told without cents."""


def parts_text(
    numerator: Number | None, denominator: Number | None, aggregation: str, parts: str | None = None
) -> str:
    """`42 of 79` of a ratio; nothing for other numbers, nor for a snapshot's ratio that is one number over 1.

    Args:
        parts: how the metric's yml says it, with the units in braces: `{money:USD} / {count} MQLs`.
    """
    if aggregation not in ("ratio", "last_ratio") or numerator is None or denominator is None:
        return ""
    if aggregation == "last_ratio" and denominator == 1:
        return ""
    amounts: Iterator[Number] = iter((numerator, denominator))

    def amount(unit: re.Match[str]) -> str:
        value = exact(next(amounts))
        whole = unit[1].startswith("money") and abs(value) >= _WHOLE_MONEY
        return number(value, unit[1], 0 if whole else None)

    return re.sub(r"\{([\w:]+)\}", amount, parts or _SHARE)


def gap_text(value: Number | None, operator: str | None, bounds: Sequence[Number | None], unit: str) -> str:
    """How far a number is from its goal: `24 short`, `17 points short`, `2 over`; nothing where it meets it,
    or nobody knows.

    Args:
        bounds: the goal's one or two numbers.
    """
    goals = [exact(bound) for bound in bounds if bound is not None]
    if value is None or operator is None or not goals:
        return ""
    shown = exact(value)
    goal = min(goals, key=lambda bound: abs(shown - bound))
    met = {
        ">=": shown >= goal,
        ">": shown > goal,
        "<=": shown <= goal,
        "<": shown < goal,
        "=": shown == goal,
        "between": min(goals) <= shown <= max(goals),
        "outside": shown < min(goals) or shown > max(goals),
    }[operator]
    if met or operator == "outside" or shown == goal:
        return ""
    off = abs(shown - goal)
    points = unit.startswith("percent")
    size = (
        f"{number(off * 100, 'count', 0 if off >= Decimal('0.1') else 1)} points"
        if points
        else number(off, unit)
    )
    return f"{size} {'short' if shown < goal else 'over'}"


@dataclass(frozen=True)
class Line:
    """One line of the scorecard in one week or month: a row of the page's block `lines` (or `months`), with
    its texts."""

    row: Row

    def __getattr__(self, name: str) -> Any:
        return getattr(self.row, name)

    @property
    def value_text(self) -> str:
        """The week's number, with the digits that its status needs; a dash if there is none."""
        return judged(self.row.value, self.row.unit, (self.row.target, self.row.target_2))

    @property
    def parts(self) -> str:
        return parts_text(
            self.row.numerator, self.row.denominator, self.row.aggregation, self.row.get("parts")
        )

    @property
    def gap_text(self) -> str:
        """How far a line that missed its goal, or came close, is from it: `24 short`."""
        if self.row.status not in ("near", "below"):
            return ""
        bounds = (self.row.target, self.row.target_2)
        return gap_text(self.row.value, self.row.operator, bounds, self.row.unit)

    @property
    def period_text(self) -> str:
        """The line's period in words: `week of 20 October`, `September 2025`."""
        return period_name(self.row.week_start, self.row.cadence)

    @property
    def goal_text(self) -> str:
        return goal_text(self.row.operator, self.row.target, self.row.target_2, self.row.unit)

    @property
    def goal_words(self) -> str:
        """As in "goal 125"."""
        return goal_text(self.row.operator, self.row.target, self.row.target_2, self.row.unit, words=True)

    @property
    def previous_text(self) -> str:
        return judged(
            self.row.previous_value, self.row.unit, (self.row.previous_target, self.row.previous_target_2)
        )

    @property
    def previous_parts(self) -> str:
        return parts_text(
            self.row.previous_numerator,
            self.row.previous_denominator,
            self.row.aggregation,
            self.row.get("parts"),
        )

    @property
    def previous_blank(self) -> str:
        """Why the previous period has no number, in a word or two; empty if it has one."""
        if self.row.previous_value is not None:
            return ""
        if not self.row.previous_tracked:
            return "not kept yet"
        not_applicable = self.row.previous_status == "not_applicable"
        return STATUS["not_applicable" if not_applicable else "no_data"]

    @property
    def previous_note(self) -> str:
        """Why the previous period is unknown or partial; empty if it is whole."""
        return "not complete" if self.row.previous_state == "stale" else ""

    @property
    def quarter_text(self) -> str:
        return judged(self.row.quarter_value, self.row.unit, (self.row.target, self.row.target_2))

    @property
    def quarter_coverage(self) -> str:
        """`3 of 4 weeks` where weeks (or months) are missing, else nothing."""
        if self.row.quarter_periods >= self.row.quarter_periods_expected:
            return ""
        return f"{self.row.quarter_periods} of {plural(self.row.quarter_periods_expected, self.row.cadence)}"

    @property
    def blank_word(self) -> str:
        """Why there is no number, in a word or two; empty if there is one."""
        if self.row.value is not None:
            return ""
        if self.row.status == "not_applicable":
            return "nothing to divide by"
        return STATE["not_connected"] if self.row.state == "not_connected" else STATUS["no_data"]

    @property
    def streak_text(self) -> str:
        """`missed 4 weeks in a row`; empty where the status says nothing."""
        if self.row.status not in GOAL_STATUSES:
            return ""
        periods = self.row.weeks_off_track if self.row.status == "below" else self.row.run_weeks
        word = STATUS[self.row.status].lower()
        return (
            f"{word} {periods} {self.row.cadence}s in a row"
            if periods > 1
            else f"{word} this {self.row.cadence}"
        )

    @property
    def said(self) -> str:
        """Its note: why the number is as it is, and what comes next; empty: nobody wrote one."""
        return note_text(self.row.get("note"))

    def said_by(self, zone: str) -> str:
        """Who wrote the note, and when."""
        return note_by(self.row.get("note"), zone)

    @property
    def still_to_do(self) -> list[str]:
        """Its open actions, in words."""
        return to_do(self.row.get("actions"))

    @property
    def signal(self) -> Signal | None:
        """The week against the line's usual range; None if it is not a point (a month, a blank)."""
        return Signal.of(self.row.get("point"), self.row.unit)

    @property
    def is_signal(self) -> bool:
        """Whether the week says that something has changed."""
        return self.signal is not None and self.signal.is_signal

    @property
    def unchanged_text(self) -> str:
        """The sentence about a miss within the usual range: `nothing has changed: its usual range is 43% to
        77%`."""
        return nothing_changed(self.signal) if self.row.status == "below" else ""

    @property
    def usual(self) -> list[tuple[float, float] | None]:
        """The usual range in each week of the trend; empty for a line that is kept by month."""
        limits = zip(self.row.get("trend_lower") or (), self.row.get("trend_upper") or (), strict=True)
        return [limits_of(lower, upper) for lower, upper in limits]

    @property
    def signals(self) -> list[int]:
        """Places in the trend of weeks that are signals by themselves, and of the newest that ends a run."""
        return marked(self.row.get("trend_rules") or ())

    @property
    def weight(self) -> float:
        """How telling a miss is: how little chance explains it, over the weeks it has lasted. For the order
        of lines only.

        0 instead of 1 appointment happens; 42 of 79 tickets where 70 % are asked for does not. So the
        distance from the goal is measured in the spread that a count or a rate of this size has by chance
        (Poisson, binomial); money and hours have no such spread, there it is the distance as a share of the
        goal.
        """
        value, target, second = self.row.value, self.row.target, self.row.target_2
        if value is None or target is None:
            return 0.0
        bounds = [float(bound) for bound in (target, second) if bound is not None]
        goal = min(bounds, key=lambda bound: abs(float(value) - bound))
        distance = abs(float(value) - goal)
        if self.row.aggregation in ("ratio", "last_ratio") and self.row.denominator and 0 < goal < 1:
            spread = math.sqrt(goal * (1 - goal) / float(self.row.denominator))
        elif self.row.unit == "count" and goal > 0:
            spread = math.sqrt(goal)
        else:
            spread = abs(goal) or 1.0
        return distance / spread * math.sqrt(min(max(self.row.weeks_off_track, 1), STREAK_CAP))


def lines_of(data: Iterable[Row]) -> list[Line]:
    """The rows of the block `lines` (or `months`), with their texts."""
    return [Line(row) for row in data]


def picked(line: Row | Line, picks: Collection[str]) -> bool:
    """Whether a page or a mail shows the line.

    Args:
        picks: sections and lines; none, or `EVERYTHING`: all of them, but those with a `-` in front that are
        not named themselves. A statement about a line takes precedence over one about its section.
    """
    for name in (line.line_id, line.section):
        if name in picks:
            return True
        if f"-{name}" in picks:
            return False
    return not picks or EVERYTHING in picks


def named_of(picks: Collection[str]) -> list[str]:
    """List the named sections and lines, for a sentence."""
    return sorted(pick for pick in picks if not pick.startswith("-"))


def counts(lines: Iterable[Line]) -> dict[str, int]:
    """Lines per status, in the order of `tokens.STATUS`."""
    found = Counter(line.row.status for line in lines)
    return {status: found[status] for status in STATUS}


def attention(lines: Iterable[Line]) -> list[Line]:
    """The lines that missed their goal, the most telling miss first (`Line.weight`), then in page order."""
    missed = [line for line in lines if line.row.status == "below"]
    return sorted(missed, key=lambda line: (-line.weight, line.row.sort_order, line.row.line_id))


def signals_first(lines: Iterable[Line]) -> list[Line]:
    """Sort lines with a signal first; keep the order otherwise."""
    return sorted(lines, key=lambda line: not line.is_signal)


def nothing_missed(lines: Iterable[Line]) -> str:
    """Return the sentence for a list without a missed line."""
    known = any(line.row.status in ("met", "near") for line in lines)
    return f"Nothing {STATUS['below'].lower()}." if known else "No line has a number to judge."


def wins(lines: Iterable[Line]) -> list[Line]:
    """The lines that met their goal; those that had not the week before come first, then the longest
    streaks."""
    met = [line for line in lines if line.row.status == "met"]
    return sorted(met, key=lambda line: (line.row.run_weeks > 1, -line.row.run_weeks, line.row.sort_order))


def count_sentence(found: Mapping[str, int]) -> str:
    """`6 met, 0 close, 9 missed`, and `3 no data` where it is so: few judged lines are not all lines."""
    shown = [*GOAL_STATUSES, *(["no_data"] if found["no_data"] else [])]
    return ", ".join(f"{found[status]} {STATUS[status].lower()}" for status in shown)


def by_section(lines: Iterable[Line]) -> list[tuple[str, str, list[Line]]]:
    """(section, its label, its lines), in page order."""
    groups: dict[str, list[Line]] = {}
    for line in lines:
        groups.setdefault(line.row.section, []).append(line)
    return [(section, members[0].row.section_label, members) for section, members in groups.items()]


def title(line: Line, among: Iterable[Line]) -> str:
    """The line's label, with its section where another line has the same one."""
    return (
        f"{line.row.label} ({line.row.section_label})"
        if sum(other.row.label == line.row.label for other in among) > 1
        else line.row.label
    )


def without_number(lines: Iterable[Line]) -> list[Line]:
    """The lines that should have a number and have none."""
    return [line for line in lines if line.row.value is None and line.row.status != "not_applicable"]
