"""The site: an index, the scorecard of every finished week, the other pages as of now, and the receipts
behind the numbers.

Each file is complete or it is not there. A page that fails leaves the last good one; the others are still
built, and the error at the end names what failed.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb
import jinja2
from markupsafe import Markup

from foundation.atomic import set_modes, write_atomically
from foundation.calendar import week_label
from foundation.private import close_home, site_mode
from foundation.settings import Company, Settings
from reports.components import NAMES
from reports.components.links import Receipts
from reports.components.receipts import period_days
from reports.engine.parse import Source, parse_file
from reports.engine.queries import PageError, Result, Row, connect, run
from reports.engine.render import compile_page, environment, render
from reports.look.document import document
from reports.look.numbers import instant, plural
from reports.pages import SCORECARD, Entry, SiteError, named, page_file
from reports.post.troubles import troubles
from reports.site import menu
from reports.site.menu import PUBLISHED
from reports.site.receipts import Period
from reports.words import gate

DATA_HEALTH = "data_health"
_PAGES_OF_THEIR_OWN = ("index", "receipts")
"""Pages that every site has, and that are not in the navigation as pages."""


@dataclass
class _Page:
    source: Source
    template: jinja2.Template


@dataclass(frozen=True)
class _Periods:
    """What the published facts cover, the oldest first."""

    weeks: Sequence[date]
    """The finished weeks that have pages."""
    running: Sequence[date]
    months: Sequence[tuple[date, date, str]]
    quarters: Sequence[tuple[date, date, str]]

    @property
    def newest(self) -> date | None:
        """The newest finished week; None: nothing is finished yet."""
        return self.weeks[-1] if self.weeks else None


@dataclass
class _Builder:
    connection: duckdb.DuckDBPyConnection
    target: Path
    pages: Sequence[Entry]
    """The pages in the navigation."""
    mode: int
    """Permissions of the files."""
    mails: Result
    """Mails and alerts that have not arrived, or may not have."""
    compiled: dict[str, _Page] = field(default_factory=dict)
    written: list[Path] = field(default_factory=list)
    failures: dict[str, list[str]] = field(default_factory=dict)
    """What went wrong -> the files that it kept from being built."""
    places: dict[tuple[str, str], str] = field(default_factory=dict)
    """(period, line) -> the file with its receipt."""

    def page(self, name: str) -> _Page:
        if name not in self.compiled:
            source = parse_file(page_file(name))
            self.compiled[name] = _Page(source, compile_page(source, environment(NAMES)))
        return self.compiled[name]

    def results(self, name: str, params: Mapping[str, Any]) -> dict[str, Result]:
        source = self.page(name).source
        blocks, defaults = source.blocks, source.meta.get("params", {})
        if base := source.meta.get("extends"):
            above = self.page(base).source
            blocks, defaults = [*above.blocks, *blocks], {**above.meta.get("params", {}), **defaults}
        return run(self.connection, blocks, {**defaults, **params})

    def put(self, name: str, file: str, values: Mapping[str, Any], *, title: str, nav: Markup) -> None:
        page = self.page(name)
        text = document(title, render(page.source, page.template, values), nav)
        path = self.target / file
        write_atomically(path, text.encode("utf-8", "replace"), self.mode)
        self.written.append(path)

    @contextmanager
    def attempt(self, name: str, file: str) -> Iterator[None]:
        """Keep the failure of one page, so that the other pages are still built."""
        try:
            yield
        except (PageError, duckdb.Error) as error:
            self.failures.setdefault(f"pages/{name}.md, {error}", []).append(file)

    def build(self, entries: Sequence[Entry], periods: _Periods) -> None:
        for entry in entries:
            if entry.name == SCORECARD:
                self.scorecards(entry, periods.weeks)
            elif entry.name not in _PAGES_OF_THEIR_OWN and (periods.weeks or entry.lines is None):
                self.board(entry, periods.newest)

    def index(self, weeks: Sequence[date]) -> None:
        with self.attempt("index", "index.html"):
            results = self.results("index", {"first": weeks[0] if weeks else date.min})
            title = f"{results['build'].one().company_name} scorecards"
            self.put("index", "index.html", results, title=title, nav=self.nav("", "index"))

    def scorecards(self, entry: Entry, weeks: Sequence[date]) -> None:
        """A page per finished week, and the newest one under an address that stays."""
        for before, week, after in zip([None, *weeks], weeks, [*weeks[1:], None], strict=False):
            label = week_label(week)
            newest = after is None
            with self.attempt(SCORECARD, f"{SCORECARD}/{label}.html"):
                results = self.results(SCORECARD, {"week": week, "lines": list(entry.lines or ())})
                notes = self.notes(entry, week, newest)
                values = {**results, "week": week, "newest": newest, "notes": notes, "archived": False}
                title = f"{results['build'].one().company_name} scorecard {label}"
                files = [(f"{SCORECARD}/{label}.html", "../"), *([(f"{SCORECARD}.html", "")] * newest)]
                for file, root in files:
                    nav = self.nav(root, SCORECARD if newest else "")
                    nav += menu.weeks_navigation(root, week, before, after)
                    linked = {**values, "receipts": Receipts(root, self.places)}
                    self.put(SCORECARD, file, linked, title=title, nav=nav)
                archive = f"{PUBLISHED}/{label}.html"
                if not (self.target / archive).exists():
                    nav = self.nav("../", "") + menu.now_navigation(week)
                    kept = {**values, "receipts": Receipts("../", self.places), "archived": True}
                    self.put(SCORECARD, archive, kept, title=f"{title}, as first published", nav=nav)

    def board(self, entry: Entry, week: date | None) -> None:
        """A page of the present. `week`: the newest finished one; None: nothing is finished yet."""
        root = "../" * entry.file.count("/")
        with self.attempt(entry.name, entry.file):
            params = {"week": week, "newest": True, "lines": list(entry.lines or ())}
            values: dict[str, Any] = {
                **self.results(entry.name, params),
                "week": week,
                "newest": True,
                "receipts": Receipts(root, self.places),
                "mails": self.mails,
            }
            if entry.lines is not None and week:
                # its numbers are not all of one week: what is missing is judged by what it shows
                shown = [*values["lines"], *values["months"]]
                values["notes"] = [
                    *(note for note in self.notes(entry, week, newest=True) if note.kind != "line"),
                    *(gate.Note("line", text) for text in gate.line_reasons(shown, week_label(week))),
                ]
            title = f"{values['build'].one().company_name}: {entry.meta['title']}"
            nav = self.nav(root, entry.report) + menu.sections_navigation(self.pages, root, entry)
            self.put(entry.name, entry.file, values, title=title, nav=nav)

    def receipts(self, periods: _Periods) -> None:
        """The receipts of every week, and of the lines that months and quarters have of their own."""
        weeks = periods.weeks
        for start in [*weeks, *periods.running]:
            back = start if start in weeks else periods.newest
            self.receipts_of("week", start, start + timedelta(days=6), week_label(start), back)
        for start, end, label in periods.months:
            self.receipts_of("month", start, end, label, weeks[-1] if weeks and weeks[0] <= end else None)
        for start, end, label in periods.quarters:
            inside = [week for week in weeks if start <= week <= end]
            self.receipts_of("quarter", start, end, label, inside[-1] if inside else None)

    def receipts_of(self, cadence: str, start: date, end: date, label: str, back: date | None) -> None:
        """The receipts of one period: one file, or as many as the budget asks for. `back`: the week whose
        page they lead back to."""
        with self.attempt("receipts", f"receipts/{label}.html"):
            period = Period(self.results("receipts", {"start": start, "end": end, "cadence": cadence}))
            parts = period.parts(Receipts("../", self.places))
            names = [label, *(f"{label}.{i}" for i in range(2, len(parts) + 1))]
            files = [f"receipts/{name}.html" for name in names]
            for part, file in zip(parts, files, strict=True):
                self.places |= {(label, line.line_id): file for line in part.lines}
            values = {
                "build": period.results["build"],
                "days": period_days(start, end),
                "contents": period.contents(parts, files),
                "back": f"../scorecard/{week_label(back)}.html" if back else "../index.html",
            }
            nav = self.nav("../", "") + menu.back_navigation(back)
            for i, (part, file) in enumerate(zip(parts, files, strict=True), 1):
                title = label if len(parts) == 1 else f"{label}, part {i} of {len(parts)}"
                own = {**values, "label": title, "cards": part.cards}
                self.put("receipts", file, own, title=f"Receipts {title}", nav=nav)

    def notes(self, entry: Entry, week: date, newest: bool) -> list[gate.Note]:
        found = gate.decide(self.connection, week, entry.lines or ())
        # the state of a source today says nothing about a week of last year; what is missing in that week
        # does
        return [note for note in found.notes if newest or note.kind == "line"] or [
            gate.Note("line", reason) for reason in found.reasons if not found.notes
        ]

    def nav(self, root: str, current: str) -> Markup:
        return menu.navigation(self.pages, root, current)


def build_site(settings: Settings, company: Company, only: Collection[str] = ()) -> list[Path]:
    """Build every enabled page from the published database into `settings.site_dir`.

    Args:
        only: names of pages (`scorecard`, `receipts`, `index`, or any other file in `pages/`), also of those
            that are not in the navigation; none: the whole site, and what it no longer has is removed.
            Numbers lead to their receipts only where those are built too.

    Returns:
        The files that were written.

    Raises:
        LookupError: nothing has been published yet.
        SiteError: pages failed; the last good ones are still there, the other pages are new.
    """
    with closing(connect(settings.published_path)) as connection:
        pages = menu.shown_pages(connection, company)
        entries = named(company, only, pages) if only else pages
        if not entries:
            return []
        mode = site_mode(company)
        builder = _Builder(connection, settings.site_dir, pages, mode, _mails(settings, company))
        periods = _periods(connection, company)
        if not only or "receipts" in only:
            builder.receipts(periods)
        builder.build(entries, periods)
        if not only or "index" in only:
            builder.index(periods.weeks)
    # pages of earlier builds too: the setting may be another one since
    set_modes(settings.site_dir, builder.mode)
    close_home(settings, company)
    if builder.failures:
        raise SiteError(_failure_text(builder.failures))
    if not only:
        _remove_old(builder)
    return builder.written


def refresh_data_health(settings: Settings, company: Company) -> None:
    """Build the data health page again, if there is one: mails and alerts have moved on since the site was
    built.

    Raises:
        SiteError: the page failed; the last good one is still there.
    """
    if (settings.site_dir / f"{DATA_HEALTH}.html").exists():
        build_site(settings, company, only=[DATA_HEALTH])


def _mails(settings: Settings, company: Company) -> Result:
    zone = company.company.time_zone
    rows = [
        Row({**asdict(one), "since": instant(one.since, zone) if one.since else ""})
        for one in troubles(settings)
    ]
    return Result("mails", ["what", "about", "since", "why", "way_out"], rows)


def _periods(connection: duckdb.DuckDBPyConnection, company: Company) -> _Periods:
    with closing(connection.cursor()) as cursor:
        cursor.execute("use published")
        every = cursor.execute(
            "select distinct week_start, is_finished from marts.fct_scorecard_weekly order by 1"
        ).fetchall()
        months = cursor.execute(
            "select distinct month_start, month_end, month_label from marts.fct_scorecard_monthly order by 1"
        ).fetchall()
        quarters = cursor.execute(
            "select distinct quarter_start, quarter_end, quarter_label from marts.fct_scorecard_quarterly"
            " order by 1"
        ).fetchall()
    finished = [start for start, is_finished in every if is_finished]
    running = [start for start, is_finished in every if not is_finished]
    return _Periods(finished[-(company.pages.history_weeks or 0) :], running, months, quarters)


def _remove_old(builder: _Builder) -> None:
    """Pages that this build no longer has: a week's second file of receipts, say."""
    kept = set(builder.written)
    for folder in ("", "scorecard", "receipts", "restricted"):
        for path in (builder.target / folder).glob("*.html"):
            if path not in kept:
                path.unlink()


def _failure_text(failures: Mapping[str, list[str]]) -> str:
    causes = []
    for cause, files in failures.items():
        named = files[0] if len(files) == 1 else f"{files[0]} and {plural(len(files) - 1, 'other page')}"
        causes.append(f"{cause} (for {named})")
    return "Some pages could not be built; the last good ones are still there. " + " | ".join(causes)
