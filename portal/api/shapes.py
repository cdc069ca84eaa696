"""Answers whose shapes were asked for by name: thin views of what `/api/v1` has. Shares are rounded to two
decimals here, and here only."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Query

from foundation.calendar import week_start
from portal.api.answers import PROBLEMS, Cached, Cursor, Limit, Noted, Week, Year, page_of, span_of, week_of
from portal.published import View
from portal.web import Anyone
from reports.look.numbers import exact
from reports.site.periods import Span

public = APIRouter(prefix="/api", tags=["By name"])
router = APIRouter(prefix="/api", tags=["By name"], responses=PROBLEMS, dependencies=[Noted])

TICKETS = {
    "tickets_opened": "reactive_ops.reactive_tickets_opened",
    "tickets_closed": "reactive_ops.reactive_tickets_closed",
}
SAME_DAY, UTILIZATION = "reactive_ops.same_day_close_rate", "reactive_ops.utilization"
MRR = "outside_sales.mrr_closed"
SALES = {
    "inside_sales": {"dials": "dials", "conversations_dm": "conversations_dm", "ftas_set": "ftas_set"},
    "warm_250": {
        "w250_dials": "w250_dials",
        "w250_conversations_dm": "w250_conversations",
        "w250_ftas_set": "w250_ftas",
    },
    "hybrid_sales": {
        "coi_created": "coi_created",
        "coi_attended": "coi_attended",
        "networking_events": "networking_events",
    },
}
"""Section -> metric -> its name in the answer."""

Json = dict[str, Any]
Day = Annotated[date, Query(description="2025-10-20")]
MOST_DAYS = 400
MOST_ROWS = 500
"""The most entries of a list in one answer."""


def rounded(value: Any) -> float | int | None:
    """At most two decimals; a whole number without any."""
    if value is None:
        return None
    number = exact(value).quantize(Decimal("0.01"), ROUND_HALF_UP)
    return int(number) if number == number.to_integral_value() else float(number)


def _facts(view: View, monday: date) -> dict[str, Any]:
    """The lines of a week. The shapes have no place to say that a week was read in part: it has no number."""
    rows = view.rows(
        "select * replace (if(state = 'stale', null, value) as value,"
        " if(state = 'stale', null, numerator) as numerator,"
        " if(state = 'stale', null, denominator) as denominator)"
        " from marts.fct_scorecard_weekly where week_start = $monday::date",
        monday=monday,
    )
    return {row.line_id: row for row in rows}


def _autotask_metrics(facts: dict[str, Any]) -> Json:
    def of(line: str, column: str = "value") -> float | int | None:
        return rounded(facts[line][column]) if line in facts else None

    return {
        **{name: of(line) for name, line in TICKETS.items()},
        "same_day_close_rate": of(SAME_DAY),
        "utilization": of(UTILIZATION),
        "billable_hours": of(UTILIZATION, "numerator"),
        "total_hours": of(UTILIZATION, "denominator"),
    }


def _autotask_week(view: View, span: Span) -> Json:
    year, week, _ = span.start.isocalendar()
    return {
        "week": week,
        "year": year,
        "start_date": span.start,
        "end_date": span.end,
        "metrics": _autotask_metrics(_facts(view, span.start)),
    }


@public.get("/health")
def health(visit: Anyone) -> dict[str, str]:
    """Whether the portal answers and something is published."""
    visit.portal.library.lines()
    return {"status": "ok"}


@router.get("/autotask/scorecard/weekly")
def autotask_weekly(visit: Cached, week: Week = "", year: Year = None) -> Json:
    """Tickets and hours of a week."""
    return _autotask_week(visit.view, week_of(visit.view, week, year))


@router.get("/autotask/scorecard/quarterly")
def autotask_quarterly(
    visit: Cached, quarter: Annotated[str, Query(max_length=20)], year: Year = None
) -> Json:
    """Tickets and hours of a quarter: its finished weeks, and what they average or pool to."""
    view = visit.view
    span = span_of(view, "quarter", quarter, year)
    weeks = [week for week in view.periods.weeks if span.start <= week <= span.end]
    facts = _facts(view, weeks[-1]) if weeks else {}
    lines = {**TICKETS, "same_day_close_rate": SAME_DAY, "utilization": UTILIZATION}
    return {
        "quarter": int(span.label[-1]),
        "year": int(span.label[:4]),
        "weeks": [_autotask_week(view, Span.of_week(week)) for week in weeks],
        "avg_metrics": {
            f"{name}_avg": rounded(facts[line].quarter_value) if line in facts else None
            for name, line in lines.items()
        },
    }


def _records(view: View, lines: Sequence[str], start: date, end: date) -> list[Any]:
    """The counted records of lines on some days.

    Raises:
        HTTPException: the days are in the wrong order, or too many.
    """
    if end < start:
        raise HTTPException(422, "end_date is before start_date")
    if (end - start).days > MOST_DAYS:
        raise HTTPException(422, f"At most {MOST_DAYS} days in one request; ask for less.")
    return view.rows(
        "from marts.fct_contributions where counted and list_contains($lines::text[], line_id)"
        " and occurred_on between $start::date and $end::date order by occurred_on, record_id, line_id",
        lines=list(lines), start=start, end=end,
    )  # fmt: skip


def _was_read(view: View, line: str, start: date, end: date) -> bool:
    """Whether the reader may see the line and everything that it counts on these days was read. Otherwise
    nothing is 0."""
    if line not in view.lines:
        return False
    found = view.rows(
        "select week_start from marts.fct_scorecard_weekly where line_id = $line"
        " and week_start between $first::date and $last::date and list_contains($states::text[], state)",
        line=line, first=week_start(start), last=end, states=["live", "provisional", "manual"],
    )  # fmt: skip
    return len(found) == (week_start(end) - week_start(start)).days // 7 + 1


@router.get("/autotask/tickets")
def tickets(
    visit: Cached, start_date: Day, end_date: Day, limit: Limit = MOST_ROWS, cursor: Cursor = ""
) -> Json:
    """The tickets that were opened or closed on some days. `next_cursor` is set until the list ends."""
    found: dict[str, Json] = {}
    for row in _records(visit.view, list(TICKETS.values()), start_date, end_date):
        ticket = found.setdefault(
            row.record_id,
            {
                "id": row.record_id,
                "title": row.record_label,
                "url": row.record_url,
                "opened_on": None,
                "closed_on": None,
            },
        )
        ticket["opened_on" if row.line_id == TICKETS["tickets_opened"] else "closed_on"] = row.occurred_on
    known = all(_was_read(visit.view, line, start_date, end_date) for line in TICKETS.values())
    part, more = page_of(visit.view, list(found.values()), limit, cursor)
    return {
        "start_date": start_date,
        "end_date": end_date,
        "count": len(found) if known else None,
        "tickets": part,
        **_going_on(more),
    }


def _going_on(cursor: str | None) -> Json:
    """Add `next_cursor` to a list that goes on; the rest of the shape is fixed."""
    return {"next_cursor": cursor} if cursor else {}


@router.get("/autotask/activity")
def activity(visit: Cached, start_date: Day, end_date: Day) -> Json:
    """Tickets closed and hours, by person."""
    closed = TICKETS["tickets_closed"]
    lines = [closed, UTILIZATION]
    known = {line: _was_read(visit.view, line, start_date, end_date) for line in lines}
    of = {"tickets_closed": closed, "billable_hours": UTILIZATION, "total_hours": UTILIZATION}
    people: dict[str, dict[str, Decimal]] = {}
    for row in _records(visit.view, lines, start_date, end_date):
        one = people.setdefault(
            row.person_key or "nobody",
            dict.fromkeys(of, Decimal(0)),
        )
        if row.line_id == UTILIZATION:
            one["billable_hours"] += exact(row.numerator or 0)
            one["total_hours"] += exact(row.denominator or 0)
        else:
            one["tickets_closed"] += exact(row.numerator or 0)
    return {
        "start_date": start_date,
        "end_date": end_date,
        "activity": {
            key: {name: rounded(value) if known[of[name]] else None for name, value in one.items()}
            for key, one in sorted(people.items())
        },
    }


@router.get("/autotask/report/daily")
def daily_report(visit: Cached, date: Day) -> Json:
    """Tickets and hours of one day."""
    rows = _records(visit.view, [*TICKETS.values(), SAME_DAY, UTILIZATION], date, date)

    def total(line: str, column: str = "numerator") -> float | int | None:
        if not _was_read(visit.view, line, date, date):
            return None
        return rounded(sum((exact(row[column] or 0) for row in rows if row.line_id == line), Decimal(0)))

    return {
        "date": date,
        "metrics": {
            **{name: total(line) for name, line in TICKETS.items()},
            "same_day_closed": total(SAME_DAY),
            "billable_hours": total(UTILIZATION),
            "total_hours": total(UTILIZATION, "denominator"),
        },
    }


@router.get("/autotask/report/weekly")
def weekly_report(visit: Cached, week: Week = "", year: Year = None) -> Json:
    """Tickets and hours of a week beside the week before."""
    view = visit.view
    span = week_of(view, week, year)
    before = max((one for one in view.periods.weeks if one < span.start), default=None)
    return {
        **_autotask_week(view, span),
        "previous": _autotask_week(view, Span.of_week(before)) if before else None,
    }


@router.get("/hubspot/scorecard/sales-activity")
def sales_activity(visit: Cached, week: Week = "", year: Year = None) -> Json:
    """What each person of the sales sections did in a week."""
    view = visit.view
    facts = _facts(view, week_of(view, week, year).start)
    people: dict[str, Json] = {}
    for section, metrics in SALES.items():
        for metric, name in metrics.items():
            line = view.lines.get(f"{section}.{metric}")
            if line is None:
                continue
            person = next(iter([*line.people, *sorted(line.owners)]), section)
            fact = facts.get(line.line_id)
            people.setdefault(person, {})[name] = rounded(fact.value) if fact else None
    return people


@router.get("/hubspot/scorecard/mrr-closed")
def mrr_closed(
    visit: Cached, start_date: Day, end_date: Day, limit: Limit = MOST_ROWS, cursor: Cursor = ""
) -> Json:
    """The recurring revenue of deals that were won on some days: the total of all, and the deals.
    `next_cursor` is set until their list ends."""
    rows = [row for row in _records(visit.view, [MRR], start_date, end_date) if row.record_type == "deal"]
    known = _was_read(visit.view, MRR, start_date, end_date)
    total = sum((exact(row.numerator or 0) for row in rows), Decimal(0))
    part, more = page_of(visit.view, rows, limit, cursor)
    return {
        "total_mrr": rounded(total) if known else None,
        "deals_closed": len(rows) if known else None,
        "deals": [
            {
                "id": row.record_id,
                "name": row.record_label,
                "mrr": rounded(row.numerator),
                "closed_on": row.occurred_on,
                "owner": row.person_key,
                "url": row.record_url,
            }
            for row in part
        ],
        **_going_on(more),
    }
