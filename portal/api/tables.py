"""Figures as CSV: for programs with a token, and for spreadsheets by a link with a token of its own."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Path, Query, Response

from foundation.cells import plain_cell
from foundation.store import begin, read
from foundation.store.sign_in import LINK, token_of, use_token
from portal.access import viewer_of_token
from portal.api.answers import (
    PROBLEMS,
    Cached,
    Noted,
    OptionalLine,
    OptionalSection,
    Week,
    Year,
    note_read,
    week_of,
)
from portal.figures import Figure, figures
from portal.pages import note_confidential
from portal.published import View
from portal.web import Anyone

router = APIRouter(prefix="/api/v1", responses=PROBLEMS, dependencies=[Noted])
public = APIRouter(include_in_schema=False)
COLUMNS = (
    "week", "start_date", "section", "line_id", "label", "unit", "value", "numerator", "denominator", "n",
    "operator", "target", "target_2", "status", "state", "as_of", "note",
)  # fmt: skip
NO_HEADERS: Mapping[str, str] = {}
Weeks = Annotated[int, Query(ge=1, le=106, description="How many weeks, up to the one asked for.")]


def as_csv(found: Iterable[Figure]) -> str:
    """A row per figure. What is not known is an empty cell beside its state, never 0; no text is a
    formula."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for one in found:
        values: dict[str, Any] = {
            **one.model_dump(),
            "week": one.period,
            **(one.goal.model_dump() if one.goal else {}),
        }
        writer.writerow([_cell(values.get(name)) for name in COLUMNS])
    return text.getvalue()


def _cell(value: object) -> object:
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.6f}".rstrip("0").rstrip(".")
    return plain_cell(value) if isinstance(value, str) else value


def _weekly(view: View, week: str, year: int | None, weeks: int, section: str, line: str) -> list[Figure]:
    span = week_of(view, week, year)
    found = figures(
        view,
        "week",
        "start_date between $first::date and $last::date",
        first=span.start - timedelta(weeks=weeks - 1),
        last=span.start,
    )
    return [one for one in found if section in ("", one.section) and line in ("", one.line_id)]


@router.get(
    "/scorecard/weekly.csv",
    tags=["Figures"],
    response_class=Response,
    responses={200: {"content": {"text/csv": {}}}},
)
def weekly(
    visit: Cached,
    response: Response,
    week: Week = "",
    year: Year = None,
    weeks: Weeks = 1,
    section: OptionalSection = "",
    line: OptionalLine = "",
) -> Response:
    """The figures of one or several weeks as CSV. A blank is an empty cell beside its state, never 0."""
    found = _weekly(visit.view, week, year, weeks, section, line)
    return _answer(as_csv(found), dict(response.headers))


@public.get("/links/{secret}/weekly.csv")
def linked(
    visit: Anyone,
    secret: Annotated[str, Path(max_length=200)],
    week: Week = "",
    year: Year = None,
    weeks: Weeks = 13,
    section: OptionalSection = "",
    line: OptionalLine = "",
) -> Response:
    """The same for anyone with the link, which has one role and reads nothing else."""
    settings = visit.portal.settings
    with read(settings) as connection:
        token = token_of(connection, secret, kind=LINK)
    viewer = viewer_of_token(visit.portal.company.access, token.name, token.role) if token else None
    if token is None or viewer is None:
        raise HTTPException(404)
    visit.viewer = viewer
    visit.request.app.state.pace.check(token, visit.now)
    if visit.is_due(token.used_at):
        with begin(settings) as connection:
            use_token(connection, token, visit.now)
    note_read(visit)
    found = _weekly(visit.view, week, year, weeks, section, line)
    note_confidential(visit, "weekly.csv", {one.line_id for one in found})
    return _answer(as_csv(found))


def _answer(text: str, headers: Mapping[str, str] = NO_HEADERS) -> Response:
    headers = {**headers, "content-disposition": 'attachment; filename="weekly.csv"'}
    return Response(text, media_type="text/csv; charset=utf-8", headers=headers)
