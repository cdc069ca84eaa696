"""A new normal: somebody says that a line is another one from a week on, and its usual range is computed from
that week."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from fastapi import APIRouter, HTTPException, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from foundation.calendar import week_label
from foundation.cells import Rejected
from foundation.store import read
from foundation.store.normals import normals_of
from portal.forms import new_key, sentence
from portal.lines import about_line
from portal.notes import Written, check_may_answer, save_normal
from portal.pages import note_confidential
from portal.usual_range import UsualRange, usual_range
from portal.web import Form, Signed, Visit
from reports.engine.queries import Row
from reports.look.numbers import capital, plural, week_name
from reports.words.signal import no_range_text, range_text

router = APIRouter(include_in_schema=False)
PAST = 53
"""Weeks back from which a new normal may begin."""
DONE = {
    "normal": "The new normal is confirmed. The next build computes the usual range from it.",
    "withdrawn": "The new normal is withdrawn. The next build uses the earlier range.",
}


@dataclass(frozen=True)
class Ranges:
    """The usual range of a line now, and the one it would have."""

    now: Row | None
    """The newest row of fct_signals."""
    then: UsualRange | None
    unit: str

    @property
    def before(self) -> str:
        return self._said(self.now) if self.now else capital(no_range_text("too_few_points", 0))

    @property
    def after(self) -> str:
        return self._said(self.then) if self.then else "No week since then says how the numbers vary."

    def _said(self, found: Row | UsualRange) -> str:
        if found.lower is None or found.upper is None:
            return capital(no_range_text(found.no_range or "", found.n))
        usual = range_text(found.lower, found.upper, self.unit)
        return f"{usual}, computed from {plural(found.n, 'week')}"


def ranges(visit: Visit, line_id: str, unit: str, starts_on: date | None = None) -> Ranges:
    """The usual range of a line now, and from a first week on."""
    rows = visit.view.rows(
        "from marts.fct_signals where line_id = $line order by week_start desc limit 200", line=line_id
    )
    if not rows:
        return Ranges(None, None, unit)
    then = None
    if starts_on is not None:
        # points of an earlier definition do not count
        first = max(starts_on, rows[0].base_from or starts_on)
        since = [row for row in rows[::-1] if row.week_start >= first]
        signed = any(row.value < 0 or (row.lower or 0) < 0 for row in rows)
        then = usual_range(
            [float(row.value) for row in since],
            is_share=unit == "percent",
            is_signed=signed,
            follows=[row.moving_range is not None for row in since],
        )
    return Ranges(rows[0], then, unit)


def _weekly_line(visit: Visit, line_id: str) -> Row:
    about = about_line(visit, line_id)
    if about.cadence != "week":
        raise HTTPException(404, "Only lines that are kept by week have a usual range.")
    return about


def _first_weeks(visit: Visit) -> list[date]:
    """The weeks from which a new normal may begin, the newest first."""
    return list(visit.view.periods.weeks)[: -PAST - 1 : -1]


def _normal_page(
    visit: Visit, about: Row, form: Mapping[str, str], *, starts_on: date | None = None, **more: Any
) -> HTMLResponse:
    with read(visit.portal.settings) as connection:
        said = normals_of(connection, about.line_id)
    newest = {one.starts_on: one for one in said}
    return visit.page(
        "normal.html",
        title=f"New normal of {about.label}",
        current="lines",
        status=more.pop("status", 200),
        about=about,
        ranges=ranges(visit, about.line_id, about.unit_of, starts_on),
        starts_on=starts_on,
        weeks=[(week_label(monday), week_name(monday)) for monday in _first_weeks(visit)],
        normals=said[::-1],
        standing=[one for one in newest.values() if not one.is_withdrawn],
        written=Written(visit, (), (), ()),
        form=form,
        new_key=new_key,
        error=more.get("error", ""),
        done=DONE.get(more.get("done", ""), ""),
    )


@router.get("/lines/{line_id}/normal")
def normal(visit: Signed, line_id: str, done: str = "") -> HTMLResponse:
    about = _weekly_line(visit, line_id)
    check_may_answer(visit, line_id)
    note_confidential(visit, f"usual range of {line_id}", {line_id})
    return _normal_page(visit, about, {}, done=done)


def _first_week(visit: Visit, form: Mapping[str, str]) -> date:
    found = {week_label(monday): monday for monday in _first_weeks(visit)}
    if (monday := found.get(form.get("week", ""))) is None:
        raise Rejected(f"{form.get('week', '')[:20]!r} is not a finished week of the last {PAST}")
    return monday


@router.post("/lines/{line_id}/normal/preview")
def preview(visit: Signed, line_id: str, form: Form) -> HTMLResponse:
    """The usual range before and after, before somebody confirms."""
    about = _weekly_line(visit, line_id)
    check_may_answer(visit, line_id)
    try:
        return _normal_page(visit, about, form, starts_on=_first_week(visit, form))
    except Rejected as reason:
        return _normal_page(visit, about, form, error=sentence(reason), status=422)


@router.post("/lines/{line_id}/normal")
def confirm(visit: Signed, line_id: str, form: Form) -> Response:
    """Confirm a new normal; with `withdraw`, take one back."""
    about = _weekly_line(visit, line_id)
    withdraw = form.get("withdraw") == "yes"
    try:
        starts_on = date.fromisoformat(form.get("starts_on", "x")) if withdraw else _first_week(visit, form)
        save_normal(
            visit, line_id, starts_on, form.get("reason", ""), key=form.get("key", ""), withdraw=withdraw
        )
    except Rejected as reason:
        return _normal_page(visit, about, form, error=sentence(reason), status=422)
    except ValueError:
        raise HTTPException(404) from None
    return RedirectResponse(f"/lines/{line_id}/normal?done={'withdrawn' if withdraw else 'normal'}", 303)
