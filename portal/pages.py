"""The pages of the site, for one reader: under the same addresses as the static ones, so that their links
lead on. What somebody may not open is not found, whether or not it exists."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import date

from fastapi import APIRouter, HTTPException, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from markupsafe import Markup

from foundation.calendar import week_label
from portal.published import ReceiptsOnDemand
from portal.web import Reader, Signed, Visit, framed
from reports.engine.queries import Result
from reports.pages import REVIEW, REVIEWS, SCORECARD, Entry
from reports.site import menu
from reports.site.build import DATA_HEALTH, undelivered
from reports.site.periods import Span
from reports.site.receipts import title_of
from reports.site.renderer import Renderer

router = APIRouter(include_in_schema=False)
NO_MAILS = Result("mails", [], [])
NOTHING = Markup()


def renderer_of(visit: Visit, extra: Markup = NOTHING) -> Renderer:
    """Renders pages with what the reader may see. `extra`: navigation after that of the page."""
    view = visit.view
    is_admin = visit.who.is_admin
    definitions = menu.definitions_of(view.pages)
    return Renderer(
        view.connection,
        view.pages,
        undelivered(visit.portal.settings, visit.portal.company) if is_admin else NO_MAILS,
        lambda root: ReceiptsOnDemand(root, definitions=definitions, known=view.known),
        frame=lambda title, body, nav: framed(title, body, visit.nav() + nav + extra),
        compiled=view.compiled,
    )


def answer(visit: Visit, name: str, make: Callable[[], str], *parts: str) -> Response:
    """A rendered page, or 304 where the browser has it. `name`: of the page; `parts`: what else tells it from
    others."""
    key = (name, *parts, str(visit.nav()))
    # what data health says to administrators moves on between builds
    moves = name == DATA_HEALTH and visit.who.is_admin
    if not moves and (unchanged := visit.unchanged(visit.view.build, *key)):
        return unchanged
    html = make() if moves else visit.view.keep(key, make)
    return HTMLResponse(html, headers={} if moves else visit.cached)


def entry_of(visit: Visit, name: str) -> Entry:
    """A page that the reader may open.

    Raises:
        HTTPException: it does not exist, or they may not see it.
    """
    for entry in visit.view.pages:
        if entry.name == name:
            return entry
    raise HTTPException(404)


def note_confidential(visit: Reader, subject: str, lines: set[str]) -> None:
    """Write into the audit that somebody opened something confidential."""
    secret = set(visit.portal.company.access.confidential)
    if any({line, line.partition(".")[0]} & secret for line in lines):
        visit.note("opened_confidential", subject)


def lines_of(visit: Visit, entry: Entry) -> set[str]:
    """Return the lines on a page that the reader may see. A page that names no lines has all of them."""
    picks = set(entry.lines or ())
    lines = visit.view.lines.values()
    return {line.line_id for line in lines if not picks or {line.line_id, line.section} & picks}


@router.get("/")
@router.get("/index.html")
def home(visit: Signed) -> RedirectResponse:
    """The first page that the reader may open; who may only type goes to their numbers."""
    first = next((page.file for page in visit.view.pages if page.label), None)
    return RedirectResponse(f"/{first}" if first else "/numbers", 303)


@router.get("/scorecard")
def newest(visit: Signed) -> RedirectResponse:
    return RedirectResponse(f"/{SCORECARD}.html", 303)


@router.get(f"/{menu.WEEKS}.html")
def weeks(visit: Signed) -> Response:
    if not visit.who.may_open(menu.WEEKS, None):
        raise HTTPException(404)
    return answer(visit, menu.WEEKS, lambda: renderer_of(visit).weeks(visit.view.periods.weeks))


@router.get("/{name}.html")
def page(visit: Signed, name: str) -> Response:
    entry = entry_of(visit, name)
    if entry.meta.get("restricted"):
        raise HTTPException(404)
    weeks = visit.view.periods.weeks
    if name in (SCORECARD, REVIEW):
        if not weeks:
            raise HTTPException(404, "No week is finished yet.")
        return (_week if name == SCORECARD else _review)(visit, entry, weeks[-1], "")
    return _board(visit, entry)


@router.get("/restricted/{name}.html")
def restricted(visit: Signed, name: str) -> Response:
    entry = entry_of(visit, name)
    if not entry.meta.get("restricted"):
        raise HTTPException(404)
    visit.note("opened_contacts", name)
    return _board(visit, entry)


def _board(visit: Visit, entry: Entry) -> Response:
    if entry.lines is not None:
        if not visit.view.periods.weeks:
            raise HTTPException(404, "No week is finished yet.")
        note_confidential(visit, entry.name, lines_of(visit, entry))
    newest = visit.view.periods.newest
    links = (
        visit.portal.macros("nav.html").as_pdf(f"/{entry.name}.pdf") if entry.lines is not None else NOTHING
    )

    def make() -> str:
        renderer = renderer_of(visit, links)
        return renderer.board(entry, renderer.board_values(entry, newest))

    return answer(visit, entry.name, make)


@router.get("/scorecard/{label}.html")
def week(visit: Signed, label: str) -> Response:
    entry = entry_of(visit, SCORECARD)
    monday = visit.view.finished_week(label)
    if monday is None:
        raise HTTPException(404)
    return _week(visit, entry, monday, "../")


def _neighbours(weeks: Sequence[date], week: date) -> tuple[date | None, date | None]:
    """The week before and the one after."""
    at = weeks.index(week)
    return weeks[at - 1] if at else None, weeks[at + 1] if at + 1 < len(weeks) else None


def _week(visit: Visit, entry: Entry, week: date, root: str) -> Response:
    before, after = _neighbours(visit.view.periods.weeks, week)
    note_confidential(visit, f"{SCORECARD} {week_label(week)}", lines_of(visit, entry))

    def make() -> str:
        renderer = renderer_of(visit)
        nav = renderer.nav(root, SCORECARD if after is None else menu.WEEKS)
        nav += menu.weeks_navigation(root, SCORECARD, before, after, menu.published_page(week))
        label = week_label(week)
        spans = visit.view.periods.spans[::-1]
        nav += visit.portal.macros("nav.html").tools(spans, label, f"/scorecard/{label}.pdf")
        return renderer.scorecard(renderer.week(entry, week, newest=after is None), root, nav)

    return answer(visit, SCORECARD, make, week_label(week), root)


@router.get("/review/{label}.html")
def review(visit: Signed, label: str) -> Response:
    entry = entry_of(visit, REVIEW)
    return _review(visit, entry, reviewed_week(visit, label), "../")


def reviewed_week(visit: Visit, label: str) -> date:
    """The Monday of a week that has a review.

    Raises:
        HTTPException: it has none.
    """
    week = visit.view.finished_week(label)
    if week is None:
        raise HTTPException(404)
    if week not in visit.view.periods.weeks[-REVIEWS:]:
        raise HTTPException(404, f"Reviews go back {REVIEWS} weeks.")
    return week


def _review(visit: Visit, entry: Entry, week: date, root: str) -> Response:
    before, after = _neighbours(visit.view.periods.weeks[-REVIEWS:], week)
    note_confidential(visit, f"{REVIEW} {week_label(week)}", lines_of(visit, entry))

    def make() -> str:
        renderer = renderer_of(visit)
        more = menu.weeks_navigation(root, REVIEW, before, after)
        more += visit.portal.macros("nav.html").as_pdf(f"/{REVIEW}/{week_label(week)}.pdf")
        values = renderer.board_values(entry, week, newest=after is None)
        return renderer.board(entry, values, more, root)

    return answer(visit, REVIEW, make, week_label(week), root)


@router.get("/published/{label}.html")
def first_published(visit: Signed, label: str) -> Response:
    """A week as it was first published: the file that the site's build wrote then."""
    entry_of(visit, SCORECARD)
    files = {path.name: path for path in (visit.portal.settings.site_dir / menu.PUBLISHED).glob("*.html")}
    path = files.get(f"{label}.html")
    if path is None:
        raise HTTPException(404)
    html = path.read_text(encoding="utf-8")
    # an archived page may show lines that no longer exist
    hidden = visit.portal.library.lines().keys() - visit.view.lines.keys()
    secret = {name for name in visit.who.confidential if _names(html, name)}
    if any(line in html for line in hidden) or secret - visit.who.sections:
        raise HTTPException(404)
    note_confidential(visit, f"{SCORECARD} {label} as first published", secret)
    return HTMLResponse(html, headers={"cache-control": "private, no-cache"})


def _names(html: str, name: str) -> bool:
    """Whether a page has a line, or a line of a section."""
    return bool(re.search(rf"\b{re.escape(name)}" + ("" if "." in name else r"\.(?!html\b)\w"), html))


@router.get("/weeks")
def pick(visit: Signed, to: str = "") -> Response:
    """Redirect from the picker of periods to its page."""
    span = visit.view.spans.get(to)
    if span is None:
        raise HTTPException(404, f"There is no week, month or quarter {to[:40]!r} here.")
    if visit.view.finished_week(to) and any(page.name == SCORECARD for page in visit.view.pages):
        return RedirectResponse(f"/scorecard/{span.label}.html", 303)
    return RedirectResponse(f"/periods/{span.label}", 303)


@router.get("/receipts/{label}.html")
def receipts(visit: Signed, label: str, line: str = "", part: int = 1) -> Response:
    """The records behind the numbers of a period, page by page. `line`: leads to the page that it begins
    on. `label`: the period's, or the name of a file of the static site, as the links of mails have it."""
    label = label.partition(".")[0]
    span = visit.view.spans.get(label)
    if span is None or not visit.view.lines:
        raise HTTPException(404)
    parts = visit.view.keep(("receipts", label), lambda: _Parts(visit, span))
    begins = (n for n, one in enumerate(parts.parts, 1) if line in {row.line_id for row in one.lines})
    chosen = next(begins, part)
    if not 1 <= chosen <= len(parts.parts):
        raise HTTPException(404)
    opened = {row.line_id for row in parts.parts[chosen - 1].lines}
    note_confidential(visit, f"receipt {label}", {line} & opened or opened)
    return answer(visit, "receipts", lambda: parts.page(visit, chosen), label, str(chosen))


class _Parts:
    """The receipts of a period."""

    def __init__(self, visit: Visit, span: Span) -> None:
        renderer = renderer_of(visit)
        self.span = span
        self.back = visit.view.periods.page_of(span)
        period = renderer.receipts_of(span)
        self.parts = period.parts(ReceiptsOnDemand("../", known=visit.view.known))
        files = [f"receipts/{span.label}.html?part={n}" for n in range(1, len(self.parts) + 1)]
        self.values = {
            **renderer.receipts_values(span, period, self.back),
            "contents": period.contents(self.parts, files, renderer.scorecard_lines),
        }

    def page(self, visit: Visit, number: int) -> str:
        renderer = renderer_of(visit)
        title = title_of(self.span.label, number, len(self.parts))
        values = {**self.values, "heading": title, "cards": self.parts[number - 1].cards}
        nav: Markup = renderer.nav("../", "") + menu.back_navigation(self.back)
        return renderer.html("receipts", values, title=title, nav=nav)
