"""The weekly scorecard by mail: composed from the page's own queries, judged by the send gate, delivered once
to each recipient."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from email.message import EmailMessage
from typing import Any, Final

import duckdb

from foundation import calendar
from foundation.calendar import week_label, weeks_in_year
from foundation.settings import Company, Settings
from reports.engine.markup import anchor, plain
from reports.engine.parse import parse_file
from reports.engine.queries import Result, connect, run
from reports.look.charts import Chart, series
from reports.look.numbers import MONTHS, Number, instant, judged, number, plural, short_instant, week_days
from reports.look.tokens import STATE, STATUS
from reports.post import message
from reports.post.delivery import DeliveryFailed, DeliveryReport
from reports.post.round import Mailing, footer, page_link
from reports.site.menu import PAGES
from reports.words import gate, restatements
from reports.words.gate import Gate
from reports.words.line import (
    Line,
    attention,
    by_section,
    count_sentence,
    counts,
    goal_text,
    lines_of,
    picked,
    title,
    wins,
)
from reports.words.pace import WORDS, up

REPORT: Final = "weekly_scorecard"
MOST_LISTED = 12
"""Lines in "Needs attention" and in "Wins"; the page has them all."""
MOST_CHANGED = 8
"""Notes about numbers that had been published otherwise; the page has them all."""
OVERLAP = timedelta(hours=1)
"""What was published so shortly before the recipient's last mail may have missed it: told twice rather than
never."""


@dataclass(frozen=True)
class Week:
    """What the published database says about one week: results of the blocks of `pages/scorecard.md`."""

    monday: date
    results: Mapping[str, Result]

    @property
    def label(self) -> str:
        return week_label(self.monday)

    @property
    def zone(self) -> str:
        return str(self.results["build"].one().time_zone)


def load_week(settings: Settings, monday: date, since: datetime | None = None) -> Week:
    """Run the scorecard page's queries for one week.

    `since`: changes of published numbers from then on; none: from the week's Monday on.

    Raises:
        LookupError: nothing has been published yet.
        PageError: a query of the page fails.
    """
    with closing(connect(settings.published_path)) as connection:
        return read_week(connection, monday, since)


def read_week(connection: duckdb.DuckDBPyConnection, monday: date, since: datetime | None = None) -> Week:
    """Run the scorecard page's queries for one week. `connection`: one made by `queries.connect`; `since`: as
    in `load_week`."""
    source = parse_file(PAGES / "scorecard.md")
    return Week(
        monday,
        run(connection, source.blocks, {**source.meta.get("params", {}), "week": monday, "since": since}),
    )


def subject(week: Week, lines: Sequence[Line]) -> str:
    """`Scorecard 2025-W43: 6 met, 0 near, 9 below - Same-day close rate 53% (goal 70%)`; the headline is the
    most telling miss."""
    start = f"Scorecard {week.label}: {count_sentence(counts(lines))}"
    below = attention(lines)
    return f"{start} - {headline(below[0], lines)}" if below else start


def headline(line: Line, lines: Sequence[Line]) -> str:
    """`Dials 101 (goal 125)`"""
    return f"{title(line, lines)} {line.value_text} (goal {line.goal_words})"


def preheader(lines: Sequence[Line], reasons: Sequence[str]) -> str:
    """What mail programs show beside the subject: the news in the first forty characters."""
    below = attention(lines)
    gaps = f" Sent with {plural(len(reasons), 'gap')}." if reasons else ""
    if not below:
        return f"No line is below its goal.{gaps}"
    # the subject has the first one; here are the next
    shown = below[1:3] or below
    more = len(below) - 1 - len(shown)
    text = ", ".join(headline(line, lines) for line in shown) + (f" and {more} more" if more > 0 else "")
    return f"Needs you{' too' if len(below) > 1 else ''}: {text}.{gaps}"


def compose(
    settings: Settings,
    company: Company,
    week: Week,
    decision: Gate,
    *,
    recipient: str,
    message_id: str,
    sections: Collection[str] = (),
    since: datetime | None = None,
) -> EmailMessage:
    """The mail of one week for one recipient.

    Args:
        sections: sections of the scorecard that the recipient gets; none: all of them.
        since: changes of published numbers are told from then on; none: all that `week` has.

    Raises:
        MailError: the mail would be too large, or the recipient is no address.
    """
    shown = [*lines_of(week.results["lines"]), *lines_of(week.results["months"])]
    lines = [line for line in shown if picked(line, sections)]
    values = _values(settings, company, week, decision, lines, sections, since)
    pictures = []
    below = attention(lines)
    if below and sum(v is not None for v in below[0].trend_values) > 1:
        pictures.append(_picture(week, below[0], lines, message_id))
    values |= {
        "pictures": pictures,
        "subject": subject(week, lines),
        "trend": ticks(below[0].trend_values) if below else "",
    }
    return message.compose(
        settings, company, REPORT, values, recipient=recipient, message_id=message_id, pictures=pictures
    )


def _values(
    settings: Settings,
    company: Company,
    week: Week,
    decision: Gate,
    lines: Sequence[Line],
    sections: Collection[str],
    since: datetime | None,
) -> dict[str, Any]:
    below, met, found = attention(lines), wins(lines), counts(lines)
    year, number_of_week, _ = week.monday.isocalendar()
    with_goal = [line for line in lines if line.operator is not None]
    without = [
        line
        for line in lines
        if line.operator is None and (line.value is not None or line.status == "not_applicable")
    ]
    quarter = [row for row in week.results["quarter"] if picked(row, sections)]
    changes = [
        row for row in restatements.since(week.results["changes"].rows, since) if picked(row, sections)
    ]
    return {
        "company": company.company.name,
        "kind": "scorecard",
        "heading": week.label,
        "short_week": f"W{number_of_week:02d}",
        "under": f"Week {number_of_week} of {weeks_in_year(year)}, {week_days(week.monday)}",
        "preheader": preheader(lines, decision.reasons),
        "reasons": decision.reasons,
        "counts": [(name, found[name]) for name in ("below", "near", "met")],
        "total": sum(found[name] for name in ("below", "near", "met")),
        "others": [(name, found[name]) for name in ("no_goal", "no_data", "not_applicable") if found[name]],
        "attention": [
            {
                **told(line, lines, week.zone),
                "moved": plain(line.moved or ""),
                "quarter": _quarter(line, week.results["pace"]),
            }
            for line in below[:MOST_LISTED]
        ],
        "more_attention": max(0, len(below) - MOST_LISTED),
        "no_attention": (
            "No line is below its goal."
            if found["met"] or found["near"]
            else "No line has a number to judge."
        ),
        "wins": [told(line, lines, week.zone) for line in met[:MOST_LISTED]],
        "sections": _grouped(with_goal, lines, week.zone),
        "also": _grouped(without, lines, week.zone),
        "quarter": (
            {
                "label": quarter[0].quarter_label,
                "how": "as it ended" if quarter[0].is_finished else "so far",
                "lines": [
                    {
                        "label": row.label,
                        "value": (
                            number(row.value, row.unit)
                            + (
                                f", complete to {short_instant(row.as_of, week.zone)}"
                                if row.state == "stale"
                                else ""
                            )
                        ),
                    }
                    for row in quarter
                ],
            }
            if quarter
            else None
        ),
        "notes": [
            *(
                (
                    f"{row.label}: complete to {instant(row.complete_through, week.zone)}"
                    if row.complete_through
                    else f"{row.label}: no data"
                )
                for row in week.results["sources"]
                if any(gate.uses(line, row.source) for line in lines)
            ),
            *decision.reasons,
            *([] if decision.reasons else ["Nothing is missing, stale or rejected."]),
            *restatements.notes(changes, week.zone, MOST_CHANGED),
        ],
        "link": page_link(settings, company, week.label),
        "footer": footer(settings, company, week.results["build"].one()),
    }


def _grouped(some: Sequence[Line], lines: Sequence[Line], zone: str) -> list[dict[str, Any]]:
    return [
        {"label": label, "lines": [told(line, lines, zone) for line in members]}
        for _, label, members in by_section(some)
    ]


def told(line: Line, lines: Sequence[Line], zone: str) -> dict[str, str]:
    """What a mail says about a line, as texts."""
    when = short_instant(line.as_of, zone)
    state = {
        "live": "",
        "manual": f"typed in {when}",
        "stale": f"stale, complete to {when}",
        "provisional": f"provisional, {when}",
        "missing": f"missing: {plain(line.gap, 160)}" if line.gap and not gate.typed_in(line) else "missing",
        "not_connected": STATE["not_connected"].lower(),
    }[line.state]
    partial = (
        f"partial: {plain(line.partial_note, 160)}" if line.value is not None and line.partial_note else ""
    )
    return {
        "title": title(line, lines),
        "label": line.label if line.cadence == "week" else f"{line.label}, {line.week_label}",
        "value": line.value_text,
        "parts": line.parts,
        "goal": line.goal_words,
        "goal_sign": line.goal_text,
        "previous": line.previous_text,
        "owner": line.owner_names or "no owner",
        "streak": line.streak_text,
        "status": line.status,
        "state": ", ".join(
            filter(
                None,
                (state, partial, line.previous_note and f"the {line.cadence} before is {line.previous_note}"),
            )
        ),
    }


def _quarter(line: Line, pace: Result) -> str:
    """How the line's running quarter stands; nothing where there is none, or it has only begun."""
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


def _picture(week: Week, line: Line, lines: Sequence[Line], message_id: str) -> message.Picture:
    count = len(line.trend_values)
    labels = [
        week_label(day).partition("-")[2] if line.cadence == "week" else MONTHS[day.month - 1]
        for day in line.trend_starts
    ]
    chart = Chart(
        title(line, lines),
        labels,
        [
            series("Value", line.trend_values, "c1", "bar"),
            series("Goal", line.trend_goals, "goal", "goal", 1.5),
        ],
        line.unit,
        f"The last {plural(count, line.cadence)}, with the goal of each {line.cadence}",
    )
    png = message.draw(chart)
    return message.Picture(
        f"{anchor(line.line_id)}.{week.label}.{message_id[1:-1]}", png, chart.summary(), 552
    )


def ticks(values: Sequence[Number | None]) -> str:
    """A sparkline out of block characters; a gap stays a gap."""
    known = [float(v) for v in values if v is not None]
    if not known:
        return ""
    low, span = min(known), (max(known) - min(known)) or 1.0
    return "".join("·" if v is None else "▁▂▃▄▅▆▇█"[round((float(v) - low) / span * 7)] for v in values)


def send_weekly_scorecard(
    settings: Settings,
    company: Company,
    week_start: date,
    *,
    force: bool = False,
    only: Collection[str] | None = None,
) -> DeliveryReport:
    """Send a finished week's scorecard to everybody who has subscribed to it and does not have it yet.

    Args:
        week_start: any day of the week.
        force: also to those who have it, or may have it.
        only: only to these of the subscribers.

    Raises:
        DeliveryFailed: the week has not ended; or mails did not leave: names every recipient and why. Those
        to the others were sent.
    """
    monday = calendar.week_start(week_start)
    label = week_label(monday)
    if settings.now() < calendar.week_end_instant(monday, company.zone):
        raise DeliveryFailed(
            f"{REPORT} {label}: the week has not ended at {settings.now():%Y-%m-%d %H:%M}Z; choose a"
            " finished one"
        )
    mailing = Mailing(settings, company, REPORT, label, force)
    chosen, report = mailing.subscribers(only), mailing.report
    gates = {
        tuple(sorted(sections)): gate.decide(settings.published_path, monday, sections)
        for sections in chosen.values()
    }
    report.gate = gate.together(list(gates.values()))
    week: Week | None = None
    start = datetime.combine(monday, time(), company.zone)
    told = {address: mailing.postman.last_before(REPORT, label, address) for address in chosen}
    since = {address: at - OVERLAP if at else start for address, at in told.items()}
    for address, sections in chosen.items():
        if mailing.settled(address):
            continue
        decision = gates[tuple(sorted(sections))]
        if decision.decision == "held":
            report.held.append(address)
            continue
        week = week or load_week(settings, monday, min(since.values()))
        mailing.send(address, _maker(settings, company, week, decision, address, sections, since[address]))
    mailing.remember_held()
    return mailing.conclude()


def _maker(
    settings: Settings,
    company: Company,
    week: Week,
    decision: Gate,
    address: str,
    sections: set[str],
    since: datetime,
) -> Callable[[str], EmailMessage]:
    return lambda mid: compose(
        settings, company, week, decision, recipient=address, message_id=mid, sections=sections, since=since
    )
