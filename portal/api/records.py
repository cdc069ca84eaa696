"""`/api/v1`: the records behind numbers, and changes of published numbers."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated

from fastapi import APIRouter, HTTPException, Query
from pydantic import BaseModel, Field

from portal.api.answers import (
    PROBLEMS,
    Cached,
    Cursor,
    Limit,
    Noted,
    OptionalLine,
    Week,
    Year,
    next_cursor,
    offset_of,
    page_of,
    visible_line,
    week_of,
)
from portal.figures import Number

router = APIRouter(prefix="/api/v1", responses=PROBLEMS, dependencies=[Noted])


class Contribution(BaseModel):
    """A record's part in a number."""

    line_id: str
    period_start: date
    occurred_on: date | None
    person_key: str | None
    numerator: Number
    denominator: Number
    counted: bool
    reason: str | None = Field(description="Why it is left out.")
    source: str | None
    record_type: str | None
    record_id: str | None
    record_label: str | None
    record_url: str | None


class Contributions(BaseModel):
    contributions: list[Contribution]
    next_cursor: str | None = None


@router.get("/contributions", tags=["Records"])
def contributions(
    visit: Cached,
    line: Annotated[str, Query(max_length=200, pattern=r"^[\w.:-]+$", description="`section.metric`")],
    week: Week = "",
    year: Year = None,
    period: Annotated[
        str, Query(max_length=20, description="A month (`2025-09`) or quarter (`2025-Q4`).")
    ] = "",
    limit: Limit = 100,
    cursor: Cursor = "",
) -> Contributions:
    """The records behind a number: counted, and left out with the reason. Contacts have no names here."""
    view = visit.view
    visible_line(view, line)
    if period:
        span = view.spans.get(period)
        if span is None:
            raise HTTPException(
                404, f"Nothing is published for {period[:20]!r}; expected 2025-09 or 2025-Q4."
            )
    else:
        span = week_of(view, week, year)
    offset = offset_of(view, cursor)
    rows = view.rows(
        """
        select * replace (
            if(record_type = 'contact', 'Contact ' || record_id, record_label) as record_label
        )
        from marts.fct_contributions
        where line_id = $line and period_start = $start::date
        order by counted desc, reason, occurred_on, record_id, person_key, numerator
        limit $most offset $first
        """,
        line=line, start=span.start, most=limit + 1, first=offset,
    )  # fmt: skip
    return Contributions(
        contributions=[Contribution(**row) for row in rows[:limit]],
        next_cursor=next_cursor(view, offset + limit, len(rows) > limit),
    )


class Restatement(BaseModel):
    """A published number that is another one now."""

    line_id: str
    period_label: str
    changed_at: datetime
    published_at: datetime | None
    kind: str
    cause: str | None
    value_was: Number
    value_now: Number
    target_was: Number
    target_now: Number
    status_was: str | None
    status_now: str | None


class Restatements(BaseModel):
    restatements: list[Restatement]
    next_cursor: str | None = None


@router.get("/restatements", tags=["Records"])
def restatements(
    visit: Cached, line: OptionalLine = "", limit: Limit = 100, cursor: Cursor = ""
) -> Restatements:
    """Changes of published numbers, the newest first."""
    rows = visit.view.rows(
        "from marts.fct_restatements where $line = '' or line_id = $line"
        " order by changed_at desc, line_id, period_start, kind",
        line=line,
    )
    part, more = page_of(visit.view, [Restatement(**row) for row in rows], limit, cursor)
    return Restatements(restatements=list(part), next_cursor=more)
