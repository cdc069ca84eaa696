"""The news for a recipient of the daily digest, and its subject."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from foundation.calendar import local_date
from foundation.settings import Company, Settings
from reports.look.numbers import capital, instant, long_day, period_name, plural, week_days, weekday
from reports.mails.base import footer, line_texts, plain_texts
from reports.mails.links import Links
from reports.words import gate
from reports.words.gate import SourceState
from reports.words.line import Line, attention, lines_of, named_of, picked, title
from reports.words.owing import can_owe, owes, read_owing
from reports.words.reader import owned, read_readers
from reports.words.week import Week, read_week, reading

MOST_NAMED = 2
"""Sources that the subject names one by one; of more, the number is given."""
PUBLISHED = "published"
"""Stands among the sources for the published database itself."""
_TRACK = {"below": "off", "near": "on", "met": "on"}


@dataclass(frozen=True)
class News:
    """The news of one recipient on one day, all of it text. The ledger stores it as JSON, so a new field
    needs a default."""

    week: str
    """The newest finished week: `2025-W43`."""
    under: str
    off: list[dict[str, str]]
    """Lines newly off track, as `base.line_texts`, with the week `before`; `yours`: the recipient owns it."""
    back: list[dict[str, str]]
    sources: list[dict[str, str]]
    """`status` (`below`, `near`, or `met` where it has recovered), `name`, `word`, `text`."""
    owed: list[dict[str, str]]
    """`title` of a line that people type in, `who` has not, and `yours`."""
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
    readers: Mapping[str, str]
    """As `reader.read_readers` returns them."""


_BEFORE = """
select line_id, arg_max(status, week_start) as status
from marts.fct_scorecard_weekly
where week_start < $week and status in ('met', 'near', 'below') and state in ('live', 'manual')
group by line_id
"""


def observe(published: Path) -> Observed:
    """Read the published database.

    Raises:
        LookupError: nothing has been published yet, or it is not complete; says so in a sentence.
    """
    with reading(published) as connection:
        found = connection.execute("select finished_week from published.marts.dim_build").fetchone()
        if found is None:
            raise LookupError("The published database does not say when it was built.")
        (monday,) = found
        with closing(connection.cursor()) as cursor:
            cursor.execute("use published")
            before = dict(cursor.execute(_BEFORE, {"week": monday}).fetchall())
        return Observed(
            read_week(connection, monday),
            {line: _TRACK[status] for line, status in before.items()},
            read_owing(connection, monday),
            gate.read_sources(connection),
            read_readers(connection),
        )


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
    recipient: str,
    links: Links,
) -> tuple[News, Known]:
    """What is new for a recipient, and what they know with it. What they own comes first.

    Args:
        known: the baseline; None: they never had a digest, so lines are compared with the weeks before.
        since: the day of that baseline.
        sections: theirs; none: all.

    Raises:
        LookupError: none of the lines is in their sections.
    """
    week = observed.week
    lines = [line for line in lines_of(week.results["lines"]) if picked(line, sections)]
    if not lines:
        where = f" in {', '.join(named)}" if (named := named_of(sections)) else ""
        raise LookupError(f"There are no facts for {week.label}{where}.")
    mine = {line.line_id for line in owned(lines, observed.readers, recipient)}
    base = known or Known()
    tracks = {line.line_id: track for line in lines if (track := _track(line, observed))}
    was = {line: base.lines.get(line) or observed.before.get(line) for line in tracks}
    off = [
        line for line in attention(lines) if tracks.get(line.line_id) == "off" and was[line.line_id] != "off"
    ]
    back = [line for line in lines if tracks.get(line.line_id) == "on" and was[line.line_id] == "off"]
    down, up, sources = _sources(company, day, observed, lines, base.down, everything=not sections)
    asked = can_owe(observed.sources)
    owing = {line.line_id: who for line in lines if asked and (who := owes(line, observed.owing))}
    had = set(base.owed) if base.week == week.label else set()
    newly = [line for line in lines if line.line_id in owing and line.line_id not in had]

    def yours(line: Line) -> dict[str, str]:
        return {"yours": "yes"} if line.line_id in mine else {}

    def judged(some: Sequence[Line]) -> list[dict[str, str]]:
        texts = [_judged(line, lines, week.zone, links) | yours(line) for line in some]
        return sorted(texts, key=lambda line: "yours" not in line)

    news = News(
        week=week.label,
        under=f"{_since(since)} The newest finished week is {week_days(week.monday)}.",
        off=judged(off),
        back=judged(back),
        sources=sources,
        owed=[
            plain_texts({"title": title(line, lines), "who": owing[line.line_id]}) | yours(line)
            for line in newly
        ],
        footer=footer(settings, company, week.build),
    )
    return news, Known(
        base.lines | tracks, sorted((set(base.down) - up) | down), week.label, sorted(had | owing.keys())
    )


def _since(since: date | None) -> str:
    if since is None:
        return "Your first digest: lines are compared with the weeks before."
    return f"New since {long_day(since)}."


SOURCE_NEWS = {
    # state of a source: (status whose shape and colour it takes, word)
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
    """(those behind, those that are well, what is new about them). `everything`: also sources that none of
    the lines uses."""
    down, up, out = _published(company, day, observed, known_down)
    for source in observed.sources.values():
        users = [line for line in lines if gate.uses(line, source.source)]
        if not (users or everything) or source.state == "not_connected":
            continue
        # nobody here needs the refused table
        spared = source.state == "partly_refused" and not any(
            source.source in (line.refusing or "").split(", ") for line in users
        )
        state = "ok" if spared else source.state
        (up if state == "ok" else down).add(source.source)
        if (state == "ok") == (source.source in known_down):
            out.append(_news_of(source, state, users, period_name(observed.week.monday, "week")))
    return down, up, [plain_texts(item) for item in sorted(out, key=lambda item: item["status"] == "met")]


def _published(
    company: Company, day: date, observed: Observed, known_down: Collection[str]
) -> tuple[set[str], set[str], list[dict[str, str]]]:
    """The published database itself, as `_sources` returns it."""
    build = observed.week.build
    built = instant(build.as_of, observed.week.zone)
    old = local_date(build.as_of, company.zone) < day
    out = []
    if old != (PUBLISHED in known_down):
        status, word, text = (
            ("below", "not built today", f"It was last built {built}; everything here is as of then.")
            if old
            else ("met", "built again", f"It is as of {built}.")
        )
        out.append({"status": status, "name": "The scorecard", "word": word, "text": text})
    return ({PUBLISHED}, set(), out) if old else (set(), {PUBLISHED}, out)


def _news_of(source: SourceState, state: str, users: Sequence[Line], label: str) -> dict[str, str]:
    waiting = sum(line.state in ("stale", "missing") for line in users)
    text = source.sentence if state == "partly_refused" else f"{capital(source.reach)}."
    if waiting and state != "ok":
        text += f" Until then {plural(waiting, 'line')} of the {label} can't be complete."
    status, word = SOURCE_NEWS[state]
    return {"status": status, "name": source.label, "word": word, "text": text}


def _judged(line: Line, lines: Sequence[Line], zone: str, links: Links) -> dict[str, str]:
    before = line.previous_text if line.previous_value is not None else "no number"
    return plain_texts({**line_texts(line, lines, zone, links), "before": f"{before} the week before"})


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
    """`Digest Mon 27 Oct: 2 newly off track, HubSpot late - Dials 101 (goal 125)`"""
    start = f"Digest {weekday(day)}: {', '.join(words for _, words in tally(news))}"
    lines = news.off or news.back
    return f"{start} - {headline(lines[0])}" if lines else start


def preheader(news: News) -> str:
    """Return what mail programs show beside the subject: first what needs somebody to act."""
    # the subject has the first line; here are the next
    needed = [f"{headline(line)}, {line['owner']}" for line in news.off[1:] or news.off]
    needed += [f"{item['who']}: type in {item['title']}" for item in news.owed]
    rest = [f"{item['name']} {item['word']}: {item['text']}" for item in news.sources] + [
        f"{headline(line)} is back on track" for line in news.back
    ]
    return ("Needs you: " if needed else "") + "; ".join((needed + rest)[:3])
