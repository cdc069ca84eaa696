"""Which pages a company has, and the navigation between them.

A page is a file in `pages/`. Its front matter:

- `title`; `nav`: its name in the navigation; `order` in it. A page without `nav` and `report` is built only
  when it is asked for by name.
- `lines`: sections and lines on it; company.toml, [pages.lines] replaces them. A page with `lines` of which
  the company has none is left out.
- `extends`: a page whose SQL blocks come before its own.
- `sections` (id: heading): headings that have links of their own.
- `report`: the page that it belongs to. Their sections share a navigation; enabling that page enables it.
- `needs`: a mart; while it is empty there is no page.
- `restricted: true`: the page is in the folder `restricted/`, and only where company.toml says
  pages.contact_names.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
from markupsafe import Markup

from foundation.calendar import week_label
from foundation.settings import Company
from reports.engine.parse import PAGES, parse_file
from reports.engine.templates import Macros, environment

SCORECARD = "scorecard"
"""The page that every finished week has."""
PUBLISHED = "published"
"""Folder of the pages of finished weeks as they were first built; they are written once and never changed."""

_nav = Macros(environment(Path(__file__).parent, {}), "nav.html")


class SiteError(Exception):
    """Pages failed, or a setting names something unknown; the text names each of them. The pages that could
    be built are in place."""


@dataclass(frozen=True)
class Entry:
    """A page of the site."""

    name: str
    label: str
    order: int
    lines: tuple[str, ...] | None
    """The sections and lines on it; empty: all; None: it is not a page of lines."""
    meta: Mapping[str, Any]

    @property
    def report(self) -> str:
        """The page that it belongs to, usually itself."""
        return str(self.meta.get("report", self.name))

    @property
    def file(self) -> str:
        """Its place in the site."""
        return f"{'restricted/' if self.meta.get('restricted') else ''}{self.name}.html"


def page_file(name: str) -> Path:
    """The file of a page."""
    return PAGES / f"{name}.md"


def entry(company: Company, path: Path) -> Entry:
    """A page file as it is for this company."""
    meta = parse_file(path).meta
    default = meta.get("lines", [] if path.stem == SCORECARD else None)
    lines = company.pages.lines.get(path.stem, default)
    return Entry(
        path.stem,
        meta.get("nav", ""),
        meta.get("order", 100),
        None if lines is None else tuple(lines),
        meta,
    )


def pages_of(company: Company, *, enabled: bool = True) -> list[Entry]:
    """The pages, in the navigation's order. `enabled`: only those that company.toml enables.

    Raises:
        SiteError: company.toml names a page that does not exist.
    """
    found = [
        one
        for path in sorted(PAGES.glob("*.md"))
        if ("nav" in (one := entry(company, path)).meta or "report" in one.meta)
        and (company.pages.contact_names or not one.meta.get("restricted"))
    ]
    known = {one.name: one for one in sorted(found, key=lambda one: (one.order, one.name))}
    for setting, named in (("enabled", company.pages.enabled or ()), ("lines", company.pages.lines)):
        if unknown := sorted(set(named) - known.keys()):
            raise SiteError(
                f"company.toml, pages.{setting}: there is no page {', '.join(unknown)}; known:"
                f" {', '.join(known)}"
            )
    wanted = company.pages.enabled if enabled else None
    return [one for one in known.values() if wanted is None or {one.name, one.report} & set(wanted)]


def page_lines(company: Company, name: str) -> list[str]:
    """The sections and lines of a page; none: all.

    Raises:
        SiteError: the page does not exist.
    """
    pages = {one.name: one for one in pages_of(company, enabled=False)}
    if name not in pages:
        raise SiteError(
            f"company.toml, mail.subscriptions: there is no page {name}; known: {', '.join(pages)}"
        )
    return list(pages[name].lines or ())


def shown_pages(connection: duckdb.DuckDBPyConnection, company: Company) -> list[Entry]:
    """The enabled pages that have something to show.

    Raises:
        SiteError: company.toml names a page, a section or a line that does not exist.
    """
    return with_records(connection, with_lines(connection, company, pages_of(company)))


def with_lines(
    connection: duckdb.DuckDBPyConnection, company: Company, pages: Sequence[Entry]
) -> list[Entry]:
    """The pages without those that have no line of this company.

    Raises:
        SiteError: company.toml names a section or a line that does not exist.
    """
    known = _texts(
        connection, "select section from marts.dim_lines union select line_id from marts.dim_lines"
    )
    for name, lines in company.pages.lines.items():
        if unknown := sorted(set(lines) - known):
            raise SiteError(
                f"company.toml, pages.lines.{name}: there is no section or line {', '.join(unknown)}; see"
                " scorecard_lines.csv"
            )
    return [one for one in pages if not one.lines or known & set(one.lines)]


def with_records(connection: duckdb.DuckDBPyConnection, pages: Sequence[Entry]) -> list[Entry]:
    """The pages without those whose mart is empty, because no such system is connected."""
    marts = _texts(connection, "select table_name from duckdb_tables() where schema_name = 'marts'")

    def holds(mart: str) -> bool:
        return mart in marts and bool(_texts(connection, f'select 1 from marts."{mart}" limit 1'))

    return [one for one in pages if "needs" not in one.meta or holds(one.meta["needs"])]


def _texts(connection: duckdb.DuckDBPyConnection, sql: str) -> set[Any]:
    with closing(connection.cursor()) as cursor:
        cursor.execute("use published")
        return {value for (value,) in cursor.execute(sql).fetchall()}


def navigation(pages: Sequence[Entry], root: str, current: str) -> Markup:
    """Links to the pages of the site, seen from one of them. `root`: leads from it to the site's root."""
    named = [*((one.name, one.label) for one in pages if one.label), ("index", "All weeks")]
    return _nav.pages([(f"{root}{name}.html", label, name == current) for name, label in named])


def sections_navigation(pages: Sequence[Entry], root: str, current: Entry) -> Markup:
    """Links to the sections of all pages of a report, seen from one of them."""
    return _nav.sections(
        [
            (f"{'' if one is current else root + one.file}#{section}", title, one is current)
            for one in pages
            if one.report == current.report
            for section, title in one.meta.get("sections", {}).items()
        ]
    )


def weeks_navigation(root: str, week: date, before: date | None, after: date | None) -> Markup:
    """Links from a finished week to its neighbours, and to how it was first published."""
    return _nav.weeks(
        root,
        before and week_label(before),
        after and week_label(after),
        f"{PUBLISHED}/{week_label(week)}.html",
    )


def now_navigation(week: date) -> Markup:
    """The link from a week as it was first published to how it is known now."""
    return _nav.as_known_now(week_label(week))


def back_navigation(week: date | None) -> Markup:
    """The link from receipts to their week's page."""
    return _nav.back_to(week_label(week)) if week else Markup()


def named(company: Company, names: Collection[str], pages: Sequence[Entry]) -> list[Entry]:
    """The pages of these names; also one that is not in the navigation.

    Raises:
        SiteError: the page does not exist.
    """
    found = [one for one in pages if one.name in names]
    for name in sorted(set(names) - {one.name for one in found}):
        if not page_file(name).exists():
            raise SiteError(f"there is no page {name}; see reports/pages")
        found.append(entry(company, page_file(name)))
    return found
