"""Receipts: from a number to the records that were counted and those that were left out, with the reason."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from markupsafe import Markup, escape

from foundation.calendar import week_label
from reports.components.basics import Pill
from reports.components.movement import Moved
from reports.engine.markup import anchor, join, plain, web_address
from reports.engine.queries import Result, Row
from reports.look.numbers import Number, day, exact, instant, judged, number, plural, week_days
from reports.look.tokens import STATUS
from reports.site.links import Receipts
from reports.words.line import parts_text
from reports.words.restatements import KIND, goal_of, number_text, why

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
    """`Counted 79 records: 42 of 79 = 53% on the page.`"""
    if line.value is None and line.status != "not_applicable":
        counted = plural(found.counted, "record")
        why = line.gap or line.partial_note
        because = plain(why, 400) if why else "the period is not complete or nothing was typed in"
        return f"{counted} so far; the page shows no number, because {because}."
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
    # the state says that a stale one is not whole; here stands why
    lacks = [
        *([plain(line.gap, 400)] if line.gap else []),
        *([plain(line.partial_note, 400)] if line.partial_note else []),
    ]
    rest = f" It is not the whole number: {'. '.join(lacks)}." if lacks else ""
    return f"Counted {plural(found.counted, 'record')}, {sums} {verdict} {shown} on the page.{rest}"


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

    `restated`: what was published before, as `Restated` tells it; it stands in the first card.
    """
    most -= len(restated.encode())
    unit = "count" if line.unit == "percent" else line.unit
    amounts = line.aggregation != "sum" or any(r.numerator != 1 for r in records)
    counted = [(None, _record(r, line.aggregation, unit, amounts)) for r in records if r.counted]
    groups: dict[str, list[Row]] = {}
    for r in records:
        if not r.counted:
            groups.setdefault(plain(r.reason_text or "No reason given"), []).append(r)
    out = sorted(groups.items(), key=lambda item: (-len(item[1]), item[0]))
    left = [(reason, _record(r, line.aggregation, unit, amounts)) for reason, members in out for r in members]
    sizes = {reason: len(members) for reason, members in out}
    slices = list(_slices([*counted, *left], most))
    return [
        _card(line, records, part, i, len(slices), sizes, amounts, weeks, receipts, restated)
        for i, part in enumerate(slices)
    ]


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
    # plain text put together, every piece escaped: there are a hundred thousand records in a year and a half
    # of weeks. End tags of cells and rows may be left out in HTML; a page of receipts is a fifth shorter
    # without them
    return f"<tr><td>{on}<td>{what}<td>{escape(plain(record['person_name'] or ''))}" + (
        f"<td>{escape(amount)}" if amounts else ""
    )


def _table(caption: str, rows: Sequence[str], amounts: bool) -> Markup:
    return Markup(
        '<div class="scroll" tabindex="0" role="region" aria-label="{0}"><table class="records"><caption'
        ' class="vh">{0}</caption><thead><tr><th scope="col">Day<th scope="col">Record<th'
        ' scope="col">Person{1}</thead><tbody>{2}</tbody></table></div>'
    ).format(caption, Markup('<th scope="col">Amount') if amounts else "", Markup("".join(rows)))


def _card(
    line: Row,
    records: Sequence[Row],
    part: Sequence[_Rendered],
    i: int,
    count: int,
    sizes: dict[str, int],
    amounts: bool,
    weeks: Sequence[Row],
    receipts: Receipts,
    restated: Markup,
) -> Markup:
    uid = anchor(line.line_id)
    name = f"{line.section_label}: {line.label}" + (f", part {i + 1}" if i else "")
    body = []
    for reason, members in itertools.groupby(part, key=lambda row: row[0]):
        rows = [row for _, row in members]
        if reason is None:
            # the records are what one came for: open, unless there are so many that the rest gets out of
            # sight
            body.append(
                Markup("<details{}><summary>Counted: {}</summary>{}</details>").format(
                    Markup(" open") if len(rows) <= 12 else "",
                    plural(len(rows), "record"),
                    _table(f"{name}, counted", rows, amounts),
                )
            )
        else:
            body.append(
                Markup("<details><summary>Left out: {}, {}</summary>{}</details>").format(
                    plural(sizes[reason], "record"),
                    reason,
                    _table(f"{name}, left out: {reason}", rows, amounts),
                )
            )
    found = total(line, records)
    head = Markup('<h2>{}<small>{}{}</small></h2><p class="total{}">{}{}</p>{}').format(
        line.label,
        line.section_label,
        f", {line.owner_names}" if line.owner_names else "",
        "" if found.agrees else " wrong",
        Markup("{} ").format(Pill(line.status)) if line.status not in (None, "no_goal") else "",
        total_text(line, found)
        + (f" Left out: {plural(found.left_out, 'record')}." if found.left_out else ""),
        Moved(line.moved, "p") + restated,
    )
    if i:
        head = Markup("<h2>{}<small>continued, part {} of {}</small></h2>").format(line.label, i + 1, count)
    elif count > 1:
        body.append(
            Markup(
                '<p class="quiet">The list goes on over {} pages; the links above lead to them.</p>'
            ).format(count)
        )
    elif not records:
        body.append(Markup('<p class="quiet">No records in this period.</p>'))
    if not i and weeks:
        body.append(_quarter(line, weeks, receipts))
    return Markup('<section class="card receipt" id="{}">{}{}</section>').format(
        uid if not i else f"{uid}.{i + 1}", head, join(body)
    )


def _quarter(line: Row, weeks: Sequence[Row], receipts: Receipts) -> Markup:
    """How the quarter's number comes about: its weeks, and what they pool or average to."""
    rows = join(
        Markup("<tr><td>{}<td>{}{}").format(
            week.week_label,
            _value_link(week, line, receipts),
            (
                Markup("<td>{}").format(parts_text(week.numerator, week.denominator, line.aggregation))
                if line.aggregation == "ratio"
                else ""
            ),
        )
        for week in weeks
    )
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
        how = f"median of all records of {periods} = {shown}"
    elif line.aggregation in ("ratio", "last_ratio") and any(w.denominator != 1 for w in pooled):
        top, bottom = (sum((exact(w[k]) for w in pooled), Decimal(0)) for k in ("numerator", "denominator"))
        how = f"pooled: {number(top)} of {number(bottom)} = {shown}"
    elif line.cadence == "month" and line.aggregation == "sum":
        how = f"sum of {periods} = {shown}"
    else:
        how = f"mean of {periods} = {shown}"
    missing = (
        ""
        if line.quarter_periods >= line.quarter_periods_expected
        else (
            f"; {line.quarter_periods} of {plural(line.quarter_periods_expected, line.cadence)} have a number"
        )
    )
    return Markup(
        '<details id="{}.quarter"><summary>Quarter {} {}</summary><p class="quiet">{}{}.</p><table'
        ' class="records weeks"><thead><tr><th scope="col">{}<th'
        ' scope="col">Value{}</thead><tbody>{}</tbody></table></details>'
    ).format(
        anchor(line.line_id),
        "average" if line.cadence == "week" else "so far",
        shown,
        how[0].upper() + how[1:],
        missing,
        line.cadence.capitalize(),
        Markup('<th scope="col">Parts') if line.aggregation in ("ratio", "last_ratio") else "",
        rows,
    )


def _value_link(week: Row, line: Row, receipts: Receipts) -> Markup:
    if week.value is None:
        return escape("No data" if week.numerator is None else "Nothing to divide by")
    text = judged(week.value, line.unit, (week.target, week.target_2))
    href = receipts.href(week.week_label, line.line_id)
    linked = Markup('<a href="{}">{}</a>').format(href, text) if href else escape(text)
    return linked + " (not complete, not in it)" if week.state == "stale" else linked


def Restated(changes: Sequence[Row], records: Sequence[Row], zone: str) -> Markup:
    """What was published about the number before, the newest change first, with the records that made the
    difference."""
    if not changes:
        return NOTHING
    return Markup('<div class="restatements"><h3>Published otherwise before</h3>{}</div>').format(
        join(
            # numbered, so that every table has a name of its own
            _restatement(
                change,
                [r for r in records if r.changed_at == change.changed_at],
                zone,
                f"change {i} of {len(changes)}",
            )
            for i, change in enumerate(changes, 1)
        )
    )


def _restatement(change: Row, records: Sequence[Row], zone: str, which: str) -> Markup:
    if change.kind == "rejudged":
        words = {side: STATUS[change[f"status_{side}"]].lower() for side in ("was", "now")}
        text = (
            f"goal {goal_of(change, 'now')} ({words['now']}), was {goal_of(change, 'was')} ({words['was']})"
        )
    else:
        text = f"{number_text(change, 'now')}, was {number_text(change, 'was')}: {why(change)}"
    said = Markup(
        '<p><b class="restated">{}</b> {}. <span class="quiet">Published {}; what it was, {}.</span></p>'
    ).format(KIND[change.kind], text, instant(change.changed_at, zone), instant(change.published_at, zone))
    if not records:
        return said
    unit = "count" if change.unit == "percent" else change.unit
    rows = [_difference(record, change.aggregation, unit) for record in records[:MOST_DIFFERING]]
    caption = f"{change.section_label}: {change.label}, records that made the difference, {which}"
    more = len(records) - len(rows)
    return said + Markup(
        '<div class="scroll" tabindex="0" role="region" aria-label="{0}"><table class="records'
        ' differing"><caption class="vh">{0}</caption><thead><tr><th scope="col">Day<th scope="col">Record<th'
        ' scope="col">Change</thead><tbody>{1}</tbody></table></div>{2}'
    ).format(
        caption, join(rows), Markup('<p class="quiet">and {} more</p>').format(f"{more:,}") if more else ""
    )


def _difference(record: Row, aggregation: str, unit: str) -> Markup:
    address = web_address(record.record_url)
    label = plain(record.record_label or record.record_id)
    if record.change == "changed":
        amounts = [
            parts_text(record[f"numerator_{side}"], record[f"denominator_{side}"], aggregation)
            or number(record[f"numerator_{side}"], unit)
            for side in ("was", "now")
        ]
        what = f"Amount {amounts[1]}, was {amounts[0]}"
    elif record.change == "added":
        what = "Added"
        if record.reason:
            what = f"Counted now; was left out: {plain(record.reason_text)}"
        elif record.other_day:
            what = f"Moved here from {day(record.other_day)} {record.other_day.year}"
    elif record.reason:
        what = f"Left out now: {plain(record.reason_text)}"
    elif record.other_day:
        what = f"Moved to {day(record.other_day)} {record.other_day.year}"
    else:
        what = "No longer a record of this line"
    return Markup("<tr><td>{}<td>{}<td>{}").format(
        day(record.occurred_on) if record.occurred_on else "",
        Markup('<a href="{}">{}</a>').format(address, label) if address else label,
        what,
    )


def ReceiptHead(
    build: Result, title: str, days: str, contents: Sequence[tuple[str, str, str]], back: str
) -> Markup:
    """The page's heading and its list of lines: (link, label, total of records)."""
    items = join(
        Markup('<li><a href="{}">{}</a> <span class="vs">{}</span></li>').format(href, label, note)
        for href, label, note in contents
    )
    return Markup(
        '<div class="masthead"><p class="over">{} scorecard</p><h1>Receipts {}</h1><p class="lead">{}. The'
        ' records behind each number: counted, and left out with the reason. <a href="{}">To the'
        ' scorecard</a></p></div><ul class="card contents">{}</ul>'
    ).format(build.one().company_name, title, days, back, items)


def ReceiptCards(cards: Sequence[Markup]) -> Markup:
    """The receipts of one page."""
    return join(cards)


def period_days(start: date, end: date) -> str:
    """`Mon 20 Oct to Sun 26 Oct 2025` for a week, with the week numbers for a longer period."""
    if (end - start).days <= 6:
        return week_days(start)
    return (
        f"{week_label(start)} to {week_label(end)}, {week_days(start).split(' to ')[0]} to"
        f" {week_days(end).split(' to ')[1]}"
    )
