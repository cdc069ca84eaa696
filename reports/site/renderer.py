"""What the pages of a site say, as HTML. `build.py` writes it to files, the portal answers with it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import duckdb
import jinja2
from markupsafe import Markup

from foundation.calendar import week_label
from reports.components import NAMES
from reports.components.links import Receipts
from reports.components.receipts import period_days
from reports.engine.parse import Source, parse_file
from reports.engine.queries import Result, run
from reports.engine.render import compile_page, environment, render
from reports.look.document import document
from reports.look.numbers import period_name, week_name
from reports.pages import REVIEW, SCORECARD, Entry, page_file
from reports.site import menu
from reports.site.periods import Span
from reports.site.receipts import Period
from reports.words import gate


@dataclass
class _Page:
    source: Source
    template: jinja2.Template


@dataclass
class Renderer:
    """Renders pages from one published database."""

    connection: duckdb.DuckDBPyConnection
    pages: Sequence[Entry]
    """The pages in the navigation."""
    mails: Result
    """Mails and alerts that have not arrived, or may not have."""
    receipts: Callable[[str], Receipts]
    """The links to receipts, from a page that has the site's root there."""
    frame: Callable[[str, str, Markup], str] = document
    """(title, body, navigation) -> the whole document."""
    compiled: dict[str, _Page] = field(default_factory=dict)

    def page(self, name: str) -> _Page:
        if name not in self.compiled:
            source = parse_file(page_file(name))
            self.compiled[name] = _Page(source, compile_page(source, environment(NAMES)))
        return self.compiled[name]

    def sources(self, name: str) -> list[Source]:
        """The page's file, after the one that it extends."""
        source = self.page(name).source
        base = source.meta.get("extends")
        return [self.page(base).source, source] if base else [source]

    def reads(self, name: str) -> dict[str, str]:
        """Mart -> the rows of it that a past week's page reads; also as the page says that it extends."""
        found: dict[str, str] = {}
        for source in self.sources(name):
            found |= source.meta.get("reads", {})
        return found

    def params(self, name: str, given: Mapping[str, Any]) -> dict[str, Any]:
        """The values of the page's parameters: those given, and the defaults of the others."""
        defaults: dict[str, Any] = {}
        for source in self.sources(name):
            defaults |= source.meta.get("params", {})
        return {**defaults, **given}

    def results(self, name: str, params: Mapping[str, Any]) -> dict[str, Result]:
        blocks = [block for source in self.sources(name) for block in source.blocks]
        return run(self.connection, blocks, self.params(name, params))

    def html(self, name: str, values: Mapping[str, Any], *, title: str, nav: Markup) -> str:
        page = self.page(name)
        return self.frame(title, render(page.source, page.template, values), nav)

    @property
    def scorecard_lines(self) -> Sequence[str]:
        """The sections and lines of the scorecard; none: all."""
        return next((one.lines or () for one in self.pages if one.name == SCORECARD), ())

    def weeks(self, weeks: Sequence[date]) -> str:
        """All weeks, with the counts of each week's scorecard."""
        results = self.results(menu.WEEKS, self.weeks_params(weeks))
        title = f"{results['build'].one().company_name}: all weeks"
        return self.html(menu.WEEKS, results, title=title, nav=self.nav("", menu.WEEKS))

    def weeks_params(self, weeks: Sequence[date]) -> dict[str, Any]:
        """The parameters of the page of all weeks."""
        return {"first": weeks[0] if weeks else date.min, "lines": list(self.scorecard_lines)}

    @staticmethod
    def week_params(entry: Entry, week: date | None) -> dict[str, Any]:
        """The parameters of a finished week's scorecard."""
        return {"week": week, "lines": list(entry.lines or ())}

    def week(self, entry: Entry, week: date, *, newest: bool) -> dict[str, Any]:
        """The values of a finished week's scorecard. `newest`: the sources' state of today is its state."""
        results = self.results(SCORECARD, self.week_params(entry, week))
        notes = self.notes(entry, week, newest)
        return {**results, "week": week, "newest": newest, "notes": notes, "archived": False}

    def scorecard(self, values: Mapping[str, Any], root: str, nav: Markup, *, archived: bool = False) -> str:
        """The scorecard of a week. `values`: of `week`. `archived`: as it is first published."""
        week = values["week"]
        title = f"{week_name(week)} {week.year} - {values['build'].one().company_name} scorecard"
        own = {**values, "receipts": self.receipts(root), "archived": archived}
        return self.html(SCORECARD, own, title=title + (", as first published" if archived else ""), nav=nav)

    def board_params(self, entry: Entry, week: date | None) -> dict[str, Any]:
        """The parameters of a page of the present."""
        return {**self.week_params(entry, week), "newest": True, **entry.params}

    def board_values(self, entry: Entry, week: date | None, *, newest: bool = True) -> dict[str, Any]:
        """The values of a page of the present, or of a past week's review. `week`: None: nothing is finished
        yet. `newest`: it is the newest finished one."""
        values: dict[str, Any] = {
            **self.results(entry.name, self.board_params(entry, week)),
            "week": week,
            "newest": newest,
            "mails": self.mails,
        }
        if entry.lines is not None and week:
            # its numbers are not all of one week: what is missing is judged by what it shows
            shown = [*values["lines"], *values["months"]]
            values["notes"] = [
                *(note for note in self.notes(entry, week, newest) if note.kind != "line"),
                *(
                    gate.Note("line", text)
                    for text in gate.line_reasons(shown, f"the {period_name(week, 'week')}")
                ),
            ]
        return values

    def board(
        self, entry: Entry, values: Mapping[str, Any], more: Markup | str = "", root: str | None = None
    ) -> str:
        """A page of the present, or a past week's review.

        Args:
            values: of `board_values`.
            more: navigation after that of the page.
            root: leads to the site's root; None: from the page's own file.
        """
        root = "../" * entry.file.count("/") if root is None else root
        title = f"{values['build'].one().company_name}: {entry.meta['title']}"
        if entry.name == REVIEW:
            title += f", {week_name(values['week'])} {values['week'].year}"
        nav = self.nav(root, entry.report) + menu.sections_navigation(self.pages, root, entry) + more
        own = {**values, "receipts": self.receipts(root)}
        return self.html(entry.name, own, title=title, nav=nav)

    def receipts_of(self, span: Span) -> Period:
        """The records behind the numbers of a period."""
        return Period(self.results("receipts", span.params))

    def receipts_values(self, span: Span, period: Period, back: date | None) -> dict[str, Any]:
        """What all pages of a period's receipts say. `back`: the week whose page they lead back to."""
        return {
            "build": period.results["build"],
            "days": period_days(span.start, span.end),
            "back": f"../scorecard/{week_label(back)}.html" if back else f"../{menu.WEEKS}.html",
        }

    def notes(self, entry: Entry, week: date, newest: bool) -> list[gate.Note]:
        found = gate.decide(self.connection, week, entry.lines or ())
        # the state of a source today says nothing about a week of last year; what is missing in that week
        # does
        return [note for note in found.notes if newest or note.kind == "line"] or [
            gate.Note("line", reason) for reason in found.reasons if not found.notes
        ]

    def nav(self, root: str, current: str) -> Markup:
        return menu.navigation(self.pages, root, current)
