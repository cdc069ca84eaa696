"""The part of the published file that one reader may see.

Each reader gets a database of views over the file in which the rows that they may not see do not exist. So a
page, a receipt and an API answer cannot show more than is allowed, whatever their SQL says. A mart that is
not sorted in below shows nothing.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import Any, TypeVar, cast

import duckdb

from foundation import __version__
from foundation.settings import Company
from portal.access import Line, Viewer
from reports.components.links import Receipts
from reports.engine.markup import anchor
from reports.engine.queries import Row, connect
from reports.pages import Entry, pages_of
from reports.site.menu import with_lines, with_records
from reports.site.periods import Periods, Span, published_periods

OPEN = frozenset({"dim_build", "dim_people", "dim_reasons"})
"""Marts that say nothing about a line."""
OF_SECTIONS: Mapping[str, tuple[str, ...]] = {
    "dim_sales_": ("sales_dashboard", "sales_activity"),
    "fct_sales_": ("sales_dashboard", "sales_activity"),
    "fct_rep_activity_": ("rep_activity",),
    "fct_lead_sources": ("marketing",),
    "fct_cash_": ("finance",),
    "fct_report_months": ("finance",),
    "fct_pending_bills": ("accounting",),
    "fct_vendor_offers": ("accounting",),
}
"""Marts without a line, by their first letters -> the sections whose readers may see them."""
NAMES_CONTACTS = frozenset({"fct_sales_engaged_contacts"})
OF_ALL = frozenset({"fct_manual_rejected"})
"""Marts that may hold something about any line."""
Kept = TypeVar("Kept")
_MOST_KEPT = 64
"""Pages to keep per kind of reader."""
_MOST_VIEWS = 24
"""Kinds of readers to keep open."""

_LINES = """
select l.line_id, l.section, l.owners, l.people, coalesce(l.feed = 'manual' or m.sources = 'manual', false)
as is_typed, coalesce(l.sources, '') as sources
from marts.dim_lines as l left join marts.dim_metrics as m using (metric_id)
order by l.sort_order, l.line_id
"""

_KNOWN = """
select f.week_label as label, f.line_id from marts.fct_scorecard_weekly as f join marts.dim_lines as d using
(line_id) where d.cadence = 'week' and (f.week_start >= d.valid_from or d.valid_from is null)
  and (f.week_start <= d.valid_to or d.valid_to is null)
union all
select f.month_label, f.line_id from marts.fct_scorecard_monthly as f join marts.dim_lines as d using
(line_id) where d.cadence = 'month' and (f.month_start <= d.valid_to or d.valid_to is null)
union all
select f.quarter_label, f.line_id from marts.fct_scorecard_quarterly as f join marts.dim_lines as d using
(line_id) where d.cadence = 'quarter' and (f.quarter_start <= d.valid_to or d.valid_to is null)
"""


@dataclass(frozen=True)
class ReceiptsOnDemand(Receipts):
    """Links to receipts that are rendered when somebody follows them."""

    known: frozenset[tuple[str, str]] = frozenset()
    """(period label, line) of those that there are."""

    def href(self, period: str, line_id: str, part: str = "") -> str | None:
        if (period, line_id) not in self.known:
            return None
        return (
            f"{self.root}receipts/{period}.html?line={line_id}#{anchor(line_id)}{f'.{part}' if part else ''}"
        )


@dataclass
class View:
    """The published file as one reader sees it."""

    connection: duckdb.DuckDBPyConnection
    build: str
    """Changes with each build, and with what the reader may see."""
    lines: Mapping[str, Line]
    pages: Sequence[Entry]
    periods: Periods
    known: frozenset[tuple[str, str]]
    compiled: dict[str, Any] = field(default_factory=dict)
    """Templates of pages, for `Renderer`."""
    _kept: OrderedDict[tuple[str, ...], Any] = field(default_factory=OrderedDict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def rows(self, sql: str, **params: Any) -> list[Row]:
        """The rows of a query on `marts`."""
        return rows(self.connection, sql, **params)

    def keep(self, key: tuple[str, ...], make: Callable[[], Kept]) -> Kept:
        """Return what `make` returns; calls it once for this build and reader."""
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return cast(Kept, self._kept[key])
        made = make()
        with self._lock:
            self._kept[key] = made
            while len(self._kept) > _MOST_KEPT:
                self._kept.popitem(last=False)
        return made

    def finished_week(self, label: str) -> date | None:
        """The Monday of a finished week that has a page; None: it is none."""
        span = self.spans.get(label)
        return span.start if span and span.cadence == "week" and span.start in self.periods.weeks else None

    @property
    def spans(self) -> dict[str, Span]:
        """Label -> week, month or quarter."""
        return {span.label: span for span in self.periods.spans}


class Library:
    """The published file, opened once for each build and for each kind of reader."""

    def __init__(self, path: Path, look: Callable[[], object] = lambda: None) -> None:
        """`look`: brings the newest build to `path` if it comes from elsewhere."""
        self.path, self._look = path, look
        self._lock = threading.Lock()
        self._build: tuple[int, int] | None = None
        self._company: Company | None = None
        self._whole: duckdb.DuckDBPyConnection
        self._lines: dict[str, Line] = {}
        self._views: OrderedDict[tuple[object, ...], View] = OrderedDict()

    def lines(self) -> dict[str, Line]:
        """Every line of the company.

        Raises:
            LookupError: nothing has been published yet.
        """
        with self._lock:
            self._refresh()
            return self._lines

    def rows(self, sql: str, **params: Any) -> list[Row]:
        """The rows of a query on all of `marts`: for what does not depend on who asks, and for lines that the
        caller has checked."""
        with self._lock:
            self._refresh()
            whole = self._whole
        return rows(whole, sql, **params)

    def view(self, viewer: Viewer, company: Company) -> View:
        """The file as a reader sees it, as of the newest build.

        Raises:
            LookupError: nothing has been published yet.
        """
        with self._lock:
            self._refresh()
            if company is not self._company:  # company.toml has changed
                self._views.clear()
                self._company = company
            scope = _Scope.of(viewer, self._lines)
            key = (scope, viewer.pages, viewer.contact_names)
            if key not in self._views:
                self._views[key] = self._open(viewer, company, scope)
                while len(self._views) > _MOST_VIEWS:
                    self._views.popitem(last=False)
            self._views.move_to_end(key)
            return self._views[key]

    def _refresh(self) -> None:
        """Open the file if it is another one than before. Readers that still use the old one keep it."""
        self._look()
        try:
            found = self.path.stat()
        except FileNotFoundError:
            found = None
        build = (found.st_ino, found.st_mtime_ns) if found else None
        if build is None or build != self._build:
            self._whole = connect(self.path)
            self._lines = {
                row.line_id: Line(
                    row.line_id,
                    row.section,
                    frozenset(_keys(row.owners)),
                    tuple(_keys(row.people)),
                    row.is_typed,
                    frozenset(row.sources.split(", ")) - {""},
                )
                for row in rows(self._whole, _LINES)
            }
            self._views.clear()
            self._build = build

    def _open(self, viewer: Viewer, company: Company, scope: _Scope) -> View:
        connection = connect(self.path, scope.condition)
        lines = {name: line for name, line in self._lines.items() if name in scope.lines}
        shown = with_lines(self._whole, company, pages_of(company))
        pages = [page for page in shown if self._may_open(viewer, page, lines)]
        periods = published_periods(connection, company)
        labels = {span.label for span in periods.spans}
        known = frozenset((row.label, row.line_id) for row in rows(connection, _KNOWN) if row.label in labels)
        build = sha256(repr((self._build, scope, __version__)).encode()).hexdigest()[:20]
        return View(connection, build, lines, with_records(connection, pages), periods, known)

    def _may_open(self, viewer: Viewer, page: Entry, visible: Mapping[str, Line]) -> bool:
        restricted = bool(page.meta.get("restricted"))
        if page.lines is None:
            return viewer.may_open(page.name, None, restricted=restricted)
        if not page.lines:  # all lines: those that the reader may see
            return viewer.may_open(page.name, list(visible.values())) and bool(visible)
        on_it = [line for line in self._lines.values() if {line.line_id, line.section} & set(page.lines)]
        return viewer.may_open(page.name, on_it, restricted=restricted)


@dataclass(frozen=True)
class _Scope:
    """Which rows of the marts a reader may see."""

    lines: frozenset[str]
    hidden_sources: tuple[str, ...]
    """Sources behind lines that they may not see, and behind no other."""
    sections: frozenset[str]
    """Of OF_SECTIONS those whose marts they may see."""
    everything: bool
    contact_names: bool

    @classmethod
    def of(cls, viewer: Viewer, lines: Mapping[str, Line]) -> _Scope:
        visible = frozenset(name for name, line in lines.items() if viewer.may_see(line))
        sources = {True: set[str](), False: set[str]()}
        for name, line in lines.items():
            sources[name in visible] |= line.sources
        needed = {section for sections in OF_SECTIONS.values() for section in sections}
        return cls(
            visible,
            tuple(sorted(sources[False] - sources[True])),
            frozenset(
                section
                for section in needed
                # the section as a whole, whether or not the company has lines of it
                if viewer.may_see(Line("", section))
                and all(name in visible for name, line in lines.items() if line.section == section)
            ),
            len(visible) == len(lines),
            viewer.contact_names,
        )

    def condition(self, mart: str, columns: Sequence[str]) -> str:
        """Return the SQL condition of the rows of a mart that the reader may see."""
        if mart in OPEN or (mart in OF_ALL and self.everything):
            return "true"
        if mart in NAMES_CONTACTS and not self.contact_names:
            return "false"
        for letters, sections in OF_SECTIONS.items():
            if mart.startswith(letters):
                return "true" if self.sections.issuperset(sections) else "false"
        if "line_id" in columns:
            return f"line_id in ({_texts(self.lines)})"
        if mart == "dim_metrics":
            visible = f"select metric_id from whole.marts.dim_lines where line_id in ({_texts(self.lines)})"
            return f"metric_id in ({visible})"
        if "source" in columns and mart not in OF_ALL:
            return f"source not in ({_texts(self.hidden_sources)})"
        return "false"


def _texts(values: Iterable[str]) -> str:
    """Return a SQL list of strings, with '' so that it is never empty."""
    return ", ".join("'" + value.replace("'", "''") + "'" for value in sorted({"", *values}))


def _keys(text: str | None) -> list[str]:
    return [key for part in (text or "").split(";") if (key := part.strip())]


def rows(connection: duckdb.DuckDBPyConnection, sql: str, **params: Any) -> list[Row]:
    """The rows of a query on `marts`. `connection`: one made by `queries.connect`."""
    with closing(connection.cursor()) as cursor:
        cursor.execute("use published")
        cursor.execute(sql, params)
        columns = [column[0] for column in cursor.description or []]
        return [Row(zip(columns, values, strict=True)) for values in cursor.fetchall()]
