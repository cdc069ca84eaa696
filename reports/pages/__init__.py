"""The pages: a file each, and which of them a company has. What their front matter can say is in
`check.FrontMatter`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from foundation.errors import ScorelineError
from foundation.settings import Company
from reports.engine.parse import PAGES, parse_file

SCORECARD = "scorecard"
"""The page that every finished week has."""
REVIEW = "review"
"""The weekly business review: its lines, headings and order are those of company.toml, [review]."""
REVIEWS = 53
"""The newest finished weeks that have a review: as far as fct_spans goes."""


class SiteError(ScorelineError):
    """Pages failed, or a setting names something unknown. The text names each. The pages that could be built
    are in place."""


@dataclass(frozen=True)
class Entry:
    """A page of the site."""

    name: str
    label: str
    order: int
    lines: tuple[str, ...] | None
    """The sections and lines on it; empty: all; None: it is not a page of lines."""
    meta: Mapping[str, Any]
    params: Mapping[str, Any] = field(default_factory=dict)
    """What company.toml says to the page's queries."""

    @property
    def group(self) -> str:
        """The group of the navigation that it is in."""
        return str(self.meta.get("group", "Departments"))

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
    """Return a page file as this company has it."""
    meta = parse_file(path).meta
    default = meta.get("lines", [] if path.stem == SCORECARD else None)
    lines = company.pages.lines.get(path.stem, default)
    params: dict[str, Any] = {}
    if path.stem == REVIEW:
        parts = company.review.sections
        lines = [name for part in parts for name in part.lines] or company.pages.lines.get(SCORECARD, [])
        params = {
            "titles": [part.title for part in parts for _ in part.lines],
            "picks": [name for part in parts for name in part.lines],
            "hidden": [] if parts else company.access.confidential,
            # finished periods only, also of what is in a bank or a queue
            "newest": False,
        }
    return Entry(
        path.stem,
        meta.get("nav", ""),
        meta.get("order", 100),
        None if lines is None else tuple(lines),
        meta,
        params,
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
