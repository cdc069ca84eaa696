"""Receipts: from a number to the records that were counted and those that were left out, with the reason.
Their HTML: `receipts.html`."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from markupsafe import Markup, escape

from reports.components.links import Receipts
from reports.components.macros import macros
from reports.engine.markup import plain, web_address
from reports.engine.queries import Row
from reports.look.numbers import (
    Number,
    capital,
    day,
    exact,
    instant,
    judged,
    number,
    period_text,
    plural,
    week_days,
    week_number,
)
from reports.look.tokens import STATUS
from reports.words.answers import note_by, note_text
from reports.words.line import parts_text
from reports.words.restatements import KIND, goal_of, number_text, why
from reports.words.signal import Signal

_html = macros("receipts.html")

NOTHING = Markup()


@dataclass(frozen=True)
class Total:
    """What the counted records of a line add up to, beside what the fact says."""

    counted: int
    left_out: int
    numerator: Decimal
    denominator: Decimal
    agrees: bool
    """The records give exactly the number on the page (or the page shows none)."""


def total(line: Row, totals: Sequence[Row]) -> Total:
    """Compare what the counted records come to with the fact. `totals`: the line's, of pages/receipts.md."""
    counted = [one for one in totals if one.counted]
    # the period's newest snapshot, also when nothing in it counted
    newest = "newest_" if line.aggregation in ("last", "last_ratio") else ""
    numerator, denominator = (
        sum((exact(one[newest + part]) for one in counted if one[newest + part] is not None), Decimal(0))
        for part in ("numerator", "denominator")
    )
    if line.value is None and line.status != "not_applicable":
        agrees = True
    elif line.aggregation in ("sum", "last"):
        agrees = _same(numerator, line.value)
    elif line.aggregation in ("mean", "median"):
        agrees = _same(numerator / denominator, line.value) if denominator else line.value is None
    else:
        agrees = _same(numerator, line.numerator) and _same(denominator, line.denominator)
    records = {side: sum(one.records for one in totals if one.counted == side) for side in (True, False)}
    return Total(records[True], records[False], numerator, denominator, agrees)


def _same(one: Decimal, other: Number | None) -> bool:
    return other is not None and abs(one - exact(other)) < Decimal("0.000001")


def total_text(line: Row, found: Total) -> str:
    """`Counted 79 records: 42 of 79 = 53% on the page. Left out: 2 records.`"""
    left_out = f" Left out: {plural(found.left_out, 'record')}." if found.left_out else ""
    if line.value is None and line.status != "not_applicable":
        counted = plural(found.counted, "record")
        why = line.gap or line.partial_note
        because = plain(why, 400) if why else "the period is not complete or nothing was typed in"
        return f"{counted} so far; the page shows no number, because {because}.{left_out}"
    shown = judged(line.value, line.unit, (line.target, line.target_2)) if line.value is not None else "n/a"
    if line.aggregation in ("ratio", "last_ratio"):
        sums = parts_text(found.numerator, found.denominator, line.aggregation, line.get("parts")) or number(
            found.numerator, line.unit
        )
    elif line.aggregation == "last":
        sums = f"the newest snapshot gives {number(found.numerator, line.unit)}"
    elif line.aggregation in ("mean", "median"):
        middle = "in the middle of all, " if line.aggregation == "median" else ""
        sums = f"{middle}{number(found.numerator)} over {number(found.denominator)}"
    else:
        sums = f"sum {number(found.numerator, line.unit)}"
    verdict = "=" if found.agrees else "does not agree with"
    # the state says that a stale number is not whole; this says why
    lacks = [
        *([plain(line.gap, 400)] if line.gap else []),
        *([plain(line.partial_note, 400)] if line.partial_note else []),
    ]
    rest = f" It is not the whole number: {'. '.join(lacks)}." if lacks else ""
    return f"Counted {plural(found.counted, 'record')}, {sums} {verdict} {shown} on the page.{rest}{left_out}"


@dataclass(frozen=True)
class Group:
    """Records that were counted, or left out for one reason. `rows`: finished HTML."""

    kind: str
    summary: str
    rows: Markup
    open: bool
    first: str = ""
    """How many of the records are listed, if not all."""
    sql: str = ""
    """The statement that lists all records."""


@dataclass(frozen=True)
class Quarter:
    """How a quarter's number comes about. `periods`: (label, value, link to its receipt, note, parts)."""

    value: str
    how: str
    periods: Sequence[tuple[str, str, str | None, str, str]]


@dataclass(frozen=True)
class Card:
    """A line's receipt, or a part of it."""

    name: str
    part: int
    parts: int
    total: str
    agrees: bool
    groups: Sequence[Group]
    amounts: bool
    quarter: Quarter | None


def pieces(
    line: Row,
    totals: Sequence[Row],
    records: Sequence[Row],
    weeks: Sequence[Row],
    receipts: Receipts,
    most: int,
    restated: Markup = NOTHING,
) -> list[Markup]:
    """A line's receipt as cards of at most about `most` bytes: one, or several where the list of records is
    long.

    Args:
        totals: how many records there are and what they come to, counted and by reason.
        records: those that are listed.
        restated: what `Restated` returns; it goes into the first card.
    """
    most -= len(restated.encode())
    unit = "count" if line.unit == "percent" else line.unit
    amounts = line.aggregation != "sum" or any(one.has_amounts for one in totals)
    listed: dict[_Kind, list[Row]] = {}
    for record in records:
        listed.setdefault((record.counted, record.reason), []).append(record)
    rows: list[_Rendered] = [
        (one, _record(record, line.aggregation, unit, amounts))
        for one in totals
        for record in listed.get((one.counted, one.reason), ())
    ]
    found = total(line, totals)
    slices = list(_slices(rows, most))
    cards = []
    for i, part in enumerate(slices, 1):
        card = Card(
            f"{line.section_label}: {line.label}" + (f", part {i}" if i > 1 else ""),
            part=i,
            parts=len(slices),
            total=total_text(line, found),
            agrees=found.agrees,
            groups=list(_groups(part, line, listed)),
            amounts=amounts,
            quarter=_quarter(line, weeks, receipts) if weeks and i == 1 else None,
        )
        note, signal = line.get("note"), Signal.of(line.get("point"), line.unit)
        said = note_text(note), note_by(note, line.get("zone", "UTC"))
        cards.append(_html.card(card, line, restated, signal, *said))
    return cards


_Kind = tuple[bool, str | None]
"""(counted, the reason for which records were left out)"""
_Rendered = tuple[Row, str]
"""(what it belongs to, of the totals; the table row)"""


def _slices(rows: Sequence[_Rendered], most: int) -> Iterator[list[_Rendered]]:
    part: list[_Rendered] = []
    size = 0
    for row in rows:
        length = len(row[1].encode())
        if part and size + length > most:
            yield part
            part, size = [], 0
        part.append(row)
        size += length
    yield part


def _record(record: Row, aggregation: str, unit: str, amounts: bool) -> str:
    label = escape(plain(record["record_label"] or record["record_id"] or ""))
    address = web_address(record["record_url"])
    what = f'<a href="{escape(address)}">{label}</a>' if address else label
    amount = ""
    if amounts and record["numerator"] is not None:
        amount = parts_text(record["numerator"], record["denominator"], aggregation) or number(
            record["numerator"], unit
        )
    on = day(record["occurred_on"]) if record["occurred_on"] else ""
    # the only HTML written in Python, every piece escaped: a site has a hundred thousand records, and a macro
    # per record would take several times as long
    return f"<tr><td>{on}<td>{what}<td>{escape(plain(record['person_name'] or ''))}" + (
        f"<td>{escape(amount)}" if amounts else ""
    )


def _groups(part: Sequence[_Rendered], line: Row, listed: Mapping[_Kind, Sequence[Row]]) -> Iterator[Group]:
    for kind, members in itertools.groupby(part, key=lambda row: (row[0].counted, row[0].reason)):
        rows = list(members)
        one = rows[0][0]
        html = Markup("".join(row for _, row in rows))
        more = one.records > len(listed[kind])
        rest = (number(len(listed[kind])), _statement(line, one)) if more else ("", "")
        if one.counted:
            # the records are what one came for: open, unless they push the rest out of sight
            summary = f"Counted: {plural(one.records if more else len(rows), 'record')}"
            yield Group("counted", summary, html, len(rows) <= 12, *rest)
        else:
            reason = plain(one.reason_text or "No reason given")
            summary = f"Left out: {plural(one.records, 'record')}, {reason}"
            yield Group(f"left out: {reason}", summary, html, False, *rest)


def _statement(line: Row, one: Row) -> str:
    """The SQL that lists all records of a kind, on the published file."""
    kind = "counted" if one.counted else f"not counted and reason is not distinct from {_literal(one.reason)}"
    return (
        f"select * from marts.fct_contributions\nwhere line_id = {_literal(line.line_id)}"
        f" and period_start = date '{line.start:%Y-%m-%d}' and {kind}\norder by occurred_on, record_id"
    )


def _literal(text: str | None) -> str:
    return "null" if text is None else "'" + text.replace("'", "''") + "'"


def _quarter(line: Row, weeks: Sequence[Row], receipts: Receipts) -> Quarter:
    # as the facts pool (macros/pooling.sql): whole weeks, also those of a ratio that have nothing to divide
    # by
    pooled = [
        w
        for w in weeks
        if w.numerator is not None
        and w.state != "stale"
        and (w.denominator or line.aggregation != "last_ratio")
    ]
    shown = judged(line.quarter_value, line.unit, (line.target, line.target_2))
    periods = plural(line.quarter_periods, line.cadence)
    if line.aggregation == "median":
        how = f"Median of all records of {periods} = {shown}"
    elif line.aggregation in ("ratio", "last_ratio") and any(w.denominator != 1 for w in pooled):
        top, bottom = (sum((exact(w[k]) for w in pooled), Decimal(0)) for k in ("numerator", "denominator"))
        how = f"Pooled: {parts_text(top, bottom, line.aggregation, line.get('parts'))} = {shown}"
    elif line.cadence == "month" and line.aggregation == "sum":
        how = f"Sum of {periods} = {shown}"
    else:
        how = f"Mean of {periods} = {shown}"
    if line.quarter_periods < line.quarter_periods_expected:
        expected = plural(line.quarter_periods_expected, line.cadence)
        how += f"; {line.quarter_periods} of {expected} have a number"
    return Quarter(shown, how, [_period(week, line, receipts) for week in weeks])


def _period(week: Row, line: Row, receipts: Receipts) -> tuple[str, str, str | None, str, str]:
    parts = parts_text(week.numerator, week.denominator, line.aggregation, line.get("parts"))
    name = capital(period_text(week.week_label))
    if week.value is None:
        return (
            name,
            "No data" if week.numerator is None else "Nothing to divide by",
            None,
            "",
            parts,
        )
    text = judged(week.value, line.unit, (week.target, week.target_2))
    note = " (not complete, not in it)" if week.state == "stale" else ""
    return name, text, receipts.href(week.week_label, line.line_id), note, parts


@dataclass(frozen=True)
class Restatement:
    """A change of a published number. `records`: (day, record, its address, what changed)."""

    kind: str
    text: str
    published: str
    caption: str
    records: Sequence[tuple[str, str, str | None, str]]
    more: str


def Restated(changes: Sequence[Row], records: Sequence[Row], zone: str) -> Markup:
    """What was published about the number before, the newest change first, with the records that made the
    difference."""
    if not changes:
        return NOTHING
    return _html.restated(
        [
            # numbered, so that every table has a name of its own
            _restatement(
                change,
                [r for r in records if r.changed_at == change.changed_at],
                zone,
                f"change {i} of {len(changes)}",
            )
            for i, change in enumerate(changes, 1)
        ]
    )


def _restatement(change: Row, records: Sequence[Row], zone: str, which: str) -> Restatement:
    if change.kind == "rejudged":
        words = {side: STATUS[change[f"status_{side}"]].lower() for side in ("was", "now")}
        text = (
            f"goal {goal_of(change, 'now')} ({words['now']}), was {goal_of(change, 'was')} ({words['was']})"
        )
    else:
        text = f"{number_text(change, 'now')}, was {number_text(change, 'was')}: {why(change)}"
    unit = "count" if change.unit == "percent" else change.unit
    more = (records[0].records if records else 0) - len(records)
    return Restatement(
        KIND[change.kind],
        text,
        f"Published {instant(change.changed_at, zone)}; what it was, {instant(change.published_at, zone)}.",
        f"{change.section_label}: {change.label}, records that made the difference, {which}",
        [_difference(record, change.aggregation, unit) for record in records],
        number(more) if more > 0 else "",
    )


def _difference(record: Row, aggregation: str, unit: str) -> tuple[str, str, str | None, str]:
    on = day(record.occurred_on) if record.occurred_on else ""
    label = plain(record.record_label or record.record_id)
    return on, label, web_address(record.record_url), describe_change(record, aggregation, unit)


def describe_change(record: Row, aggregation: str, unit: str) -> str:
    """How a record made the difference between two publications of a number."""
    if record.change == "changed":
        was, now = (
            parts_text(record[f"numerator_{side}"], record[f"denominator_{side}"], aggregation)
            or number(record[f"numerator_{side}"], unit)
            for side in ("was", "now")
        )
        return f"Amount {now}, was {was}"
    added = record.change == "added"
    if record.reason:
        return f"{'Counted now; was left out' if added else 'Left out now'}: {plain(record.reason_text)}"
    if record.other_day:
        other = f"{day(record.other_day)} {record.other_day.year}"
        return f"Moved here from {other}" if added else f"Moved to {other}"
    return "Added" if added else "No longer a record of this line"


def period_days(start: date, end: date) -> str:
    """`Mon 20 Oct to Sun 26 Oct 2025` for a week, with the week numbers for a longer period."""
    if (end - start).days <= 6:
        return week_days(start)
    return (
        f"{week_number(start)} to {week_number(end)}, {week_days(start).split(' to ')[0]} to"
        f" {week_days(end).split(' to ')[1]}"
    )
