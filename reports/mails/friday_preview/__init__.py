"""The Friday preview by mail: the running week against its goals, while there is still time to do something
about it.

A running week has no status. What adds up over it is judged by its pace: by the working time that has passed
in its data (marts.fct_pace). Rates and stocks, such as money in a bank or tickets in a queue,
have no pace: the mail says where they are and where they should be.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from email.message import EmailMessage
from functools import cached_property
from pathlib import Path
from typing import Any

from foundation import calendar
from foundation.calendar import local_date, week_label
from foundation.settings import Company, Settings
from foundation.warehouse import published_file
from reports.engine.markup import plain
from reports.engine.queries import Block, Row, run
from reports.look.numbers import (
    instant,
    number,
    period_name,
    short_instant,
    week_days,
    week_name,
    week_number,
)
from reports.look.tokens import STATUS
from reports.mails.base import footer, frame, plain_texts, with_glyphs
from reports.mails.links import Links
from reports.post import message
from reports.post.outcome import DeliveryFailed, DeliveryReport
from reports.post.round import Report, send
from reports.words import gate
from reports.words.gate import Gate, SourceState
from reports.words.line import Line, lines_of, picked, title
from reports.words.owing import can_owe, owes, read_owing
from reports.words.pace import WORDS, by_need, each_day, expected_text, still_needed, tally
from reports.words.reader import owned, read_readers
from reports.words.week import reading

_NEEDS_YOU = ("over", "behind")
_STANDING: dict[str | None, str] = {
    # status of a line without a pace: what the mail says about it; the order is that of the list
    **{status: f"{STATUS[status].lower()} so far" for status in ("below", "near", "met")},
    None: "",
    "not_applicable": "nothing to divide by yet",
    "no_data": "not judged",
}

_BLOCKS = (
    Block("build", "select as_of, finished_week, time_zone, currency from marts.dim_build", 1),
    Block(
        "lines",
        """
        select f.line_id, f.value, f.numerator, f.denominator, f.state, p.operator, p.target, p.target_2,
               p.elapsed_share, p.expected_so_far, p.needed, p.units_left, p.pace, p.status, p.as_of,
               p.line_id is not null as has_goal, l.section, l.section_label, l.label, l.sort_order,
               l.aggregation, l.owner_names, l.owners, l.feed, l.sources, f.week_label,
               if(l.unit = 'money', 'money:' || b.currency, l.unit) as unit,
               replace(m.parts, '{money}', '{money:' || b.currency || '}') as parts
        from marts.fct_scorecard_weekly as f
        join marts.dim_lines as l using (line_id)
        left join marts.dim_metrics as m on m.metric_id = l.metric_id
        cross join build as b
        left join marts.fct_pace as p
            on p.line_id = f.line_id and p.span = 'week' and p.period_start = f.week_start
        where f.week_start = $week and not f.is_finished
          and coalesce($week >= l.valid_from, true) and coalesce($week <= l.valid_to, true)
        order by l.sort_order, f.line_id
        """,
        1,
    ),
)


@dataclass(frozen=True)
class Running:
    """What the published database says about the running week."""

    monday: date
    build: Row
    lines: Sequence[Line]
    owing: Mapping[str, str]
    """line -> those of its people who have typed nothing in for this week."""
    sources: Mapping[str, SourceState]
    readers: Mapping[str, str]
    """As `reader.read_readers` returns them."""

    @property
    def label(self) -> str:
        return week_label(self.monday)


@dataclass(frozen=True)
class Preview:
    """The preview of one recipient. It is empty if none of their lines has a goal and nobody has to type
    anything in."""

    week: Running
    lines: Sequence[Line]
    """All that they get."""
    own: Sequence[Line]
    """Those of them that they own."""
    paced: Sequence[Line]
    """What needs attention comes first."""
    standing: Sequence[Line]
    """With a goal and without a pace: rates, and what does not add up. Those that miss it come first."""
    unmanned: Sequence[Line]
    """Without a goal in this week, because nobody works for it."""
    owed: Sequence[tuple[Line, str]]
    """Lines that people type in, and who has not. Until all have, nothing is said about their pace."""

    def __bool__(self) -> bool:
        return bool(self.paced or self.standing or self.owed)

    @property
    def urgent(self) -> Sequence[Line]:
        """Return what needs somebody to act, the reader's own first."""
        mine = {line.line_id for line in self.own}
        urgent = [line for line in self.paced if line.pace in _NEEDS_YOU]
        return sorted(urgent, key=lambda line: line.line_id not in mine)


def observe(published: Path, monday: date) -> Running:
    """Read the published database.

    Raises:
        LookupError: nothing has been published yet, or it is not complete; says so in a sentence.
    """
    with reading(published) as connection:
        results = run(connection, _BLOCKS, {"week": monday})
        build, sources = results["build"].one(), gate.read_sources(connection)
        owing, readers = read_owing(connection, monday), read_readers(connection)
    lines = lines_of(results["lines"])
    asked = can_owe(sources)
    owed = {line.line_id: who for line in lines if asked and (who := owes(line, owing))}
    return Running(monday, build, lines, owed, sources, readers)


def preview(week: Running, sections: Collection[str] = (), recipient: str = "") -> Preview:
    """Return the preview of a recipient. `sections`: theirs, as `line.picked` reads them."""
    lines = [line for line in week.lines if picked(line.row, sections)]
    whole = [line for line in lines if line.has_goal and line.line_id not in week.owing]
    without_pace = [line for line in whole if not line.pace and line.target is not None]
    return Preview(
        week,
        lines,
        owned(lines, week.readers, recipient),
        by_need([line for line in whole if line.pace]),
        sorted(
            (line for line in without_pace if line.value is not None or line.status == "not_applicable"),
            key=lambda line: list(_STANDING).index(line.status),
        ),
        [line for line in whole if line.target is None],
        [(line, week.owing[line.line_id]) for line in lines if line.line_id in week.owing],
    )


def _texts(line: Line, among: Sequence[Line], zone: str, links: Links) -> dict[str, str]:
    """What the mail says about a line with a goal, as texts."""
    status, word = WORDS[line.pace] if line.pace else ("no_data", _STANDING[line.status])
    left = still_needed(line)
    texts = {
        "title": title(line, among),
        "link": links.receipt(line.week_label, line.line_id),
        "value": line.value_text,
        "parts": line.parts if line.value is not None else "",
        "goal": line.goal_words,
        "goal_sign": line.goal_text,
        "status": status,
        "word": word,
        "needed": left,
        "to_do": ", ".join(filter(None, (f"{left} by the end of the week", each_day(line)))) if left else "",
        "even": f"even pace: {expected_text(line)} by now" if left else "",
        "owner": line.owner_names or "no owner",
        "reach": f"complete to {short_instant(line.as_of, zone)}" if line.state == "stale" else "",
    }
    return plain_texts(texts)


def _reach(told: Preview) -> str:
    """How far the data goes, and how much of the working time had passed by then."""
    zone = told.week.build.time_zone
    shown = [
        line
        for line in (*told.paced, *told.standing)
        if line.state != "stale" and line.as_of and not gate.typed_in(line)
    ]
    shares = [line.elapsed_share for line in told.paced]
    texts = []
    if shown:
        texts.append(
            f"Complete to {instant(min(line.as_of for line in shown), zone)} where a line says nothing else."
        )
    if shares:
        span = dict.fromkeys(number(share, "percent") for share in (min(shares), max(shares)))
        texts.append(f"In the data {' to '.join(span)} of the week's working time has passed.")
    return " ".join(texts)


def _tally(told: Preview) -> list[tuple[str, str]]:
    """(status whose shape and colour it takes, words): `("below", "3 behind")`."""
    return tally(told.paced) + ([("no_data", f"{len(told.owed)} not typed in")] if told.owed else [])


def _headline(line: Line, among: Sequence[Line]) -> str:
    """`Dials 61 (goal 125)`"""
    return f"{title(line, among)} {line.value_text} (goal {line.goal_words})"


def subject(told: Preview) -> str:
    """`Week of 27 October so far: 3 behind, 4 ahead - Dials 61 (goal 125)`"""
    counted = ", ".join(words for _, words in _tally(told))
    first = next(
        (
            line
            for line in told.urgent or told.standing
            if line.status != "no_data" and line.value is not None
        ),
        None,
    )
    parts = [counted, _headline(first, told.lines) if first else ""]
    return f"{week_name(told.week.monday)} so far: {' - '.join(filter(None, parts))}"


def preheader(told: Preview) -> str:
    """What mail programs show beside the subject: who can still do what about it."""
    # the subject has the first line; here are the next
    lines = told.urgent[1:] or told.urgent
    needed = [
        ", ".join(filter(None, (_headline(line, told.lines), still_needed(line), line.owner_names)))
        for line in lines
    ]
    needed += [f"{who}: type in {title(line, told.lines)}" for line, who in told.owed]
    return plain("Needs you: " + "; ".join(needed[:3]) if needed else "Nothing is behind.", 300)


def _values(told: Preview, reasons: Sequence[str], links: Links) -> dict[str, Any]:
    week, zone = told.week, told.week.build.time_zone
    mine = {line.line_id for line in told.own}

    def texts(lines: Sequence[Line], *, own: bool) -> list[dict[str, str]]:
        return [_texts(line, told.lines, zone, links) for line in lines if (line.line_id in mine) == own]

    def owed(*, own: bool) -> list[dict[str, str]]:
        return [
            plain_texts({"title": title(line, told.lines), "who": who})
            for line, who in told.owed
            if (line.line_id in mine) == own
        ]

    calm = [line for line in told.paced if line.pace not in _NEEDS_YOU]
    return {
        "kind": "preview",
        "subject": subject(told),
        "heading": week_name(week.monday),
        "under": f"{week_number(week.monday)}, {week_days(week.monday)}, still running",
        "preheader": preheader(told),
        "reasons": reasons,
        "tally": with_glyphs(_tally(told)),
        "reach": _reach(told),
        "own_urgent": texts(told.urgent, own=True),
        "own_owed": owed(own=True),
        "own_calm": texts([*calm, *told.standing], own=True),
        "urgent": texts(told.urgent, own=False),
        "others": texts(calm, own=False),
        "standing": texts(told.standing, own=False),
        "owed": owed(own=False),
        "is_calm": not told.urgent and bool(told.paced),
        "notes": _notes(told, reasons),
    }


def _notes(told: Preview, reasons: Sequence[str]) -> list[str]:
    """What is missing, and which lines have no goal. Leaves out healthy sources."""
    off = ", ".join(title(line, told.lines) for line in told.unmanned)
    name = period_name(told.week.monday, "week")
    without_goal = f"No goal in the {name}, because nobody works for it: {plain(off, 600)}."
    return [*(reasons or ["Nothing is missing, late or rejected."]), *([without_goal] if off else [])]


class FridayPreview(Report[tuple[Preview, Gate]]):
    """The running week's preview. `week_start`: any day of the week."""

    name = "friday_preview"

    def __init__(self, settings: Settings, company: Company, week_start: date) -> None:
        super().__init__(settings, company)
        self.monday = calendar.week_start(week_start)
        self.period = week_label(self.monday)
        self.today = local_date(settings.now(), company.zone)
        self.links = Links(settings, company)

    def check(self) -> None:
        running = calendar.week_start(self.today)
        if self.monday != running:
            why = (
                "the week has not begun"
                if self.monday > running
                else "the week is over, and the weekly scorecard says what it came to"
            )
            raise DeliveryFailed(
                f"{self.name} {self.period}: {why}; the running one is {week_label(running)}"
            )

    @cached_property
    def week(self) -> Running:
        return observe(published_file(self.settings), self.monday)

    def decide(self, sections: Collection[str]) -> Gate:
        found = gate.decide(published_file(self.settings), self.monday, sections, running=True)
        if found.decision == "held":
            return found
        try:
            build = self.week.build
        except LookupError as error:
            return Gate("held", [str(error)])
        if local_date(build.as_of, self.company.zone) == self.today:
            return found
        old = (
            f"The scorecard was last built {instant(build.as_of, build.time_zone)}: everything here is as of"
            " then."
        )
        return Gate("amber", list(dict.fromkeys([*found.reasons, old])))

    def tell(self, recipient: str, sections: Collection[str], decision: Gate) -> tuple[Preview, Gate] | None:
        told = preview(self.week, sections, recipient)
        return (told, decision) if told else None

    def compose(self, told: tuple[Preview, Gate], recipient: str, message_id: str) -> EmailMessage:
        shown, decision = told
        build = shown.week.build
        values = {
            **frame(self.company, self.links, week_label(build.finished_week)),
            **_values(shown, decision.reasons, self.links),
            "footer": footer(self.settings, self.company, build),
        }
        return message.compose(
            self.settings, self.company, self.name, values, recipient=recipient, message_id=message_id
        )


def send_friday_preview(
    settings: Settings,
    company: Company,
    week_start: date,
    *,
    force: bool = False,
    only: Collection[str] | None = None,
) -> DeliveryReport:
    """Send the running week's preview; see `round.send`. `week_start`: any day of the week."""
    return send(FridayPreview(settings, company, week_start), force=force, only=only)
