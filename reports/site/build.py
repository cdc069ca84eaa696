"""The site: the scorecard of every finished week (`index.html` is the newest one), a list of all weeks, the
other pages as of now, and the receipts behind the numbers.

Each file is complete or it is not there. A page that fails leaves the last good one; the others are still
built, and the error at the end names what failed.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any

import duckdb

from foundation.atomic import set_modes, write_atomically
from foundation.calendar import week_label
from foundation.private import close_home, site_mode
from foundation.progress import tell
from foundation.settings import Company, Settings
from foundation.warehouse import disk_errors, published_file
from reports.components.links import Receipts
from reports.engine.queries import PageError, Result, Row, connect
from reports.look.numbers import instant, plural, week_name
from reports.pages import REVIEW, SCORECARD, Entry, SiteError, named
from reports.pdf import board_pdf, can_make_pdf, scorecard_pdf
from reports.post.troubles import troubles
from reports.site import menu
from reports.site.fingerprints import Fingerprints, Page, Places
from reports.site.menu import WEEKS
from reports.site.periods import Periods, Span, published_periods
from reports.site.receipts import title_of
from reports.site.renderer import Renderer

DATA_HEALTH = "data_health"
FRONT_DOOR = "index.html"
"""What a reader opens first: the newest scorecard, or the first page that there is."""
PDF_WEEKS = 4
"""The newest weeks whose scorecard and review are there as PDF too; the portal makes that of any other."""
REVIEW_WEEKS = 13
"""The newest weeks whose review is a page; the portal has those of a year."""
_PAGES_OF_THEIR_OWN = (WEEKS, "receipts")
"""Pages that every site has, and that are not in the navigation as pages."""


@dataclass
class _Files:
    """The files that a page was written to. `places`: of receipts, line -> its file."""

    names: list[str] = field(default_factory=list)
    places: dict[str, str] = field(default_factory=dict)


@dataclass
class _Builder:
    renderer: Renderer
    target: Path
    mode: int
    """Permissions of the files."""
    front: str
    """The page that is also the front door."""
    places: Places
    """(period, line) -> the file with its receipt."""
    prints: Fingerprints
    on_paper: frozenset[str]
    """The pages that are there as PDF too."""
    confidential: frozenset[str]
    """Sections and lines whose receipts are in files of their own."""
    files: list[Path] = field(default_factory=list)
    """Every file of the site, written now or earlier."""
    written: list[Path] = field(default_factory=list)
    keys: set[str] = field(default_factory=set)
    """The pages that the fingerprints remember."""
    failures: dict[str, list[str]] = field(default_factory=dict)
    """What went wrong -> the files that it kept from being built."""

    def put(self, file: str, content: str | bytes) -> list[str]:
        """Write a page; returns the names of its files."""
        data = content.encode("utf-8", "replace") if isinstance(content, str) else content
        names = [file, *([FRONT_DOOR] * (file == f"{self.front}.html"))]
        for name in names:
            path = self.target / name
            write_atomically(path, data, self.mode)
            self.written.append(path)
        tell("pages", len(self.written))
        return names

    @contextmanager
    def page(self, name: str, key: str, page: Page) -> Iterator[_Files | None]:
        """Yield where to write the page, or None if its files stay. Keeps a failure, so that the other pages
        are built. `key`: its first file."""
        self.keys.add(key)
        try:
            if self.prints.stays(key, page, self.places):
                yield None
            else:
                files = _Files()
                self.places.asked.clear()
                yield files
                self.prints.note(key, page, self.places, files.names, files.places)
            kept = self.prints.kept[key]
            self.files += [self.target / file for file in kept.files]
        except (PageError, duckdb.Error) as error:
            self.prints.kept.pop(key, None)
            self.failures.setdefault(f"pages/{name}.md, {error}", []).append(key)

    def made_of(self, name: str, params: Mapping[str, Any], *also: object, is_gated: bool = False) -> Page:
        """What a page is made of. `also`: beside its file, its rows and the front door."""
        sources = self.renderer.sources(name)
        if any("mails" in source.body for source in sources):
            also = (*also, self.renderer.mails.rows)
        reads = sources[-1].meta.get("reads", {})
        return Page(sources, self.renderer.params(name, params), is_gated, reads, (self.front, *also))

    def build(self, entries: Sequence[Entry], periods: Periods) -> None:
        for entry in entries:
            if entry.name == SCORECARD:
                self.scorecards(entry, periods.weeks)
            elif entry.name == REVIEW:
                self.reviews(entry, periods.weeks)
            elif entry.name not in _PAGES_OF_THEIR_OWN and (periods.weeks or entry.lines is None):
                params = self.renderer.board_params(entry, periods.newest)
                paper = entry.name in self.on_paper
                made_of = self.made_of(entry.name, params, paper, is_gated=entry.lines is not None)
                with self.page(entry.name, entry.file, made_of) as files:
                    if files:
                        values = self.renderer.board_values(entry, periods.newest)
                        more = menu.paper_navigation(f"{entry.name}.pdf") if paper else ""
                        files.names += self.put(entry.file, self.renderer.board(entry, values, more))
                        if paper:
                            pdf = board_pdf(entry, values)
                            files.names += self.put(f"{entry.name}.pdf", pdf)

    def weeks(self, weeks: Sequence[date]) -> None:
        file = f"{WEEKS}.html"
        with self.page(WEEKS, file, self.made_of(WEEKS, self.renderer.weeks_params(weeks))) as files:
            if files:
                files.names += self.put(file, self.renderer.weeks(weeks))

    def scorecards(self, entry: Entry, weeks: Sequence[date]) -> None:
        """A page per finished week, and the newest one under an address that stays."""
        renderer = self.renderer
        for before, week, after in _with_neighbours(weeks):
            label = week_label(week)
            newest = after is None
            paper = SCORECARD in self.on_paper and week in weeks[-PDF_WEEKS:]
            params = renderer.week_params(entry, week)
            made_of = self.made_of(SCORECARD, params, before, after, paper, is_gated=True)
            if newest:
                made_of = replace(made_of, reads={})  # it also shows the running week and the sources
            with self.page(SCORECARD, f"{SCORECARD}/{label}.html", made_of) as files:
                if not files:
                    continue
                values = renderer.week(entry, week, newest=newest)
                for file, root in [
                    (f"{SCORECARD}/{label}.html", "../"),
                    *([(f"{SCORECARD}.html", "")] * newest),
                ]:
                    nav = renderer.nav(root, SCORECARD if newest else WEEKS)
                    published = menu.published_page(week)
                    nav += menu.weeks_navigation(root, SCORECARD, before, after, published)
                    if paper:
                        nav += menu.paper_navigation(f"{root}{SCORECARD}/{label}.pdf")
                    files.names += self.put(file, renderer.scorecard(values, root, nav))
                if paper:
                    pdf = scorecard_pdf(values, week_name(week))
                    files.names += self.put(f"{SCORECARD}/{label}.pdf", pdf)
                    if newest:
                        files.names += self.put(f"{SCORECARD}.pdf", pdf)
                archive = menu.published_page(week)
                if not (self.target / archive).exists():
                    nav = renderer.nav("../", WEEKS) + menu.now_navigation(week)
                    self.put(archive, renderer.scorecard(values, "../", nav, archived=True))
                files.names.append(archive)

    def reviews(self, entry: Entry, weeks: Sequence[date]) -> None:
        """A review per finished week, and the newest one under an address that stays."""
        renderer = self.renderer
        for before, week, after in _with_neighbours(weeks[-REVIEW_WEEKS:]):
            name, newest = f"{REVIEW}/{week_label(week)}", after is None
            paper = REVIEW in self.on_paper and week in weeks[-PDF_WEEKS:]
            params = renderer.board_params(entry, week)
            made_of = self.made_of(REVIEW, params, before, after, paper, is_gated=True)
            reads = {} if newest else renderer.reads(REVIEW)
            with self.page(REVIEW, f"{name}.html", replace(made_of, reads=reads)) as files:
                if not files:
                    continue
                values = renderer.board_values(entry, week, newest=newest)
                for file, root in [(f"{name}.html", "../"), *([(entry.file, "")] * newest)]:
                    more = menu.weeks_navigation(root, REVIEW, before, after)
                    if paper:
                        more += menu.paper_navigation(f"{root}{name}.pdf")
                    files.names += self.put(file, renderer.board(entry, values, more, root))
                if paper:
                    pdf = board_pdf(entry, values)
                    for file in [f"{name}.pdf", *([f"{REVIEW}.pdf"] * newest)]:
                        files.names += self.put(file, pdf)

    def receipts(self, periods: Periods) -> None:
        """The receipts of every week, and of the lines that months and quarters have of their own."""
        for span in periods.spans:
            self.receipts_of(span, periods.page_of(span))

    def receipts_of(self, span: Span, back: date | None) -> None:
        """The receipts of one period: one file, or as many as the budget asks for. `back`: the week whose
        page they lead back to."""
        key = f"receipts/{span.label}.html"
        with self.page("receipts", key, self.made_of("receipts", span.params, back)) as files:
            if files:
                self.write_receipts(span, back, files)
        if key in self.prints.kept:
            self.places |= {(span.label, line): file for line, file in self.prints.kept[key].places.items()}

    def write_receipts(self, span: Span, back: date | None, written: _Files) -> None:
        nav = self.renderer.nav("../", "") + menu.back_navigation(back)
        for ending, period in self.renderer.receipts_of(span).split(self.confidential):
            parts = period.parts(Receipts("../", self.places))
            first = f"{span.label}{ending}"
            names = [first, *(f"{first}.{i}" for i in range(2, len(parts) + 1))]
            files = [f"receipts/{name}.html" for name in names]
            for part, file in zip(parts, files, strict=True):
                written.places |= {line.line_id: file for line in part.lines}
            values = {
                **self.renderer.receipts_values(span, period, back),
                "contents": period.contents(parts, files, self.renderer.scorecard_lines),
            }
            for i, (part, file) in enumerate(zip(parts, files, strict=True), 1):
                title = title_of(span.label, i, len(parts), ending)
                own = {**values, "heading": title, "cards": part.cards}
                written.names += self.put(file, self.renderer.html("receipts", own, title=title, nav=nav))


def _with_neighbours(weeks: Sequence[date]) -> Iterator[tuple[date | None, date, date | None]]:
    """Each week between the one before and the one after it."""
    return zip([None, *weeks], weeks, [*weeks[1:], None], strict=False)


@dataclass(frozen=True)
class Built:
    """A site after a build."""

    files: list[Path]
    """The files of the pages that were asked for."""
    written: list[Path]
    """The pages with changes, and the pages of weeks as they are first published."""


def build_site(settings: Settings, company: Company, only: Collection[str] = ()) -> Built:
    """Build every enabled page from the published database into `settings.site_dir`.

    Args:
        only: names of pages (`scorecard`, `receipts`, `weeks`, or any other file in `pages/`), also of those
            that are not in the navigation; none: the whole site, and what it no longer has is removed.
            Numbers lead to their receipts only where those are built too.

    A page is written where something it is made of has changed (`fingerprints.py`).

    Raises:
        LookupError: nothing has been published yet.
        SiteError: pages failed; the last good ones are still there, the other pages are new.
        DiskFull: there is no room for a page; the last good one is still there.
    """
    with (
        disk_errors(settings),
        closing(connect(published_file(settings))) as connection,
    ):
        pages = menu.shown_pages(connection, company)
        entries = named(company, only, pages) if only else pages
        if not entries:
            return Built([], [])
        mode = site_mode(company)
        places = Places()
        definitions = menu.definitions_of(pages)
        renderer = Renderer(
            connection,
            pages,
            undelivered(settings, company),
            lambda root: Receipts(root, places, definitions),
        )
        periods = published_periods(connection, company)
        front = front_door(pages, periods.weeks)
        frame = [(one.name, one.label, one.group, one.lines, one.file) for one in pages]
        prints = Fingerprints(connection, settings.site_dir, frame, company.model_dump_json())
        on_paper = _on_paper(connection, company, entries)
        secret = frozenset(company.access.confidential)
        builder = _Builder(renderer, settings.site_dir, mode, front, places, prints, on_paper, secret)
        if not only or "receipts" in only:
            builder.receipts(periods)
        builder.build(entries, periods)
        if not only or WEEKS in only:
            builder.weeks(periods.weeks)
        prints.save(mode, None if only else builder.keys)
    # pages of earlier builds too: the setting may be another one since
    set_modes(settings.site_dir, builder.mode)
    close_home(settings, company)
    if builder.failures:
        raise SiteError(_failure_text(builder.failures))
    if not only:
        _remove_old(builder)
    return Built(builder.files, builder.written)


def _on_paper(
    connection: duckdb.DuckDBPyConnection, company: Company, entries: Sequence[Entry]
) -> frozenset[str]:
    """The pages of lines that are there as PDF too: a file travels, so none with a confidential line."""
    if not can_make_pdf():
        return frozenset()
    with closing(connection.cursor()) as cursor:
        cursor.execute("use published")
        lines = cursor.execute("select line_id, section from marts.dim_lines").fetchall()
    secret = set(company.access.confidential)

    def is_open(one: Entry) -> bool:
        shown = [line for line in lines if not one.lines or set(line) & set(one.lines)]
        return not any(set(line) & secret for line in shown)

    of_lines = [one for one in entries if one.lines is not None and not one.meta.get("restricted")]
    return frozenset(one.name for one in of_lines if is_open(one))


def refresh_data_health(settings: Settings, company: Company) -> None:
    """Build the data health page again, if there is one: mails and alerts have moved on since the site was
    built.

    Raises:
        SiteError: the page failed; the last good one is still there.
    """
    if (settings.site_dir / f"{DATA_HEALTH}.html").exists():
        build_site(settings, company, only=[DATA_HEALTH])


def front_door(pages: Sequence[Entry], weeks: Sequence[date]) -> str:
    """The page that a reader opens first: the scorecard, or the first one in the navigation.

    Args:
        weeks: the finished ones; without any there is no page of lines.
    """
    there = [one for one in pages if one.label and not one.meta.get("restricted")]
    shown = [one.name for one in there if weeks or one.lines is None]
    return SCORECARD if SCORECARD in shown else next(iter(shown), WEEKS)


def undelivered(settings: Settings, company: Company) -> Result:
    """Mails and alerts that have not arrived, or may not have, for the data health page."""
    zone = company.company.time_zone
    rows = [
        Row({**asdict(one), "since": instant(one.since, zone) if one.since else ""})
        for one in troubles(settings)
    ]
    return Result("mails", ["what", "about", "since", "why", "way_out"], rows)


def _remove_old(builder: _Builder) -> None:
    """Delete pages that this build no longer has, such as a second file of receipts."""
    kept = set(builder.files)
    for folder in ("", SCORECARD, REVIEW, "receipts", "restricted"):
        for path in (builder.target / folder).iterdir() if (builder.target / folder).is_dir() else ():
            if path.suffix in (".html", ".pdf") and path not in kept:
                path.unlink()


def _failure_text(failures: Mapping[str, list[str]]) -> str:
    causes = []
    for cause, files in failures.items():
        named = files[0] if len(files) == 1 else f"{files[0]} and {plural(len(files) - 1, 'other page')}"
        causes.append(f"{cause} (for {named})")
    return "Some pages could not be built; the last good ones are still there. " + " | ".join(causes)
