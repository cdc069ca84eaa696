"""The weekly scorecard by mail: composed from the page's own queries, judged by the send gate, delivered once
to each recipient."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from email.message import EmailMessage
from functools import cached_property
from typing import Any

from foundation import calendar
from foundation.calendar import week_label
from foundation.settings import Company, Settings
from reports.engine.markup import anchor, plain
from reports.engine.queries import Result, Row
from reports.look.charts import Chart, series
from reports.look.numbers import (
    Number,
    judged,
    month,
    number,
    period_text,
    plural,
    short_instant,
    week_days,
    week_name,
    week_number,
)
from reports.look.tokens import GLYPH, SIGNAL_GLYPH, STATUS
from reports.mails.base import footer, frame, line_texts
from reports.mails.links import Links
from reports.pdf import PdfError, scorecard_pdf
from reports.post import message, pictures
from reports.post.channels import CHANNELS, post_of
from reports.post.channels.card import Card, Item, Part, Picture, Post
from reports.post.outcome import DeliveryFailed, DeliveryReport
from reports.post.round import Report, readers_of_channel, send
from reports.words import gate, restatements
from reports.words.gate import Gate
from reports.words.line import (
    GOAL_STATUSES,
    Line,
    attention,
    by_section,
    count_sentence,
    counts,
    goal_text,
    lines_of,
    nothing_missed,
    picked,
    signals_first,
    title,
    wins,
)
from reports.words.pace import WORDS, to_do, up
from reports.words.reader import owned, read_readers
from reports.words.week import Week, load_week, reading

MOST_LISTED = 8
"""Lines in "Needs attention" and in "Wins"; the page has them all."""
MOST_CHANGED = 8
"""Notes about published numbers that have changed; the page has them all."""
PDF_LIMIT = 2_000_000
"""Bytes of the PDF beside a mail; many mail servers refuse mails of 10 MB."""
OVERLAP = timedelta(hours=1)
"""A change that was published this shortly before the recipient's last mail may not be in it, so the next
mail has it again."""


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
    missed = _missed(lines, own)
    return f"{start} - {headline(missed[0], lines)}" if missed else start


def headline(line: Line, lines: Sequence[Line]) -> str:
    """`Dials 101 (goal 125)`"""
    return f"{title(line, lines)} {line.value_text} (goal {line.goal_words})"


def preheader(lines: Sequence[Line], reasons: Sequence[str], own: Sequence[Line] = ()) -> str:
    """What mail programs show beside the subject: the news in the first forty characters."""
    missed = _missed(lines, own)
    gaps = f" Sent with {plural(len(reasons), 'gap')}." if reasons else ""
    if not missed:
        return f"{nothing_missed(lines)}{gaps}"
    # the subject has the first one; here are the next
    shown = missed[1:3] or missed
    more = len(missed) - 1 - len(shown)
    text = ", ".join(headline(line, lines) for line in shown) + (f" and {more} more" if more > 0 else "")
    return f"Needs you{' too' if len(missed) > 1 else ''}: {text}.{gaps}"


def _missed(lines: Sequence[Line], own: Sequence[Line]) -> list[Line]:
    """The lines that missed their goal, the reader's own first."""
    mine = {line.line_id for line in own}
    return sorted(attention(lines), key=lambda line: line.line_id not in mine)


def _values(told: Told, links: Links) -> dict[str, Any]:
    week, lines = told.week, told.lines
    own = {line.line_id for line in told.own}
    missed, met, found = _missed(lines, told.own), wins(lines), counts(lines)
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
        "own_counts": count_sentence(counts(told.own)),
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
        "answered": [texts(line) for line in _answered(lines, [*mine, *attended, *won])],
        "sections": _grouped([line for line in lines if line.operator is not None], texts),
        "also": _grouped([line for line in lines if _watched(line)], texts),
        "quarter": _quarter(told.quarter, week.zone) if told.quarter else None,
        "notes": _notes(told),
    }


def _answered(lines: Sequence[Line], listed: Sequence[Line]) -> list[Line]:
    """Lines with a note or an open action that are not among those which a message lists one by one."""
    names = {line.line_id for line in listed}
    return [line for line in lines if (line.said or line.still_to_do) and line.line_id not in names]


def _watched(line: Line) -> bool:
    """It has no goal, and something to show."""
    return line.operator is None and (line.value is not None or line.status == "not_applicable")


def _notes(told: Told) -> list[str]:
    """What changed, and that nothing is missing: what is missing stands in the banner. Leaves out healthy
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


def _chart(line: Line, lines: Sequence[Line]) -> Chart:
    """A line's last periods, with their goals."""
    count = len(line.trend_values)
    labels = [
        week_label(day).partition("-")[2] if line.cadence == "week" else month(day, year=False)
        for day in line.trend_starts
    ]
    return Chart(
        title(line, lines),
        labels,
        [
            series("Value", line.trend_values, "c1", "bar"),
            series("Goal", line.trend_goals, "goal", "goal", 1.5),
        ],
        line.unit,
        f"The last {plural(count, line.cadence)}, with the goal of each {line.cadence}"
        + (", on the usual range" if any(line.usual) else ""),
        usual=line.usual,
        signals=line.signals,
    )


def _picture(week: Week, line: Line, lines: Sequence[Line], message_id: str) -> message.Picture:
    chart = _chart(line, lines)
    png = message.draw(chart)
    return message.Picture(
        f"{anchor(line.line_id)}.{week.label}.{message_id[1:-1]}", png, chart.summary(), 552
    )


def _drawn(told: Told) -> Line | None:
    """The line whose drawing is worth most: the most telling miss, if it has a trend."""
    missed = _missed(told.lines, told.own)
    if missed and sum(value is not None for value in missed[0].trend_values) > 1:
        return missed[0]
    return None


def _item(line: Mapping[str, str]) -> Item:
    """A line in a channel, from the texts that a mail says about it."""
    judged = line["status"] in GOAL_STATUSES
    glyph = GLYPH[line["status"]] if judged or not line["signal"] else SIGNAL_GLYPH
    text = f"{glyph} {line['title']}: {line['value']}"
    text += f" ({line['parts']})" if line["parts"] else ""
    text += f", goal {line['goal']}" if judged else ""
    text += f", {line['off']}" if line["off"] else ""
    changed = f"{SIGNAL_GLYPH} {line['signal']}" if line["signal"] else line["unchanged"]
    more = line.get("todo") or line.get("moved", "")
    details = [line["owner"], line["streak"], line["state"], changed, more]
    answers = [f"{name}: {line[key]}" for name, key in (("Note", "said"), ("To do", "still")) if line[key]]
    ask = line.get("note_link", "")
    return Item(text, " · ".join(filter(None, details)), line["link"], answers, ask)


def ticks(values: Sequence[Number | None]) -> str:
    """A sparkline out of block characters; a gap stays a gap."""
    known = [float(v) for v in values if v is not None]
    if not known:
        return ""
    low, span = min(known), (max(known) - min(known)) or 1.0
    return "".join("·" if v is None else "▁▂▃▄▅▆▇█"[round((float(v) - low) / span * 7)] for v in values)


class WeeklyScorecard(Report[Told]):
    """A finished week's scorecard. `week_start`: any day of the week."""

    name = "weekly_scorecard"

    def __init__(self, settings: Settings, company: Company, week_start: date) -> None:
        super().__init__(settings, company)
        self.monday = calendar.week_start(week_start)
        self.period = week_label(self.monday)
        self.links = Links(settings, company)
        self._since: dict[str, datetime] = {}
        """Recipient -> from when on changes of published numbers are told."""

    def check(self) -> None:
        now = self.settings.now()
        if now < calendar.week_end_instant(self.monday, self.company.zone):
            raise DeliveryFailed(
                f"{self.name} {self.period}: the week has not ended at {now:%Y-%m-%d %H:%M}Z; choose a"
                " finished one"
            )

    @contextmanager
    def open(
        self, recipients: Mapping[str, set[str]], *, everybody: bool
    ) -> Iterator[Mapping[str, set[str]]]:
        start = datetime.combine(self.monday, time(), self.company.zone)
        for address in recipients:
            at = self.postman.last_before(self.name, self.period, address)
            self._since[address] = at - OVERLAP if at else start
        yield recipients

    def decide(self, sections: Collection[str]) -> Gate:
        return gate.decide(self.settings.published_path, self.monday, sections)

    @cached_property
    def week(self) -> Week:
        """The week, with all changes that any of the recipients is told."""
        return load_week(self.settings.published_path, self.monday, min(self._since.values(), default=None))

    @cached_property
    def readers(self) -> Mapping[str, str]:
        with reading(self.settings.published_path) as connection:
            return read_readers(connection)

    def tell(self, recipient: str, sections: Collection[str], decision: Gate) -> Told:
        names = [recipient]
        if recipient in CHANNELS:
            names = readers_of_channel(self.company, self.name, recipient)
        return tell(self.week, decision, sections, self._since[recipient], self.readers, names)

    def compose(self, told: Told, recipient: str, message_id: str) -> EmailMessage | Post:
        if recipient in CHANNELS:
            return post_of(recipient, self._card(told))
        drawn = _drawn(told)
        inside = [_picture(told.week, drawn, told.lines, message_id)] if drawn else []
        attachments, why_not = self._attachments(told) if self.company.mail.attach_pdf else ([], "")
        values = {
            **frame(self.company, self.links, self.period),
            **_values(told, self.links),
            "footer": [*footer(self.settings, self.company, told.week.build), *filter(None, [why_not])],
            "pictures": inside,
        }
        return message.compose(
            self.settings,
            self.company,
            self.name,
            values,
            recipient=recipient,
            message_id=message_id,
            pictures=inside,
            attachments=attachments,
        )

    def _attachments(self, told: Told) -> tuple[list[message.Attachment], str]:
        """The lines that the recipient gets as PDF, and why there is none."""
        rows = [line.row for line in told.lines]
        values = {
            "build": told.week.results["build"],
            "week": told.week.monday,
            "lines": [row for row in rows if row.cadence == "week"],
            "months": [row for row in rows if row.cadence != "week"],
            "notes": [gate.Note("line", text) for text in told.reasons],
        }
        try:
            pdf = scorecard_pdf(values, f"Scorecard {self.period}")
        except PdfError as error:
            return [], f"The PDF is missing. {error}"
        if len(pdf) > PDF_LIMIT:
            return [], f"The PDF is missing: it has {len(pdf):,} bytes, more than {PDF_LIMIT:,}."
        return [message.Attachment(f"scorecard-{self.period}.pdf", pdf)], ""

    def _card(self, told: Told) -> Card:
        values = _values(told, self.links)
        own = [*values["own_missed"], *values["own_signals"], *values["own_fine"]]
        listed = {line["line_id"] for line in (*own, *values["attention"])}

        def others(lines: Iterable[Line]) -> list[Item]:
            texts = [line_texts(line, told.lines, told.week.zone, self.links) for line in lines]
            return [_item(line) for line in texts if line["line_id"] not in listed]

        signals = [line for line in told.lines if line.is_signal and line.status != "below"]
        answered = [line for line in _answered(told.lines, []) if line not in signals]
        parts = [
            Part(f"Your lines: {values['own_counts']}", [_item(line) for line in own]),
            Part(
                "Needs attention from others" if values["own_missed"] else "Needs attention",
                [_item(line) for line in values["attention"]],
                values["more_attention"],
            ),
            Part("Other signals", others(signals)),
            Part("Notes and actions on other lines", others(answered)),
        ]
        if values["no_attention"]:
            parts.append(Part("", [Item(values["no_attention"])]))
        drawn = _drawn(told)
        return Card(
            values["subject"],
            values["heading"],
            f"{self.company.company.name}, {values['under']}",
            count_sentence(counts(told.lines)),
            told.reasons,
            [part for part in parts if part.items],
            self._picture_of(drawn, told.lines) if drawn else None,
            self.links.scorecard(self.period),
            footer(self.settings, self.company, told.week.build)[:1],
        )

    def _picture_of(self, line: Line, lines: Sequence[Line]) -> Picture | None:
        """A drawing for a channel; None: the portal has no address at which others reach it."""
        root = self.company.access.portal_url.rstrip("/")
        if not root:
            return None
        chart = _chart(line, lines)
        token = pictures.keep(self.settings, line.line_id, message.draw(chart, *pictures.SIZE))
        return Picture(f"{root}/picture/{token}.png", chart.summary())


def send_weekly_scorecard(
    settings: Settings,
    company: Company,
    week_start: date,
    *,
    force: bool = False,
    only: Collection[str] | None = None,
) -> DeliveryReport:
    """Send a finished week's scorecard; see `round.send`. `week_start`: any day of the week."""
    return send(WeeklyScorecard(settings, company, week_start), force=force, only=only)
