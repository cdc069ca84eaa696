"""The daily digest by mail: only what is new since the recipient's last one, and no mail where nothing is.

The ledger keeps per recipient and day what the digest said (`news`) and what the recipient knows with it
(`known`). A day's digest is what differs from the newest `known` of an earlier day that reached the
recipient, or had nothing to say. So nothing is told twice, what a refused mail would have told is told the
next day, and a mail that is forced says what the day's first one said.

Where a number is not complete (its source is behind, somebody has not typed their part in), its line is
neither off track nor back.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Mapping, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, field
from datetime import date
from email.message import EmailMessage
from functools import partial
from typing import Any, Final

import duckdb

from foundation.calendar import local_date
from foundation.settings import Company, Settings
from reports.engine.markup import plain
from reports.engine.queries import PageError, connect
from reports.look.numbers import instant, long_day, plural, week_days
from reports.look.tokens import GLYPH
from reports.mails.weekly_scorecard import Week, read_week, told
from reports.post import message
from reports.post.delivery import DeliveryFailed, DeliveryReport, Postman, ledger, sending_lock
from reports.post.round import Mailing, footer, page_link
from reports.words import gate
from reports.words.gate import Gate, SourceState
from reports.words.line import Line, attention, lines_of, picked, title

REPORT: Final = "daily_digest"
MOST_LISTED = 20
"""Lines per heading; the page has them all."""
MOST_NAMED = 2
"""Sources that the subject names one by one; of more, the number is given."""
_PUBLISHED = "published"
"""Stands among the sources for the published database itself."""
_TRACK = {"below": "off", "near": "on", "met": "on"}


@dataclass(frozen=True)
class News:
    """What one recipient is told on one day, all of it text. The ledger has it as JSON, so a field that is
    added needs a default."""

    week: str
    """The newest finished week: `2025-W43`."""
    under: str
    off: list[dict[str, str]]
    """Lines newly off track, as `weekly_mail.told`, with the week `before`."""
    back: list[dict[str, str]]
    sources: list[dict[str, str]]
    """`status` (`below`, `near`, or `met` where it has recovered), `name`, `word`, `text`."""
    owed: list[dict[str, str]]
    """`title` of a line that people type in, and `who` has not."""
    footer: list[str]

    def __bool__(self) -> bool:
        return bool(self.off or self.back or self.sources or self.owed)


@dataclass(frozen=True)
class Known:
    """What a recipient has been told: of each line whether it is off track, which sources are behind, who
    owes what of which week."""

    lines: dict[str, str] = field(default_factory=dict)
    """line -> `off` or `on`"""
    down: list[str] = field(default_factory=list)
    week: str = ""
    owed: list[str] = field(default_factory=list)
    """Lines, of `week`."""


@dataclass(frozen=True)
class Observed:
    """What the published database says about the newest finished week and about the sources."""

    week: Week
    before: Mapping[str, str]
    """line -> `off` or `on`: how the line was last judged before that week."""
    owing: Mapping[str, str]
    """line -> those of its people who have typed nothing in for that week."""
    sources: Mapping[str, SourceState]


_BEFORE = """
select line_id, arg_max(status, week_start) as status
from marts.fct_scorecard_weekly
where week_start < $week and status in ('met', 'near', 'below') and state in ('live', 'manual')
group by line_id
"""

OWING = """
with wanted as (
    select line_id, trim(unnest(string_split(people, ';'))) as person_key, generate_subscripts(string_split(people, ';'), 1) as position
    from marts.dim_lines where trim(people) <> ''
)
select wanted.line_id, string_agg(coalesce(people.full_name, wanted.person_key), ', ' order by wanted.position) as names
from wanted
left join marts.dim_people as people using (person_key)
where coalesce(people.active_from < $week::date + 7, true) and coalesce(people.active_to >= $week::date, true)
  and not exists (
      from marts.fct_contributions as typed
      where typed.line_id = wanted.line_id and typed.person_key = wanted.person_key and typed.week_start = $week::date
  )
group by wanted.line_id
"""


def observe(settings: Settings) -> Observed:
    """Read the published database.

    Raises:
        LookupError: nothing has been published yet, or it is not complete; says so in a sentence.
    """
    with closing(connect(settings.published_path)) as connection, closing(connection.cursor()) as cursor:
        try:
            cursor.execute("use published")
            row = cursor.execute("select finished_week from marts.dim_build").fetchone()
            if row is None:
                raise LookupError("The published database does not say when it was built.")
            before = dict(cursor.execute(_BEFORE, {"week": row[0]}).fetchall())
            owing = dict(cursor.execute(OWING, {"week": row[0]}).fetchall())
            week, sources = read_week(connection, row[0]), gate.read_sources(connection)
        except (duckdb.ProgrammingError, PageError) as error:
            raise LookupError(
                f"The published database is not complete: {str(error).splitlines()[0]}."
            ) from None
    return Observed(week, {line: _TRACK[status] for line, status in before.items()}, owing, sources)


def owes(line: Line, owing: Mapping[str, str]) -> str | None:
    """Who has not typed in their part of a number; None where nobody is asked to, or everybody has. `owing`:
    what `OWING` says."""
    if not gate.typed_in(line):
        return None
    return owing.get(line.line_id) or (None if line.value is not None else line.owner_names or "no owner")


def _track(line: Line, observed: Observed) -> str | None:
    """`off` or `on`; None while there is no complete number to judge."""
    if line.state not in ("live", "manual") or owes(line, observed.owing):
        return None
    return _TRACK.get(line.status)


def compare(
    settings: Settings,
    company: Company,
    day: date,
    observed: Observed,
    known: Known | None,
    since: date | None,
    sections: Collection[str],
) -> tuple[News, Known]:
    """What is new for a recipient, and what they know with it.

    Args:
        known: the baseline; None: they never had a digest, so lines are compared with the weeks before.
        since: the day of that baseline.
        sections: theirs; none: all.

    Raises:
        LookupError: there is no line in their sections.
    """
    week = observed.week
    lines = [line for line in lines_of(week.results["lines"]) if picked(line, sections)]
    if not lines:
        raise LookupError(
            f"There are no facts for {week.label}"
            + (f" in {', '.join(sorted(sections))}." if sections else ".")
        )
    base = known or Known()
    tracks = {line.line_id: track for line in lines if (track := _track(line, observed))}
    was = {line: base.lines.get(line) or observed.before.get(line) for line in tracks}
    off = [
        line for line in attention(lines) if tracks.get(line.line_id) == "off" and was[line.line_id] != "off"
    ]
    back = [line for line in lines if tracks.get(line.line_id) == "on" and was[line.line_id] == "off"]
    down, up, sources = _sources(company, day, observed, lines, base.down, everything=not sections)
    # where the file with the numbers was not read, nobody can be said to owe one
    asked = observed.sources["manual"].state == "ok" if "manual" in observed.sources else False
    owing = {line.line_id: who for line in lines if asked and (who := owes(line, observed.owing))}
    had = set(base.owed) if base.week == week.label else set()
    news = News(
        week=week.label,
        under=(
            f"New since {long_day(since)}."
            if since
            else "Your first digest: lines are compared with the weeks before."
        )
        + f" Newest finished week: {week.label}, {week_days(week.monday)}.",
        off=[_judged(line, lines, week.zone) for line in off],
        back=[_judged(line, lines, week.zone) for line in back],
        sources=sources,
        owed=[
            _plain({"title": title(line, lines), "who": owing[line.line_id]})
            for line in lines
            if line.line_id in owing and line.line_id not in had
        ],
        footer=footer(settings, company, week.results["build"].one()),
    )
    return news, Known(
        base.lines | tracks, sorted((set(base.down) - up) | down), week.label, sorted(had | owing.keys())
    )


_NEWS = {
    "ok": ("met", "recovered"),
    "late": ("near", "late"),
    "partly_refused": ("near", "partly refused"),
    "failing": ("below", "failing"),
}


def _sources(
    company: Company,
    day: date,
    observed: Observed,
    lines: Sequence[Line],
    known_down: Collection[str],
    *,
    everything: bool,
) -> tuple[set[str], set[str], list[dict[str, str]]]:
    """(those behind, those that are well, what is new about them)"""
    build, label = observed.week.results["build"].one(), observed.week.label
    built = instant(build.as_of, observed.week.zone)
    out: list[dict[str, str]] = []
    down, up = set(), set()
    if local_date(build.as_of, company.zone) < day:
        down.add(_PUBLISHED)
        if _PUBLISHED not in known_down:
            text = f"It was last built {built}; everything here is as of then."
            out.append({"status": "below", "name": "The scorecard", "word": "not built today", "text": text})
    else:
        up.add(_PUBLISHED)
        if _PUBLISHED in known_down:
            out.append(
                {
                    "status": "met",
                    "name": "The scorecard",
                    "word": "built again",
                    "text": f"It is as of {built}.",
                }
            )
    for source in observed.sources.values():
        users = [line for line in lines if gate.uses(line, source.source)]
        if not (users or everything) or source.state == "not_connected":
            continue
        # a table that none of the lines needs is no news
        spared = source.state == "partly_refused" and not any(
            source.source in (line.refusing or "").split(", ") for line in users
        )
        state = "ok" if spared else source.state
        (up if state == "ok" else down).add(source.source)
        if (state == "ok") != (source.source in known_down):
            continue
        waiting = sum(line.state in ("stale", "missing") for line in users)
        text = (
            source.sentence if state == "partly_refused" else f"{source.reach[0].upper()}{source.reach[1:]}."
        )
        if waiting and state != "ok":
            text += f" Until then {plural(waiting, 'line')} of {label} can't be complete."
        status, word = _NEWS[state]
        out.append({"status": status, "name": source.label, "word": word, "text": text})
    return down, up, [_plain(item) for item in sorted(out, key=lambda item: item["status"] == "met")]


def _judged(line: Line, lines: Sequence[Line], zone: str) -> dict[str, str]:
    before = line.previous_text if line.previous_value is not None else "no number"
    return _plain({**told(line, lines, zone), "before": f"{before} the week before"})


def _plain(texts: Mapping[str, str]) -> dict[str, str]:
    return {name: plain(text, 300) for name, text in texts.items()}


def headline(line: Mapping[str, str]) -> str:
    """`Dials 101 (goal 125)`"""
    return f"{line['title']} {line['value']} (goal {line['goal']})"


def tally(news: News) -> list[tuple[str, str]]:
    """(status, words) of each kind of news: `("below", "2 newly off track")`."""
    out = []
    if news.off:
        out.append(("below", f"{len(news.off)} newly off track"))
    if news.back:
        out.append(("met", f"{len(news.back)} back on track"))
    for word in dict.fromkeys(item["word"] for item in news.sources):
        some = [item for item in news.sources if item["word"] == word]
        names = [item["name"] for item in some] if len(some) <= MOST_NAMED else [f"{len(some)} sources"]
        out += [(some[0]["status"], f"{name} {word}") for name in names]
    if news.owed:
        out.append(("no_data", f"{len(news.owed)} not typed in"))
    return out


def subject(day: date, news: News) -> str:
    """`Digest 2025-10-27: 2 newly off track, HubSpot late - Dials 101 (goal 125)`"""
    start = f"Digest {day}: {', '.join(words for _, words in tally(news))}"
    lines = news.off or news.back
    return f"{start} - {headline(lines[0])}" if lines else start


def preheader(news: News) -> str:
    """What mail programs show beside the subject: what somebody has to do something about comes first."""
    # the subject has the first line; here are the next
    needed = [f"{headline(line)}, {line['owner']}" for line in news.off[1:] or news.off]
    needed += [f"{item['who']}: type in {item['title']}" for item in news.owed]
    rest = [f"{item['name']} {item['word']}: {item['text']}" for item in news.sources] + [
        f"{headline(line)} is back on track" for line in news.back
    ]
    return ("Needs you: " if needed else "") + "; ".join((needed + rest)[:3])


def compose(
    settings: Settings, company: Company, day: date, news: News, recipient: str, message_id: str
) -> EmailMessage:
    """One day's digest for one recipient.

    Raises:
        MailError: the mail would be too large, or the recipient is no address.
    """
    values: dict[str, Any] = {
        **asdict(news),
        "company": company.company.name,
        "kind": "daily digest",
        "heading": long_day(day),
        "tally": [(status, GLYPH[status], words) for status, words in tally(news)],
        "most": MOST_LISTED,
        "preheader": preheader(news),
        "subject": subject(day, news),
        "link": page_link(settings, company, news.week),
    }
    return message.compose(settings, company, REPORT, values, recipient=recipient, message_id=message_id)


def send_daily_digest(
    settings: Settings,
    company: Company,
    day: date,
    *,
    force: bool = False,
    only: Collection[str] | None = None,
) -> DeliveryReport:
    """Send a day's digest to everybody who has subscribed to it, for whom something is new, and who does not
    have it yet.

    A digest is made on its own day, as it tells of the present. Later it can only be sent again.

    Args:
        force: also to those who have it, or may have it: the same news again.
        only: only to these of the subscribers.

    Raises:
        DeliveryFailed: the day has not begun, or is over and had no digest; or mails did not leave: names
        every recipient and why.
    """
    today = local_date(settings.now(), company.zone)
    if day > today:
        raise DeliveryFailed(f"{REPORT} {day}: the day has not begun; today is {today}")
    mailing = Mailing(settings, company, REPORT, day.isoformat(), force)
    chosen, report = mailing.subscribers(only), mailing.report
    with sending_lock(settings, "digests"), ledger(settings) as connection:
        kept = {address: _kept(mailing.postman, connection, address, day) for address in chosen}
        fresh = [address for address, row in kept.items() if row is None]
        for address, row in kept.items():
            if row is not None and row["news"] is None:
                report.nothing.append(address)
            elif row is not None and not mailing.settled(address):
                mailing.send(
                    address,
                    partial(_compose, settings, company, day, News(**json.loads(row["news"])), address),
                )
        if day == today:
            _send_fresh(
                mailing, connection, day, {address: chosen[address] for address in fresh}, everybody=not only
            )
        elif only or len(fresh) == len(kept):
            for address in fresh:
                report.failed[address] = (
                    "had no digest on that day, and later ones have told what was new then"
                )
        return mailing.conclude()


def _send_fresh(
    mailing: Mailing,
    connection: sqlite3.Connection,
    day: date,
    chosen: Mapping[str, set[str]],
    *,
    everybody: bool,
) -> None:
    settings, company, report = mailing.settings, mailing.company, mailing.report
    observed: Observed | None = None
    held: dict[str, str] = {}
    """What it waits for (the published database, or lines in some sections) -> why."""
    for address, sections in chosen.items():
        row = _baseline(mailing.postman, connection, address, day)
        known, since = (
            (Known(**json.loads(row["known"])), date.fromisoformat(row["day"])) if row else (None, None)
        )
        try:
            observed = observed or observe(settings)
            news, knows = compare(settings, company, day, observed, known, since, sections)
        except LookupError as error:
            report.held.append(address)
            held[", ".join(sorted(sections)) if observed else _PUBLISHED] = str(error)
            continue
        connection.execute(
            "insert into digests values (?, ?, ?, ?) "
            "on conflict (recipient, day) do update set news = excluded.news, known = excluded.known",
            [
                address.strip().lower(),
                day.isoformat(),
                json.dumps(asdict(news)) if news else None,
                json.dumps(asdict(knows)),
            ],
        )
        if not news:
            report.nothing.append(address)
        elif not mailing.settled(address):
            mailing.send(address, partial(_compose, settings, company, day, news, address))
    if held:
        report.gate = Gate("held" if len(report.held) == len(chosen) else "amber", list(held.values()))
    if chosen and everybody:
        mailing.remember(
            {
                what: (
                    f"The daily digest is held. {reason} It goes out by itself after the day's next"
                    " successful build; later the next day's digest tells what is new. Way out, if that does"
                    " not help: run `scoreline doctor`, repair what it names (or the sections in"
                    f" company.toml), then run the refresh and build jobs (or `{mailing.command}`"
                    " afterwards)."
                )
                for what, reason in held.items()
            },
            scope=f"{REPORT}:held",
        )


def _compose(
    settings: Settings, company: Company, day: date, news: News, address: str, mid: str
) -> EmailMessage:
    return compose(settings, company, day, news, address, mid)


def _counts(postman: Postman, row: sqlite3.Row) -> bool:
    """The recipient has this digest, may have it, or there was nothing to say. A row is written before its
    mail leaves."""
    return row["news"] is None or postman.settled(REPORT, row["day"], row["recipient"]) is not None


def _kept(postman: Postman, connection: sqlite3.Connection, address: str, day: date) -> sqlite3.Row | None:
    """The digest that a recipient has of this very day."""
    sql = "select * from digests where recipient = ? and day = ?"
    row: sqlite3.Row | None = connection.execute(sql, [address.strip().lower(), day.isoformat()]).fetchone()
    return row if row is not None and _counts(postman, row) else None


def _baseline(
    postman: Postman, connection: sqlite3.Connection, address: str, day: date
) -> sqlite3.Row | None:
    """The newest digest that a recipient has of an earlier day."""
    sql = "select * from digests where recipient = ? and day < ? order by day desc"
    rows = connection.execute(sql, [address.strip().lower(), day.isoformat()]).fetchall()
    return next((row for row in rows if _counts(postman, row)), None)
