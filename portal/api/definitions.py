"""`/api/v1`: lines, metrics, goals and sources."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date, datetime, timedelta

from fastapi import APIRouter
from pydantic import BaseModel, Field

from foundation.store import read
from foundation.store.goals import NO_GOAL, stored_goals
from portal.api.answers import (
    PROBLEMS,
    Cached,
    Cursor,
    Limit,
    Noted,
    OptionalLine,
    OptionalSection,
    page_of,
)
from portal.figures import Number

router = APIRouter(prefix="/api/v1", responses=PROBLEMS, dependencies=[Noted])


class LineOut(BaseModel):
    """A line of the scorecard."""

    line_id: str
    section: str
    section_label: str
    metric_id: str
    label: str
    unit: str
    aggregation: str
    direction: str | None
    cadence: str
    owners: list[str]
    sources: list[str]
    valid_from: date | None
    valid_to: date | None
    typed_by_me: list[str | None] = Field(
        description="Whose parts you may type in; null: the line is one number."
    )


class Lines(BaseModel):
    lines: list[LineOut]
    next_cursor: str | None = None


@router.get("/lines", tags=["Definitions"])
def lines(visit: Cached, section: OptionalSection = "", limit: Limit = 200, cursor: Cursor = "") -> Lines:
    """The lines that you may see."""
    view = visit.view
    rows = view.rows(
        """
        select l.*, if(l.unit = 'money', 'money:' || b.currency, l.unit) as unit_of
        from marts.dim_lines as l cross join marts.dim_build as b
        where $section = '' or l.section = $section
        order by l.sort_order, l.line_id
        """,
        section=section,
    )
    made = [
        LineOut(
            **{
                **row,
                "unit": row.unit_of,
                "owners": sorted(view.lines[row.line_id].owners),
                "sources": sorted(view.lines[row.line_id].sources),
                "typed_by_me": list(visit.who.types_for(view.lines[row.line_id])),
            }
        )
        for row in rows
    ]
    part, more = page_of(view, made, limit, cursor)
    return Lines(lines=list(part), next_cursor=more)


class Metric(BaseModel):
    """What a number is."""

    metric_id: str
    label: str
    unit: str
    aggregation: str
    direction: str | None
    cadence: str | None
    definition: str | None
    why: str | None
    calculation: str | None
    benchmark: str | None
    edge_cases: str | None


class Metrics(BaseModel):
    metrics: list[Metric]
    next_cursor: str | None = None


@router.get("/metrics", tags=["Definitions"])
def metrics(visit: Cached, limit: Limit = 200, cursor: Cursor = "") -> Metrics:
    """The definitions behind the lines that you may see."""
    made = [Metric(**row) for row in visit.view.rows("from marts.dim_metrics order by metric_id")]
    part, more = page_of(visit.view, made, limit, cursor)
    return Metrics(metrics=list(part), next_cursor=more)


class DatedGoal(BaseModel):
    """A goal of a line, from a day on."""

    line_id: str
    valid_from: date | None
    valid_to: date | None
    operator: str = Field(description="`none`: the line has no goal from then on, since the last build.")
    target: Number
    target_2: Number
    band: Number
    tolerance: Number
    per: str | None
    reason: str | None
    is_published: bool = Field(description="False: set since the last build.")


class Goals(BaseModel):
    goals: list[DatedGoal]
    next_cursor: str | None = None


@router.get("/goals", tags=["Definitions"])
def goals(visit: Cached, line: OptionalLine = "", limit: Limit = 200, cursor: Cursor = "") -> Goals:
    """The goals of lines that you may see, also those that were set since the last build."""
    view = visit.view
    rows = view.rows(
        "from marts.dim_goals where $line = '' or line_id = $line order by line_id, valid_from", line=line
    )
    made = [DatedGoal(**row, is_published=True) for row in rows if row.operator and row.target is not None]
    known = {(goal.line_id, goal.valid_from, goal.operator, goal.target) for goal in made}
    ended = {(goal.line_id, goal.valid_to) for goal in made}
    with read(visit.portal.settings) as connection:
        for goal in stored_goals(connection, line or None):
            key = (goal.line_id, goal.valid_from, goal.operator, float(goal.target))
            if goal.line_id in view.lines and key not in known:
                values = asdict(goal) | {"valid_to": None, "is_published": False}
                if goal.operator == NO_GOAL:
                    if (goal.line_id, goal.valid_from - timedelta(days=1)) in ended:
                        continue
                    values["target"] = None
                made.append(DatedGoal.model_validate(values))
    part, more = page_of(view, made, limit, cursor)
    return Goals(goals=list(part), next_cursor=more)


class SourceOut(BaseModel):
    """The state of a system."""

    source: str
    label: str
    state: str = Field(description="ok, partly_refused, late, failing or not_connected")
    complete_through: datetime | None
    last_success_at: datetime | None
    newest_record: datetime | None
    rows_total: int | None
    reason: str | None = Field(None, description="What the vendor says, where it fails or refuses a part.")


class Sources(BaseModel):
    sources: list[SourceOut]


@router.get("/sources", tags=["Definitions"])
def sources(visit: Cached) -> Sources:
    """The systems behind the lines that you may see."""
    rows = visit.view.rows("select *, last_error as reason from marts.dim_sources order by source")
    return Sources(sources=[SourceOut(**row) for row in rows])
