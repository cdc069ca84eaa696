"""My numbers: what somebody types in, for the newest finished week first and the running one after it; of
lines that are kept by month, for the newest finished month and the running one.

Each number is saved on its own. One that replaces another needs a reason, and all of them stay in the trail.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from fastapi import APIRouter, HTTPException, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from foundation.calendar import week_label
from foundation.cells import Rejected
from foundation.typed_in import checked_value, names
from portal.forms import ON_THE_PAGE, new_key, sentence
from portal.typing_in import Field, Period, field_of, fields_of, save_all
from portal.web import Form, Signed, Visit
from reports.look.numbers import week_days

router = APIRouter(include_in_schema=False)


def _periods(visit: Visit, chosen: str) -> list[Period]:
    """The periods of the page: one that was chosen, or the newest finished and the running ones."""
    today = visit.portal.today
    running = [Period.week(today), Period.month(today)]
    if not chosen:
        return [period for one in running for period in (one.before, one)]
    try:
        period = Period.of(chosen)
    except ValueError:
        raise HTTPException(
            404, f"{chosen[:40]!r} is not a week or a month, expected 2025-W43 or 2025-09."
        ) from None
    if not timedelta(0) <= today - period.start <= timedelta(weeks=530):
        raise HTTPException(404, "Numbers are typed in for weeks and months that have begun.")
    return [period]


def _page(
    visit: Visit, week: str, *, sent: Field | None = None, done: str = "", status: int = 200
) -> HTMLResponse:
    periods = _periods(visit, week)
    fields = [sent if sent and one.id == sent.id else one for one in fields_of(visit, periods)]
    running, today = visit.portal.this_week, visit.portal.today
    by_month = any(one.about.cadence == "month" for one in fields_of(visit, [Period.month(today)]))
    months = [Period.month(today)]
    while len(months) < 24 and by_month:
        months.append(months[-1].before)
    return visit.page(
        "numbers.html",
        title="My numbers",
        current="numbers",
        status=status,
        week=week,
        weeks=[
            (
                span.label,
                week_days(span.start) if span.cadence == "week" else "",
                span.start <= today <= span.end,
                [one for one in fields if one.span == span],
            )
            for span in periods
            if span.cadence == "week" or week or any(one.span == span for one in fields)
        ],
        past=[
            *(week_label(running - timedelta(weeks=n)) for n in range(53)),
            *(one.label for one in months if by_month),
        ],
        new_key=new_key,
        done=done,
    )


@router.get("/scorecard/manual-entry")
def manual_entry(visit: Signed) -> RedirectResponse:
    return RedirectResponse("/numbers", 303)


@router.get("/numbers")
def numbers(visit: Signed, week: str = "", saved: str = "") -> HTMLResponse:
    done = ""
    if saved:
        field = next((one for one in fields_of(visit, _periods(visit, week)) if one.id == saved), None)
        if field and field.trail:
            done = (
                f"Saved: {field.label}, {field.period_words}: {field.value_text}."
                f" {'It is on the page.' if field.is_on_the_page else ON_THE_PAGE}"
            )
    return _page(visit, week, done=done)


@router.post("/numbers")
def save(visit: Signed, form: Form) -> Response:
    week = form.get("week", "")
    field = field_of(visit, form)
    try:
        save_all(visit, [(field, form.get("value", ""))], form)
    except Rejected as reason:
        field.typed, field.error = form, sentence(reason)
        return _page(visit, week, sent=field, status=422)
    query = f"saved={field.id}" + (f"&week={week}" if week else "")
    return RedirectResponse(f"/numbers?{query}#{field.id}", 303)


# ---- a column of a spreadsheet ----


@router.post("/numbers/paste")
def paste(visit: Signed, form: Form) -> HTMLResponse:
    """Show what a pasted column would save: a number per row, in the order of the page."""
    (period, *_), week = _periods(visit, form.get("period", "")), form.get("period", "")
    fields = fields_of(visit, [period])
    rows = [row.split("\t")[-1].strip() for row in form.get("column", "").strip("\r\n").splitlines()]
    pasted, known = [], names(visit.portal.settings)
    for place, field in enumerate(fields):
        text = rows[place] if place < len(rows) else ""
        if text:
            try:
                checked_value(
                    visit.portal.settings,
                    visit.portal.company,
                    known,
                    metric=field.line.line_id,
                    person=field.person,
                    period=field.span.typed_for,
                    value=text,
                )
            except Rejected as reason:
                field.error = sentence(reason)
        pasted.append((field, text))
    extra = len(rows) - len(fields)
    return _pasted(
        visit,
        week,
        pasted,
        f"The column has {len(rows)} rows, and the page {len(fields)} numbers." if extra > 0 else "",
    )


def _pasted(
    visit: Visit, week: str, pasted: Sequence[tuple[Field, str]], error: str, status: int = 200
) -> HTMLResponse:
    return visit.page(
        "paste.html",
        title="Pasted numbers",
        current="numbers",
        status=status,
        week=week,
        pasted=pasted,
        error=error,
        corrects=any(text and field.value is not None for field, text in pasted),
        key=new_key(),
    )


@router.post("/numbers/paste/save")
def save_pasted(visit: Signed, form: Form) -> Response:
    (period, *_), week = _periods(visit, form.get("period", "")), form.get("period", "")
    pasted = [(field, form.get(f"value.{field.id}", "").strip()) for field in fields_of(visit, [period])]
    try:
        save_all(visit, [(field, text) for field, text in pasted if text], form)
    except Rejected as reason:
        return _pasted(visit, week, pasted, sentence(reason), 422)
    return RedirectResponse(f"/numbers?week={period.label}", 303)
