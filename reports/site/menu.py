"""The navigation between the pages of a site, and which of them have something to show."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
from markupsafe import Markup

from foundation.calendar import week_label
from foundation.settings import Company
from reports.engine.templates import Macros, environment
from reports.look.numbers import day, week_name
from reports.pages import Entry, SiteError, pages_of

PUBLISHED = "published"
"""Folder of the pages of finished weeks as they were first built; they are written once and never changed."""

_nav = Macros(environment(Path(__file__).parent, {}), "nav.html")


def definitions_of(pages: Sequence[Entry]) -> str:
    """The page of the definitions; empty where the site has none."""
    return next((one.file for one in pages if one.name == "definitions"), "")


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
    named = {f"pages.lines.{name}": lines for name, lines in company.pages.lines.items()}
    named |= {f"review.sections, {part.title!r}": part.lines for part in company.review.sections}
    for place, lines in named.items():
        if unknown := sorted(set(lines) - known):
            raise SiteError(
                f"company.toml, {place}: there is no section or line {', '.join(unknown)}; see"
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


WEEKS = "weeks"
"""The page that lists every finished week."""


def navigation(pages: Sequence[Entry], root: str, current: str) -> Markup:
    """Links to the groups of the site's pages, and to the pages of the group that one is in.

    Args:
        root: leads to the site's root.
        current: the name of the page, or of the one that it belongs to; empty: of none.
    """
    groups: dict[str, list[tuple[str, str]]] = {}
    for one in pages:
        if one.label:
            groups.setdefault(one.group, []).append((one.name, one.label))
    groups["All weeks"] = [(WEEKS, "All weeks")]

    def links(members: Sequence[tuple[str, str]]) -> list[tuple[str, str, str]]:
        return [(f"{root}{name}.html", label, "page" if name == current else "") for name, label in members]

    tops: list[tuple[str, str, str]] = []
    members: list[tuple[str, str, str]] = []
    for group, pages_of_group in groups.items():
        mine = any(name == current for name, _ in pages_of_group)
        if len(pages_of_group) == 1:
            tops += links(pages_of_group)
        else:
            tops.append((f"{root}{pages_of_group[0][0]}.html", group, "true" if mine else ""))
            members = links(pages_of_group) if mine else members
    return _nav.pages(tops, members)


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


def weeks_navigation(
    root: str, folder: str, before: date | None, after: date | None, published: str = ""
) -> Markup:
    """Links from a finished week's page in a folder to its neighbours, and to how it was first published."""
    return _nav.weeks(
        root,
        folder,
        before and (week_label(before), day(before)),
        after and (week_label(after), day(after)),
        published,
    )


def published_page(week: date) -> str:
    """The file of a week's page as it was first published."""
    return f"{PUBLISHED}/{week_label(week)}.html"


def now_navigation(week: date) -> Markup:
    """The link from a week as it was first published to how it is known now."""
    return _nav.as_known_now(week_label(week))


def paper_navigation(address: str) -> Markup:
    """The link from a page to the same on paper."""
    return _nav.as_pdf(address)


def back_navigation(week: date | None) -> Markup:
    """The link from receipts to their week's page."""
    return _nav.back_to(week_label(week), week_name(week)) if week else Markup()
