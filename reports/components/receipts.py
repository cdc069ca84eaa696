"""Receipts: from a number to the records that were counted and those that were left out, with the reason.
Their HTML: `receipts.html`."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from markupsafe import Markup, escape

from foundation.calendar import week_label
from reports.components.links import Receipts
from reports.components.macros import macros
from reports.engine.markup import plain, web_address
from reports.engine.queries import Row
from reports.look.numbers import Number, day, exact, instant, judged, number, plural, week_days
from reports.look.tokens import STATUS
from reports.words.line import parts_text
from reports.words.restatements import KIND, goal_of, number_text, why

_html = macros("receipts.html")

NOTHING = Markup()
MOST_DIFFERING = 25
"""Records that are listed for one change of a number; marts.fct_restatement_records has them all."""


@dataclass(frozen=True)
class Total:
    """What the counted records of a line add up to, beside what the fact says."""

    counted: int
    left_out: int
    numerator: Decimal
    denominator: Decimal
    agrees: bool
    """The records give exactly the number on the page (or the page shows none)."""


def total(line: Row, records: Sequence[Row]) -> Total:
    """Add the counted records up and compare with the fact."""
    counted = [record for record in records if record.counted]
    valued = counted
    if line.aggregation in ("last", "last_ratio"):
        # the period's newest snapshot, also when nothing in it counted
        newest = max((r.occurred_on for r in records), default=None)
        valued = [r for r in counted if r.occurred_on == newest]
    numerator = sum((exact(r.numerator) for r in valued if r.numerator is not None), Decimal(0))
    denominator = sum((exact(r.denominator) for r in valued if r.denominator is not None), Decimal(0))
    if line.value is None and line.status != "not_applicable":
        agrees = True
    elif line.aggregation in ("sum", "last"):
        agrees = _same(numerator, line.value)
    elif line.aggregation in ("mean", "median"):
        agrees = _same(numerator / denominator, line.value) if denominator else line.value is None
    else:
        agrees = _same(numerator, line.numerator) and _same(denominator, line.denominator)
    return Total(len(counted), len(records) - len(counted), numerator, denominator, agrees)


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
        sums = parts_text(found.numerator, found.denominator, line.aggregation) or number(
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
    records: Sequence[Row],
    weeks: Sequence[Row],
    receipts: Receipts,
    most: int,
    restated: Markup = NOTHING,
) -> list[Markup]:
    """A line's receipt as cards of at most about `most` bytes: one, or several where the list of records is
    long.

    `restated`: what `Restated` returns; it goes into the first card.
    """
    most -= len(restated.encode())
    unit = "count" if line.unit == "percent" else line.unit
    amounts = line.aggregation != "sum" or any(r.numerator != 1 for r in records)
    rows: list[_Rendered] = [
        (None, _record(r, line.aggregation, unit, amounts)) for r in records if r.counted
    ]
    groups: dict[str, list[Row]] = {}
    for r in records:
        if not r.counted:
            groups.setdefault(plain(r.reason_text or "No reason given"), []).append(r)
    out = sorted(groups.items(), key=lambda item: (-len(item[1]), item[0]))
    rows += [
        (reason, _record(r, line.aggregation, unit, amounts)) for reason, members in out for r in members
    ]
    sizes = {reason: len(members) for reason, members in out}
    found = total(line, records)
    slices = list(_slices(rows, most))
    cards = []
    for i, part in enumerate(slices, 1):
        card = Card(
            f"{line.section_label}: {line.label}" + (f", part {i}" if i > 1 else ""),
            part=i,
            parts=len(slices),
            total=total_text(line, found),
            agrees=found.agrees,
            groups=list(_groups(part, sizes)),
            amounts=amounts,
            quarter=_quarter(line, weeks, receipts) if weeks and i == 1 else None,
        )
        cards.append(_html.card(card, line, restated))
    return cards


_Rendered = tuple[str | None, str]
"""(reason it was left out, None where it was counted; the table row)"""


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


def _groups(part: Sequence[_Rendered], sizes: Mapping[str, int]) -> Iterator[Group]:
    for reason, members in itertools.groupby(part, key=lambda row: row[0]):
        rows = [row for _, row in members]
        html = Markup("".join(rows))
        if reason is None:
            # the records are what one came for: open, unless they push the rest out of sight
            yield Group("counted", f"Counted: {plural(len(rows), 'record')}", html, len(rows) <= 12)
        else:
            summary = f"Left out: {plural(sizes[reason], 'record')}, {reason}"
            yield Group(f"left out: {reason}", summary, html, False)


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
        how = f"Pooled: {number(top)} of {number(bottom)} = {shown}"
    elif line.cadence == "month" and line.aggregation == "sum":
        how = f"Sum of {periods} = {shown}"
    else:
        how = f"Mean of {periods} = {shown}"
    if line.quarter_periods < line.quarter_periods_expected:
        expected = plural(line.quarter_periods_expected, line.cadence)
        how += f"; {line.quarter_periods} of {expected} have a number"
    return Quarter(shown, how, [_period(week, line, receipts) for week in weeks])


def _period(week: Row, line: Row, receipts: Receipts) -> tuple[str, str, str | None, str, str]:
    parts = parts_text(week.numerator, week.denominator, line.aggregation)
    if week.value is None:
        return (
            week.week_label,
            "No data" if week.numerator is None else "Nothing to divide by",
            None,
            "",
            parts,
        )
    text = judged(week.value, line.unit, (week.target, week.target_2))
    note = " (not complete, not in it)" if week.state == "stale" else ""
    return week.week_label, text, receipts.href(week.week_label, line.line_id), note, parts


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
    more = len(records) - MOST_DIFFERING
    return Restatement(
        KIND[change.kind],
        text,
        f"Published {instant(change.changed_at, zone)}; what it was, {instant(change.published_at, zone)}.",
        f"{change.section_label}: {change.label}, records that made the difference, {which}",
        [_difference(record, change.aggregation, unit) for record in records[:MOST_DIFFERING]],
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
        f"{week_label(start)} to {week_label(end)}, {week_days(start).split(' to ')[0]} to"
        f" {week_days(end).split(' to ')[1]}"
    )
