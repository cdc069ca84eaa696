"""`/api/v1`: figures of a week, month or quarter, of a line, of the sales pages."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from fastapi import APIRouter, HTTPException, Query
from pydantic import BaseModel

from portal.api.answers import (
    PROBLEMS,
    Cached,
    Cursor,
    Limit,
    LineId,
    Noted,
    OptionalLine,
    OptionalSection,
    Week,
    Year,
    page_of,
    span_of,
    visible_line,
    week_of,
)
from portal.figures import Figure, Number, figures
from portal.published import View
from reports.site.periods import Span

router = APIRouter(prefix="/api/v1", responses=PROBLEMS, dependencies=[Noted])


class Scorecard(BaseModel):
    """The figures of a period."""

    period: str
    start_date: date
    end_date: date
    figures: list[Figure]
    next_cursor: str | None = None


def _scorecard(
    view: View, span: Span, found: list[Figure], section: str, line: str, limit: int, cursor: str
) -> Scorecard:
    chosen = [one for one in found if section in ("", one.section) and line in ("", one.line_id)]
    part, more = page_of(view, chosen, limit, cursor)
    return Scorecard(
        period=span.label, start_date=span.start, end_date=span.end, figures=list(part), next_cursor=more
    )


@router.get("/scorecard/weekly", tags=["Figures"])
def weekly(
    visit: Cached,
    week: Week = "",
    year: Year = None,
    section: OptionalSection = "",
    line: OptionalLine = "",
    limit: Limit = 200,
    cursor: Cursor = "",
) -> Scorecard:
    """The figures of one week."""
    span = week_of(visit.view, week, year)
    found = figures(visit.view, "week", "start_date = $start::date", start=span.start)
    return _scorecard(visit.view, span, found, section, line, limit, cursor)


@router.get("/scorecard/monthly", tags=["Figures"])
def monthly(
    visit: Cached,
    month: Annotated[
        str, Query(max_length=20, description="`2025-09`. Default: the newest finished month.")
    ] = "",
    section: OptionalSection = "",
    line: OptionalLine = "",
    limit: Limit = 200,
    cursor: Cursor = "",
) -> Scorecard:
    """The figures of one month: of lines that are kept by month."""
    view = visit.view
    if not month:
        newest = view.rows(
            "select max(month_label) as label from marts.fct_scorecard_monthly where is_finished"
        )
        month = newest[0].label or ""
    span = span_of(view, "month", month)
    found = figures(view, "month", "start_date = $start::date", start=span.start)
    return _scorecard(view, span, found, section, line, limit, cursor)


@router.get("/scorecard/quarterly", tags=["Figures"])
def quarterly(
    visit: Cached,
    quarter: Annotated[
        str, Query(max_length=20, description="`2025-Q4`, or `4` with `year`. Default: the running one.")
    ] = "",
    year: Year = None,
    section: OptionalSection = "",
    line: OptionalLine = "",
    limit: Limit = 200,
    cursor: Cursor = "",
) -> Scorecard:
    """The figures of one quarter of 13 weeks: what its finished weeks pool or average to, and lines that are
    kept by quarter."""
    view = visit.view
    spans = [span for span in view.periods.spans if span.cadence == "quarter"]
    if not quarter and not spans:
        raise HTTPException(404, "No quarter is published yet.")
    span = span_of(view, "quarter", quarter, year) if quarter else spans[-1]
    found = figures(view, "weeks of a quarter", quarter=span.label, first=span.start, last=span.end)
    found += figures(view, "quarter", "start_date = $start::date", start=span.start)
    return _scorecard(view, span, found, section, line, limit, cursor)


@router.get("/lines/{line_id}/history", tags=["Figures"])
def history(visit: Cached, line_id: LineId, limit: Limit = 100, cursor: Cursor = "") -> Scorecard:
    """All figures of one line, the newest first."""
    view = visit.view
    visible_line(view, line_id)
    found = [
        one
        for cadence in ("week", "month", "quarter")
        for one in figures(view, cadence, "line_id = $line", line=line_id)
    ][::-1]
    part, more = page_of(view, found, limit, cursor)
    today = visit.portal.today
    first, last = (found[-1].start_date, found[0].end_date) if found else (today, today)
    return Scorecard(period=line_id, start_date=first, end_date=last, figures=list(part), next_cursor=more)


class Kpi(BaseModel):
    """A measure of the sales pages."""

    period_key: str
    owner_key: str | None
    measure: str
    label: str
    unit: str
    numerator: Number
    denominator: Number
    value: Number
    then_value: Number
    change: Number
    note: str | None


class Kpis(BaseModel):
    kpis: list[Kpi]
    next_cursor: str | None = None


@router.get("/sales/kpis", tags=["Figures"])
def kpis(
    visit: Cached,
    period: Annotated[
        str,
        Query(
            max_length=40,
            description="`period_key` of the sales pages, such as this_week. Default: all of them.",
        ),
    ] = "",
    owner: Annotated[str, Query(max_length=200, description="`owner_key`. Default: all.")] = "",
    limit: Limit = 200,
    cursor: Cursor = "",
) -> Kpis:
    """The measures of the sales pages, by period and owner."""
    rows = visit.view.rows(
        """
        from marts.fct_sales_kpis
        where ($period = '' or period_key = $period) and ($owner = '' or owner_key = $owner)
        order by period_key, owner_key, sort_order, measure
        """,
        period=period, owner=owner,
    )  # fmt: skip
    part, more = page_of(visit.view, [Kpi(**row) for row in rows], limit, cursor)
    return Kpis(kpis=list(part), next_cursor=more)
