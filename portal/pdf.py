"""Pages of lines as PDF, for one reader: any week's scorecard and review, and the other pages as of now."""

from __future__ import annotations

from datetime import date

from fastapi import APIRouter, HTTPException, Response

from foundation.calendar import week_label
from portal.pages import entry_of, lines_of, note_confidential, renderer_of, reviewed_week
from portal.web import Signed, Visit
from reports.look.numbers import week_name
from reports.pages import REVIEW, SCORECARD, Entry
from reports.pdf import PdfError, board_pdf, scorecard_pdf

router = APIRouter(include_in_schema=False)


@router.get("/{name}.pdf")
def page(visit: Signed, name: str) -> Response:
    """A page of lines: the scorecard of the newest finished week, or another page as of now."""
    entry = entry_of(visit, name)
    newest = visit.view.periods.newest
    if entry.lines is None or newest is None or entry.meta.get("restricted"):
        raise HTTPException(404)
    return _pdf(visit, entry, newest, newest=True)


@router.get("/scorecard/{label}.pdf")
def week(visit: Signed, label: str) -> Response:
    """The scorecard of a finished week."""
    entry = entry_of(visit, SCORECARD)
    monday = visit.view.finished_week(label)
    if monday is None:
        raise HTTPException(404)
    return _pdf(visit, entry, monday, newest=monday == visit.view.periods.newest)


@router.get("/review/{label}.pdf")
def review(visit: Signed, label: str) -> Response:
    """The weekly business review of a finished week."""
    entry = entry_of(visit, REVIEW)
    monday = reviewed_week(visit, label)
    return _pdf(visit, entry, monday, newest=monday == visit.view.periods.newest)


def _pdf(visit: Visit, entry: Entry, week: date, *, newest: bool) -> Response:
    key = ("pdf", entry.name, week_label(week))
    note_confidential(visit, f"PDF of {entry.name} {week_label(week)}", lines_of(visit, entry))
    if unchanged := visit.unchanged(visit.view.build, *key):
        return unchanged

    def make() -> bytes:
        renderer = renderer_of(visit)
        if entry.name == SCORECARD:
            return scorecard_pdf(renderer.week(entry, week, newest=newest), week_name(week))
        return board_pdf(entry, renderer.board_values(entry, week, newest=newest))

    try:
        made = visit.view.keep(key, make)
    except PdfError as error:
        raise HTTPException(503, str(error)) from None
    name = f"{entry.name}-{week_label(week)}.pdf"
    headers = {**visit.cached, "content-disposition": f'inline; filename="{name}"'}
    return Response(made, media_type="application/pdf", headers=headers)
