"""The content of the weekly scorecard for a recipient, and its subject."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from reports.engine.queries import Row
from reports.look.numbers import plural, week_name
from reports.words import restatements
from reports.words.gate import Gate
from reports.words.line import (
    Line,
    attention,
    count_sentence,
    counts,
    lines_of,
    nothing_missed,
    picked,
    title,
)
from reports.words.reader import owned
from reports.words.week import Week


@dataclass(frozen=True)
class Told:
    """What the mail tells one recipient."""

    week: Week
    lines: Sequence[Line]
    """All that they get."""
    own: Sequence[Line]
    """Those of them that they own."""
    quarter: Sequence[Row]
    changes: Sequence[Row]
    """Changes of published numbers since their last mail."""
    reasons: Sequence[str]
    """Why it goes out with a warning."""


def tell(
    week: Week,
    decision: Gate,
    sections: Collection[str] = (),
    since: datetime | None = None,
    readers: Mapping[str, str] | None = None,
    recipients: Collection[str] = (),
) -> Told:
    """What to tell a recipient, or those who read a channel.

    Args:
        readers: as `reader.read_readers` returns them; the recipients' own lines come first.
        sections: theirs; none: all.
        since: report changes of published numbers from then on; None: all that `week` has.
    """
    every = lines_of([*week.results["lines"], *week.results["months"]])
    lines = [line for line in every if picked(line, sections)]
    changes = restatements.since(week.results["changes"].rows, since)
    return Told(
        week,
        lines,
        [line for line in lines if any(owned([line], readers or {}, one) for one in recipients)],
        [row for row in week.results["quarter"] if picked(row, sections)],
        [row for row in changes if picked(row, sections)],
        decision.reasons,
    )


def subject(week: Week, lines: Sequence[Line], own: Sequence[Line] = ()) -> str:
    """`Week of 20 October: 6 met, 0 close, 9 missed - Same-day close rate 53% (goal 70%)`; the headline is
    the most telling miss, the reader's own before those of others."""
    start = f"{week_name(week.monday)}: {count_sentence(counts(lines))}"
    missed = missed_of(lines, own)
    return f"{start} - {headline(missed[0], lines)}" if missed else start


def headline(line: Line, lines: Sequence[Line]) -> str:
    """`Dials 101 (goal 125)`"""
    return f"{title(line, lines)} {line.value_text} (goal {line.goal_words})"


def preheader(lines: Sequence[Line], reasons: Sequence[str], own: Sequence[Line] = ()) -> str:
    """What mail programs show beside the subject: the news in the first forty characters."""
    missed = missed_of(lines, own)
    gaps = f" Sent with {plural(len(reasons), 'gap')}." if reasons else ""
    if not missed:
        return f"{nothing_missed(lines)}{gaps}"
    # the subject has the first one; here are the next
    shown = missed[1:3] or missed
    more = len(missed) - 1 - len(shown)
    text = ", ".join(headline(line, lines) for line in shown) + (f" and {more} more" if more > 0 else "")
    return f"Needs you{' too' if len(missed) > 1 else ''}: {text}.{gaps}"


def missed_of(lines: Sequence[Line], own: Sequence[Line]) -> list[Line]:
    """The lines that missed their goal, the reader's own first."""
    mine = {line.line_id for line in own}
    return sorted(attention(lines), key=lambda line: line.line_id not in mine)


def answered(lines: Sequence[Line], listed: Sequence[Line]) -> list[Line]:
    """Lines with a note or an open action that are not among those which a message lists one by one."""
    names = {line.line_id for line in listed}
    return [line for line in lines if (line.said or line.still_to_do) and line.line_id not in names]
