"""`/api/v1`: figures of a week, month or quarter, of a line, of the sales pages.

Every figure carries value, numerator, denominator, n, goal, status, state and as-of; a blank is null with a
state, never 0.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Query
from pydantic import BaseModel, Field

from portal.api.answers import (
    PROBLEMS,
    Cached,
    Cursor,
    Limit,
    LineId,
    Noted,
    Number,
    OptionalLine,
    OptionalSection,
    Week,
    Year,
    page_of,
    span_of,
    visible_line,
    week_of,
)
from portal.published import View
from reports.engine.queries import Row
from reports.site.periods import Span
from reports.words.signal import Signal

router = APIRouter(prefix="/api/v1", responses=PROBLEMS, dependencies=[Noted])


class Goal(BaseModel):
    """What a number is judged by."""

    operator: str
    target: float
    target_2: Number = None


class SignalOut(BaseModel):
    """A finished, whole week against the usual range of its line, by the limits in force in that week."""

    is_signal: bool = Field(description="The week says that something has changed.")
    rule: str | None = Field(description="outside, range, three_of_four or eight_in_a_row")
    direction: str | None = Field(description="high or low; null without a rule.")
    no_range: str | None = Field(
        description="Why there is no usual range: too_few_points, mostly_zero or trend."
    )
    lower: Number
    centre: Number
    upper: Number
    n: int | None = Field(description="Weeks that the range rests on, 26 at most.")
    text: str = Field(
        description="`unusually low: first time outside its usual range (31 to 78) in 40 weeks`"
    )


class Figure(BaseModel):
    """A line's number of a period."""

    line_id: str
    section: str
    metric_id: str
    label: str
    unit: str
    period: str
    start_date: date
    end_date: date
    is_finished: bool
    value: Number
    numerator: Number
    denominator: Number
    n: int | None = Field(description="Records that count.")
    goal: Goal | None
    status: str | None = Field(description="met, near, below, no_goal, no_data or not_applicable")
    state: str = Field(description="live, provisional, stale, manual, missing or not_connected")
    as_of: datetime | None
    previous_value: Number = None
    quarter: str | None = None
    quarter_value: Number = None
    quarter_status: str | None = None
    note: str | None = Field(
        None, description="What the number leaves out because nobody knows whether it counts."
    )
    signal: SignalOut | None = Field(
        None, description="Null unless the period is a finished, whole week of a weekly line."
    )


class Scorecard(BaseModel):
    """The figures of a period."""

    period: str
    start_date: date
    end_date: date
    figures: list[Figure]
    next_cursor: str | None = None


_FACTS = {
    "week": """
select f.*, f.week_label as period, f.week_start as start_date, f.week_start + 6 as end_date, f.quarter_label
as quarter, l.label, l.sort_order, if(l.unit = 'money', 'money:' || b.currency, l.unit) as unit, g as point
from marts.fct_scorecard_weekly as f join marts.dim_lines as l using (line_id) cross join marts.dim_build as b
left join marts.fct_signals as g on g.line_id = f.line_id and g.week_start = f.week_start
where l.cadence = 'week' and (f.week_start >= l.valid_from or l.valid_from is null) and (f.week_start <=
l.valid_to or l.valid_to is null)
""",
    "month": """
select f.*, f.month_label as period, f.month_start as start_date, f.month_end as end_date, f.quarter_label as
quarter, null as quarter_status, l.label, l.sort_order, if(l.unit = 'money', 'money:' || b.currency, l.unit)
as unit from marts.fct_scorecard_monthly as f join marts.dim_lines as l using (line_id) cross join
marts.dim_build as b where l.cadence = 'month' and (f.month_start <= l.valid_to or l.valid_to is null)
""",
    "quarter": """
select f.*, f.quarter_label as period, f.quarter_start as start_date, f.quarter_end as end_date,
f.quarter_label as quarter, null as numerator, null as denominator, f.value as quarter_value, f.status as
quarter_status, null as previous_value, l.label, l.sort_order, if(l.unit = 'money', 'money:' || b.currency,
l.unit) as unit from marts.fct_scorecard_quarterly as f join marts.dim_lines as l using (line_id) cross join
marts.dim_build as b where l.cadence = 'quarter' and (f.quarter_start <= l.valid_to or l.valid_to is null)
""",
    "weeks of a quarter": """
with newest as (
    select f.*, row_number() over (partition by f.line_id order by f.week_start desc) as place,
    count(f.partial_note) over (partition by f.line_id) as partial_weeks
    from marts.fct_scorecard_weekly as f where f.quarter_label = $quarter and f.is_finished
)
select f.line_id, f.section, f.metric_id, l.label, l.sort_order, if(l.unit = 'money', 'money:' || b.currency,
l.unit) as unit, f.quarter_label as period, $first::date as start_date, $last::date as end_date,
b.finished_week >= $last::date - 6 as is_finished, f.quarter_value as value, null as numerator, null as
denominator, null as n, f.operator, f.target, f.target_2, f.quarter_status as status, f.state,
f.as_of, null as previous_value, f.quarter_label as quarter, f.quarter_value, f.quarter_status,
nullif(concat_ws('; ',
    if(f.quarter_weeks < f.quarter_weeks_expected,
        f.quarter_weeks || ' of ' || f.quarter_weeks_expected || ' weeks', null),
    if(f.partial_weeks > 0,
        f.partial_weeks || if(f.partial_weeks = 1, ' week leaves', ' weeks leave') || ' something out', null)
), '') as partial_note
from newest as f join marts.dim_lines as l using (line_id) cross join marts.dim_build as b
where f.place = 1 and l.cadence = 'week'
""",
}
"""Cadence -> its facts with what a figure says; lines in the periods in which they are kept."""


def figure(row: Row) -> Figure:
    goal = None
    if row.operator is not None and row.target is not None:
        goal = Goal(operator=row.operator, target=row.target, target_2=row.target_2)
    signal = Signal.of(row.get("point"), row.unit)
    return Figure(**{**row, "goal": goal, "note": row.partial_note, "signal": signal and signal_out(signal)})


def signal_out(signal: Signal) -> SignalOut:
    return SignalOut(**{**signal.row, "is_signal": signal.is_signal, "text": signal.text})


def figures(view: View, cadence: str, where: str = "true", **params: Any) -> list[Figure]:
    sql = f"select * from ({_FACTS[cadence]}) where {where} order by start_date, sort_order, line_id"
    return [figure(row) for row in view.rows(sql, **params)]


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
