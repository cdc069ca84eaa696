"""The send gate: may this week's scorecard go out, go out with a warning, or must it wait?

green: everything that the lines need is there. amber: it goes out and says what is missing. held: nothing
goes to readers, the operator is told. Reasons are sentences for readers.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Literal
from zoneinfo import ZoneInfo

import duckdb

from foundation.calendar import week_end_instant
from foundation.settings import Settings
from foundation.warehouse import published_file
from reports.engine.markup import plain
from reports.engine.queries import Row, connect
from reports.look.numbers import instant, period_name, plural
from reports.words.line import Line, named_of, picked

Decision = Literal["green", "amber", "held"]
MOST_REJECTED = 5
"""Rejected rows that are named one by one; of more, the number is given."""


@dataclass(frozen=True)
class Note:
    """Something that readers must know about the data."""

    kind: Literal["source", "line", "rejected"]
    text: str


@dataclass(frozen=True)
class Gate:
    """The decision, and why: nothing when green."""

    decision: Decision
    reasons: list[str] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)


@dataclass(frozen=True)
class SourceState:
    """The state of a source as of the published build."""

    source: str
    label: str
    state: str
    """`ok`, `partly_refused`, `late`, `failing` or `not_connected`."""
    sentence: str
    reach: str
    """How far its data goes: the sentence's last part."""
    refused: Mapping[str, str] = field(default_factory=dict)
    """Table that the vendor refuses -> in whose words."""


def decide(
    published: duckdb.DuckDBPyConnection | Path,
    week_start: date,
    sections: Collection[str] = (),
    *,
    running: bool = False,
) -> Gate:
    """Decide for one week and the sections and lines that a page or a mail shows (none: all of them).

    Args:
        published: the published database: its file, or a connection made by `queries.connect`.
        running: the week need not have ended, and what people type in is not missing yet.
    """
    if isinstance(published, Path):
        try:
            connection = connect(published)
        except LookupError:
            return Gate(
                "held", ["Nothing has been published yet: the first refresh and build have not finished."]
            )
        try:
            return decide(connection, week_start, sections, running=running)
        finally:
            connection.close()
    cursor = published.cursor()
    try:
        cursor.execute("use published")
        return _decide(cursor, week_start, set(sections), running)
    except duckdb.CatalogException as error:
        return Gate("held", [f"The published database is not complete: {str(error).splitlines()[0]}."])
    finally:
        cursor.close()


def _rows(cursor: duckdb.DuckDBPyConnection, sql: str, **params: Any) -> list[Row]:
    cursor.execute(sql, params)
    columns = [column[0] for column in cursor.description or []]
    return [Row(zip(columns, values, strict=True)) for values in cursor.fetchall()]


_LINES = """
select l.line_id, l.section, l.section_label, l.label, l.owner_names, l.feed, l.sources, l.refusing, l.gap,
       f.state, f.value, f.partial_note
from marts.dim_lines as l
join marts.fct_scorecard_weekly as f using (line_id)
where l.cadence = 'week' and f.week_start = $week
  and ($week >= l.valid_from or l.valid_from is null) and ($week <= l.valid_to or l.valid_to is null)
order by l.sort_order, l.line_id
"""

_SOURCES = """
select s.source, s.label, s.kind, s.state, s.refused, s.complete_through, s.last_success_at, s.last_error
from marts.dim_sources as s order by s.label
"""


def _decide(cursor: duckdb.DuckDBPyConnection, week: date, sections: set[str], running: bool) -> Gate:
    label = f"the {period_name(week, 'week')}"
    build = _rows(cursor, "select as_of, time_zone from marts.dim_build")
    if not build:
        return Gate("held", ["The published database does not say when it was built."])
    zone = build[0].time_zone
    lines = [line for line in _rows(cursor, _LINES, week=week) if picked(line, sections)]
    if not lines:
        return Gate(
            "held",
            [
                f"There are no facts for {label}"
                + (f" in {', '.join(named)}." if (named := named_of(sections)) else ".")
            ],
        )
    due = week_end_instant(week - timedelta(days=7) if running else week, ZoneInfo(zone))
    if build[0].as_of < due:
        edge = "began" if running else "ended"
        return Gate(
            "held", [f"The data was built as of {instant(build[0].as_of, zone)}, before {label} {edge}."]
        )
    every = _rows(cursor, _SOURCES)
    used = [source for source in every if any(uses(line, source.source) for line in lines)]
    systems = [source for source in used if source.kind == "system"]
    if systems and all(_down(source, due) for source in systems):
        names = " and ".join(source.label for source in systems)
        why = "is down or was never loaded" if len(systems) == 1 else "are down or were never loaded"
        return Gate(
            "held",
            [
                f"{names} {why}: there are no complete numbers for {label}.",
                *(_sentence(s, zone) for s in systems),
            ],
        )
    notes = [
        *(Note("source", _sentence(source, zone)) for source in used if _worth_a_note(source, lines)),
        *(
            Note("line", text)
            for text in line_reasons([line for line in lines if not (running and typed_in(line))], label)
        ),
        *(Note("rejected", text) for text in _rejected(cursor)),
    ]
    return Gate("amber" if notes else "green", [note.text for note in notes], notes)


def together(gates: Sequence[Gate]) -> Gate:
    """Combine decisions into one for a report: held only if all are held, each reason once."""
    reasons = list(dict.fromkeys(reason for one in gates for reason in one.reasons))
    decisions = {one.decision for one in gates}
    if not gates or decisions == {"green"}:
        return Gate("green")
    return Gate("held" if decisions == {"held"} else "amber", reasons)


def uses(line: Row | Line, source: str) -> bool:
    """Whether the line's numbers come from this source, alone or with others. Of sources that can replace
    each other, those in use count."""
    return source in (line.sources or "").split(", ")


def _worth_a_note(source: Row, lines: Sequence[Row]) -> bool:
    """Whether to name a source: it is late or fails, or refuses a table that one of the lines needs."""
    if source.state == "partly_refused":
        return any(source.source in (line.refusing or "").split(", ") for line in lines)
    return bool(source.state != "ok")


def typed_in(line: Row | Line) -> bool:
    """Whether people type the line's numbers in."""
    return bool(line.feed == "manual" or line.sources == "manual")


def _down(source: Row, due: Any) -> bool:
    """Whether no number of the week can rest on a source: it never loaded, or it failed or was
    disconnected before the week was complete (a running week: before it began)."""
    if source.complete_through is None:
        return True
    return bool(source.state in ("failing", "not_connected") and source.complete_through < due)


def _reach(source: Row, zone: str) -> str:
    return (
        f"its data is complete to {instant(source.complete_through, zone)}"
        if source.complete_through
        else "it has never loaded"
    )


def _sentence(source: Row, zone: str) -> str:
    reach = _reach(source, zone)
    if source.state == "not_connected" and source.complete_through is None:
        return f"{source.label} is not connected: its numbers are empty until its credentials are set."
    if source.state == "not_connected":
        return f"{source.label} is disconnected: {reach}. Set its credentials to load it again."
    if source.state == "failing":
        return f"{source.label} could not be loaded at the last try; {reach}."
    if source.state == "late":
        return f"{source.label} is late: {reach}."
    if source.state == "partly_refused":
        return f"{source.label} refuses a part of its data. {plain(source.refused, 600).rstrip('.')}."
    return f"{source.label} is up to date: {reach}."


def line_reasons(lines: Sequence[Row], label: str) -> list[str]:
    """List the lines without a number or with a partial one, and why: a sentence per reason."""

    def named(members: Sequence[Row]) -> str:
        return ", ".join(
            f"{m.label} ({m.section_label}{f', {m.owner_names}' if m.owner_names else ''})" for m in members
        )

    untyped = [line for line in lines if line.state == "missing" and typed_in(line)]
    missing = [line for line in lines if line.state == "missing" and not typed_in(line)]
    unconnected = [line for line in lines if line.state == "not_connected"]
    # what is in a partial number, its note says
    stale = [line for line in lines if line.state == "stale" and (line.gap or not line.partial_note)]
    partial = [line for line in lines if line.value is not None and line.partial_note]
    out = []
    if untyped:
        out.append(f"Not typed in for {label}: {named(untyped)}.")
    for why, members in _by(
        missing, lambda line: line.gap or line.partial_note or "the source is not complete"
    ):
        out.append(f"No number for {label}, because {why}: {named(members)}.")
    if unconnected:
        out.append(f"No number, because the source is not connected: {named(unconnected)}.")
    for why, members in _by(stale, lambda line: line.gap or ""):
        out.append(
            f"Not all of {label} has arrived{f', because {why}' if why else ' yet'}: {named(members)}."
        )
    for why, members in _by(partial, lambda line: line.partial_note):
        out.append(f"Not the whole number for {label}: {named(members)}. {why}.")
    return out


def _by(lines: Sequence[Row], key: Callable[[Row], str]) -> list[tuple[str, list[Row]]]:
    """Group lines by their text, in the order in which each text first occurs."""
    groups: dict[str, list[Row]] = {}
    for line in lines:
        groups.setdefault(plain(key(line), 300), []).append(line)
    return list(groups.items())


def _rejected(cursor: duckdb.DuckDBPyConnection) -> list[str]:
    rows = _rows(cursor, "select file, line, reason from marts.fct_manual_rejected order by file, line")
    if not rows:
        return []
    named = "; ".join(
        f"{plain(row.file)} line {row.line}: {plain(row.reason, 120)}" for row in rows[:MOST_REJECTED]
    )
    more = f"; and {len(rows) - MOST_REJECTED} more" if len(rows) > MOST_REJECTED else ""
    return [f"{plural(len(rows), 'typed-in row')} rejected: {named}{more}."]


def source_states(settings: Settings) -> dict[str, SourceState]:
    """The state of every source, from the published database.

    Raises:
        LookupError: nothing has been published yet.
    """
    with closing(connect(published_file(settings))) as connection:
        return read_sources(connection)


def read_sources(connection: duckdb.DuckDBPyConnection) -> dict[str, SourceState]:
    """The state of every source. `connection`: one made by `queries.connect`."""
    with closing(connection.cursor()) as cursor:
        cursor.execute("use published")
        (zone,) = cursor.execute("select time_zone from marts.dim_build").fetchone() or ("UTC",)
        refused: dict[str, dict[str, str]] = {}
        for row in _rows(
            cursor,
            "select source, table_name, reason from marts.dim_source_tables where state = 'refused' order by"
            " 1, 2",
        ):
            refused.setdefault(row.source, {})[row.table_name] = row.reason
        return {
            row.source: SourceState(
                row.source,
                row.label,
                row.state,
                _sentence(row, zone),
                _reach(row, zone),
                refused.get(row.source, {}),
            )
            for row in _rows(cursor, _SOURCES)
        }
