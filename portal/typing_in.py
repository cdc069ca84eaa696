"""What somebody may type in, and how it is saved: the fields of weeks and months, without pages."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from itertools import takewhile
from typing import Any

from fastapi import HTTPException

from foundation.calendar import parse_week, week_label, week_start
from foundation.cells import Rejected
from foundation.store import begin, read
from foundation.store.audit import record
from foundation.store.entries import Entry, add_entry, entries_of, take_turn
from foundation.store.rows import KeyUsed
from foundation.typed_in import checked_value, names
from portal.access import Line
from portal.forms import plain_text
from portal.web import Visit
from reports.engine.markup import anchor
from reports.engine.queries import Row
from reports.look.numbers import judged, number, period_name
from reports.look.tokens import STATUS
from reports.words.line import goal_text

STREAK = 26
"""Weeks to look back for a streak."""
_ABOUT = """
select l.line_id, l.label, l.section_label, l.valid_from, l.valid_to, l.cadence,
       if(l.unit = 'money', 'money:' || b.currency, l.unit) as unit
from marts.dim_lines as l cross join marts.dim_build as b
where l.cadence in ('week', 'month') and list_contains($lines::text[], l.line_id)
order by l.sort_order, l.line_id
"""
_FACTS = """
select line_id, week_start as start, value, operator, target, target_2, status
from marts.fct_scorecard_weekly
where list_contains($lines::text[], line_id)
  and week_start between $last::date - 7 * $most::int and $last::date
union all
select line_id, month_start as start, value, operator, target, target_2, status
from marts.fct_scorecard_monthly
where list_contains($lines::text[], line_id)
  and month_start between $last::date - to_months($most::int) and $last::date
order by line_id, start desc
"""
_PARTS = """
select line_id, period_start as start, person_key, sum(numerator) as value
from marts.fct_contributions
where counted and list_contains($lines::text[], line_id) and period_start between $first::date and $last::date
group by all
"""


@dataclass(frozen=True)
class Period:
    """A week or a month that numbers are typed in for."""

    cadence: str
    start: date
    end: date
    label: str
    """`2025-W43`, `2025-09`."""

    @classmethod
    def of(cls, text: str) -> Period:
        """A week, a day of the week, or a month.

        Raises:
            ValueError: it is neither.
        """
        if re.fullmatch(r"\d{4}-\d{2}", text, re.ASCII):
            return cls.month(date.fromisoformat(f"{text}-01"))
        return cls.week(parse_week(text))

    @classmethod
    def week(cls, day: date) -> Period:
        monday = week_start(day)
        return cls("week", monday, monday + timedelta(days=6), week_label(monday))

    @classmethod
    def month(cls, day: date) -> Period:
        first = day.replace(day=1)
        return cls(
            "month", first, (first + timedelta(days=31)).replace(day=1) - timedelta(days=1), f"{first:%Y-%m}"
        )

    @property
    def before(self) -> Period:
        day = self.start - timedelta(days=1)
        return Period.week(day) if self.cadence == "week" else Period.month(day)

    @property
    def typed_for(self) -> str:
        """Return the period as the store keeps it: a week's label, or a month's first day."""
        return self.label if self.cadence == "week" else self.start.isoformat()


@dataclass
class Field:
    """One number that somebody types: a line's, of a week or a month, perhaps of one person."""

    line: Line
    about: Row
    span: Period
    person: str | None
    person_name: str
    """Of somebody else, or empty."""
    published: Decimal | None
    """What the published file has."""
    trail: Sequence[Entry]
    """What was typed here, the oldest first."""
    facts: Sequence[Row]
    """The line's periods up to this one, the newest first."""
    typed: Mapping[str, str] = dataclasses.field(default_factory=dict)
    """What was sent and not saved."""
    error: str = ""

    @property
    def id(self) -> str:
        return anchor(f"{self.line.line_id}.{self.period}.{self.person or ''}")

    @property
    def label(self) -> str:
        return f"{self.about.label}{f', {self.person_name}' if self.person_name else ''}"

    @property
    def period(self) -> str:
        return self.span.label

    @property
    def period_words(self) -> str:
        """`week of 20 October`, `September 2025`"""
        return period_name(self.span.start, self.span.cadence)

    @property
    def value(self) -> Decimal | None:
        return self.trail[-1].value if self.trail else self.published

    @property
    def value_text(self) -> str:
        return number(self.value, self.about.unit)

    @property
    def is_on_the_page(self) -> bool:
        return not self.trail or self.trail[-1].value == self.published

    @property
    def _now(self) -> Row | None:
        return next((fact for fact in self.facts if fact.start == self.span.start), None)

    @property
    def goal(self) -> str:
        now = self._now
        return goal_text(now.operator, now.target, now.target_2, self.about.unit) if now else "–"

    @property
    def last(self) -> str:
        before = [fact for fact in self.facts if fact.start < self.span.start]
        if not before:
            return "–"
        return judged(before[0].value, self.about.unit, (before[0].target, before[0].target_2))

    @property
    def streak(self) -> str:
        """`Met 3 weeks in a row`, of the finished periods before this one."""
        before = [fact.status for fact in self.facts if fact.start < self.span.start]
        if not before or before[0] not in ("met", "near", "below"):
            return ""
        many, one = len(list(takewhile(lambda status: status == before[0], before))), self.span.cadence
        return (
            f"{STATUS[before[0]]} {many} {one}s in a row" if many > 1 else f"{STATUS[before[0]]} last {one}"
        )

    @property
    def unit_hint(self) -> str:
        return {
            "percent": "as a share: 0.25 is 25%",
            "money": "amount",
            "hours": "hours",
            "minutes": "minutes",
            "count": "a whole number",
        }.get(self.about.unit.partition(":")[0], "")


def fields_of(visit: Visit, periods: Sequence[Period]) -> list[Field]:
    """What the person types in for these periods."""
    mine = {line.line_id: line for line in visit.portal.library.lines().values() if visit.who.types_for(line)}
    if not mine or not periods:
        return []
    library, ids = visit.portal.library, list(mine)
    first, last = min(one.start for one in periods), max(one.start for one in periods)
    about = library.rows(_ABOUT, lines=ids)
    parts = library.rows(_PARTS, lines=ids, first=first, last=last)
    published = {(row.line_id, row.start, row.person_key): row.value for row in parts}
    facts: dict[str, list[Row]] = {}
    for row in library.rows(_FACTS, lines=ids, last=last, most=STREAK):
        facts.setdefault(row.line_id, []).append(row)
    names = {person.key: person.name for person in visit.portal.people}
    made = []
    with read(visit.portal.settings) as connection:
        for span in periods:
            for row in about:
                line = mine[row.line_id]
                if row.cadence != span.cadence or not _is_kept(row, span):
                    continue
                for person in visit.who.types_for(line):
                    whole = None
                    if person is None:  # the line is one number, no matter who typed it
                        of_line = [
                            v
                            for (name, start, _), v in published.items()
                            if (name, start) == (line.line_id, span.start)
                        ]
                        whole = sum(of_line, Decimal(0)) if of_line else None
                    made.append(
                        Field(
                            line,
                            row,
                            span,
                            person,
                            names.get(person, person) if person and person != visit.who.person_key else "",
                            whole if person is None else published.get((line.line_id, span.start, person)),
                            entries_of(connection, line.line_id, person, span.typed_for),
                            # a part of a line doesn't show what all parts come to
                            facts.get(line.line_id, ()) if visit.who.may_see(line) else (),
                        )
                    )
    return made


def _is_kept(about: Row, span: Period) -> bool:
    """Whether a line is valid in a period."""
    begins = about.valid_from is None or about.valid_from <= (
        span.start if span.cadence == "week" else span.end
    )
    return bool(begins and (about.valid_to is None or span.start <= about.valid_to))


def field_of(visit: Visit, form: Mapping[str, str]) -> Field:
    """The field that a form is about, if it is one of theirs.

    Raises:
        HTTPException: it is not.
    """
    try:
        period = Period.of(form.get("period", ""))
    except ValueError:
        raise HTTPException(404) from None
    if period.start > visit.portal.today:
        raise HTTPException(404, f"{period.label} has not begun.")
    wanted = (form.get("line", ""), form.get("person") or None)
    for one in fields_of(visit, [period]):
        if (one.line.line_id, one.person) == wanted:
            return one
    raise HTTPException(404)


def save_all(visit: Visit, numbers: Sequence[tuple[Field, str]], form: Mapping[str, str]) -> list[Entry]:
    """Save numbers, all of them or none.

    Raises:
        Rejected: one of them is not taken; the sentence says why.
    """
    settings, company = visit.portal.settings, visit.portal.company
    note, reason = (plain_text(form.get(name, ""), name) for name in ("note", "reason"))
    key = form.get("key", "")
    if not re.fullmatch(r"[\w:.-]{8,200}", key):
        raise Rejected("the form is not complete; open the page again")
    saved, known = [], names(settings)
    with begin(settings) as connection:
        for place, (field, text) in enumerate(numbers):
            value = checked_value(
                settings,
                company,
                known,
                metric=field.line.line_id,
                person=field.person,
                period=field.span.typed_for,
                value=text,
            )
            # what was typed a moment ago, perhaps by somebody else
            take_turn(connection, field.line.line_id, field.person)
            trail = entries_of(connection, field.line.line_id, field.person, field.span.typed_for)
            this_key = f"{visit.who.who}:{key}:{place}"
            again = any(entry.idempotency_key == this_key for entry in trail)
            stands = trail[-1].value if trail else field.published
            if stands is not None and not reason and not again:
                was, now = (number(one, field.about.unit) for one in (stands, value))
                raise Rejected(f"{was} is there already; say why {now} replaces it")
            try:
                entry = add_entry(
                    connection,
                    metric=field.line.line_id,
                    person=field.person,
                    period=field.span.typed_for,
                    value=value,
                    note=note,
                    reason=reason if stands is not None or again else None,
                    entered_at=settings.now(),
                    entered_by=visit.who.who,
                    idempotency_key=this_key,
                )
            except KeyUsed:
                raise Rejected("this form was sent before with another number; open the page again") from None
            saved.append(entry)
            if not again:
                details: dict[str, Any] = {
                    "period": field.period,
                    "person": field.person,
                    "value": f"{value:f}",
                }
                record(
                    connection,
                    at=visit.now,
                    who=visit.who.who,
                    action="corrected" if stands is not None else "typed",
                    subject=field.line.line_id,
                    details=details,
                )
    return saved
