"""The site: an index, the scorecard of every finished week, the other pages as of now, and the receipts
behind the numbers.

A page is a file in `pages/`. Its front matter: `title`, `nav` (its name in the navigation; none: no page of
its own), `order` in it, `lines` (sections and lines on it; company.toml, [pages.lines] replaces them),
`extends` (a page whose SQL blocks come before its own), `sections` (id: heading; such headings have links of
their own), `report` (the page that it belongs to: their sections share a navigation, enabling that page
enables it), `needs` (a mart: while it is empty there is no page), `restricted` (true: in the folder
`restricted/`, and only where company.toml says pages.contact_names). A page with `lines` of which the company
has none is left out.

Each file is complete or it is not there. A page that fails leaves the last good one; the others are still
built, and the error at the end names what failed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
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
from reports.components.receipts import Restated, period_days, pieces, total
from reports.engine.document import document
from reports.engine.markup import anchor, join
from reports.engine.parse import Source, parse_file
from reports.engine.queries import PageError, Result, Row, connect, run
from reports.engine.render import compile_page, environment, render
from reports.look.numbers import instant, plural
from reports.post.troubles import troubles
from reports.site.links import Receipts
from reports.words import gate

PAGES = Path(__file__).parents[1] / "pages"
SCORECARD = "scorecard"
"""The page that every finished week has."""
DATA_HEALTH = "data_health"
PUBLISHED = "published"
"""Folder of the pages of finished weeks as they were first built; they are written once and never changed."""
BUDGET = 336 * 1024
"""Bytes that a page may have."""
_ROOM_FOR_RECEIPTS = BUDGET - 96 * 1024
"""What is left of the budget for records beside font, styles, script and the list of lines."""


class SiteError(Exception):
    """Pages failed; the text names each of them and its line. The pages that could be built are in place."""


@dataclass
class _Page:
    source: Source
    template: jinja2.Template


@dataclass(frozen=True)
class _Entry:
    """A page in the navigation."""

    name: str
    label: str
    order: int
    lines: tuple[str, ...] | None
    """The sections and lines on it; none of them: all; None: it is no page of lines."""
    meta: Mapping[str, Any]

    @property
    def report(self) -> str:
        """The page that it belongs to, itself as a rule."""
        return str(self.meta.get("report", self.name))

    @property
    def file(self) -> str:
        """Where it is in the site."""
        return f"{'restricted/' if self.meta.get('restricted') else ''}{self.name}.html"


@dataclass
class _Builder:
    connection: duckdb.DuckDBPyConnection
    target: Path
    menu: Sequence[_Entry]
    mode: int
    """Permissions of the files."""
    mails: Result
    """Mails and alerts that have not arrived, or may not have."""
    pages: dict[str, _Page] = field(default_factory=dict)
    written: list[Path] = field(default_factory=list)
    failures: dict[str, list[str]] = field(default_factory=dict)
    places: dict[tuple[str, str], str] = field(default_factory=dict)

    def page(self, name: str) -> _Page:
        if name not in self.pages:
            source = parse_file(PAGES / f"{name}.md")
            self.pages[name] = _Page(source, compile_page(source, environment()))
        return self.pages[name]

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

    def attempt(self, name: str, file: str) -> _Attempt:
        return _Attempt(self, name, file)


@dataclass
class _Attempt:
    """Keeps one page's failure, so that the other pages are still built."""

    builder: _Builder
    name: str
    file: str

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> bool:
        if not isinstance(error, PageError | duckdb.Error):
            return False
        self.builder.failures.setdefault(f"pages/{self.name}.md, {error}", []).append(self.file)
        return True


def build_site(settings: Settings, company: Company) -> list[Path]:
    """Build every enabled page from the published database into `settings.site_dir`.

    Returns:
        The files that were written.

    Raises:
        LookupError: nothing has been published yet.
        SiteError: pages failed; the last good ones are still there, the other pages are new.
    """
    menu = _menu(company)
    with closing(connect(settings.published_path)) as connection:
        menu = _with_records(connection, _with_lines(connection, company, menu))
        if not menu:
            return []
        builder = _Builder(connection, settings.site_dir, menu, site_mode(company), _mails(settings, company))
        _build(builder, company)
    # pages of earlier builds too: the setting may be another one since
    set_modes(settings.site_dir, builder.mode)
    close_home(settings, company)
    if builder.failures:
        raise SiteError(_failure_text(builder.failures))
    _remove_old(builder)
    return builder.written


def refresh_data_health(settings: Settings, company: Company) -> None:
    """Build the data health page again, if there is one: mails and alerts have moved on since the site was
    built.

    Raises:
        SiteError: the page failed; the last good one is still there.
    """
    if not (settings.site_dir / f"{DATA_HEALTH}.html").exists():
        return
    menu = _menu(company)
    with closing(connect(settings.published_path)) as connection:
        menu = _with_records(connection, _with_lines(connection, company, menu))
        builder = _Builder(connection, settings.site_dir, menu, site_mode(company), _mails(settings, company))
        for entry in (entry for entry in menu if entry.name == DATA_HEALTH):
            (week,) = connection.execute(
                "select finished_week from published.marts.dim_build"
            ).fetchone() or (None,)
            _build_page(builder, entry, week)
    if builder.failures:
        raise SiteError(_failure_text(builder.failures))


def _mails(settings: Settings, company: Company) -> Result:
    zone = company.company.time_zone
    rows = [
        Row({**asdict(one), "since": instant(one.since, zone) if one.since else ""})
        for one in troubles(settings)
    ]
    return Result("mails", ["what", "about", "since", "why", "way_out"], rows)


def _menu(company: Company, *, enabled: bool = True) -> list[_Entry]:
    """The pages, in the navigation's order. `enabled`: only those that company.toml enables.

    Raises:
        SiteError: company.toml names a page that there is not.
    """
    found = []
    for path in sorted(PAGES.glob("*.md")):
        meta = parse_file(path).meta
        if ("nav" in meta or "report" in meta) and (
            company.pages.contact_names or not meta.get("restricted")
        ):
            lines = company.pages.lines.get(
                path.stem, meta.get("lines", [] if path.stem == SCORECARD else None)
            )
            found.append(
                _Entry(
                    path.stem,
                    meta.get("nav", ""),
                    meta.get("order", 100),
                    None if lines is None else tuple(lines),
                    meta,
                )
            )
    known = {entry.name: entry for entry in sorted(found, key=lambda entry: (entry.order, entry.name))}
    for setting, named in (("enabled", company.pages.enabled or ()), ("lines", company.pages.lines)):
        if unknown := sorted(set(named) - known.keys()):
            raise SiteError(
                f"company.toml, pages.{setting}: there is no page {', '.join(unknown)}; known:"
                f" {', '.join(known)}"
            )
    wanted = company.pages.enabled if enabled else None
    return [entry for entry in known.values() if wanted is None or {entry.name, entry.report} & set(wanted)]


def page_lines(company: Company, name: str) -> list[str]:
    """The sections and lines of a page; none: all.

    Raises:
        SiteError: there is no such page.
    """
    pages = {entry.name: entry for entry in _menu(company, enabled=False)}
    if name not in pages:
        raise SiteError(
            f"company.toml, mail.subscriptions: there is no page {name}; known: {', '.join(pages)}"
        )
    return list(pages[name].lines or ())


def _with_lines(
    connection: duckdb.DuckDBPyConnection, company: Company, menu: Sequence[_Entry]
) -> list[_Entry]:
    """Without the pages that have no line of this company.

    Raises:
        SiteError: company.toml names a section or a line that there is not.
    """
    with closing(connection.cursor()) as cursor:
        cursor.execute("use published")
        known = {
            text
            for row in cursor.execute("select section, line_id from marts.dim_lines").fetchall()
            for text in row
        }
    for name, lines in company.pages.lines.items():
        if unknown := sorted(set(lines) - known):
            raise SiteError(
                f"company.toml, pages.lines.{name}: there is no section or line {', '.join(unknown)}; see"
                " scorecard_lines.csv"
            )
    return [entry for entry in menu if not entry.lines or known & set(entry.lines)]


def _with_records(connection: duckdb.DuckDBPyConnection, menu: Sequence[_Entry]) -> list[_Entry]:
    """Without the pages whose mart holds nothing, because no such system is connected."""
    with closing(connection.cursor()) as cursor:
        cursor.execute("use published")
        marts = {
            name
            for (name,) in cursor.execute(
                "select table_name from duckdb_tables() where schema_name = 'marts'"
            ).fetchall()
        }

        def holds(mart: str) -> bool:
            return (
                mart in marts
                and cursor.execute(f'select 1 from marts."{mart}" limit 1').fetchone() is not None
            )

        return [entry for entry in menu if "needs" not in entry.meta or holds(entry.meta["needs"])]


def _build(builder: _Builder, company: Company) -> None:
    with closing(builder.connection.cursor()) as cursor:
        cursor.execute("use published")
        every = cursor.execute(
            "select distinct week_start, is_finished from marts.fct_scorecard_weekly order by 1"
        ).fetchall()
        weeks = [start for start, is_finished in every if is_finished][-(company.pages.history_weeks or 0) :]
        running = [start for start, is_finished in every if not is_finished]
        months = cursor.execute(
            "select distinct month_start, month_end, month_label from marts.fct_scorecard_monthly order by 1"
        ).fetchall()
        quarters = cursor.execute(
            "select distinct quarter_start, quarter_end, quarter_label from marts.fct_scorecard_quarterly"
            " order by 1"
        ).fetchall()
    for start in [*weeks, *running]:
        back = start if start in weeks else weeks[-1] if weeks else None
        _receipts(builder, "week", start, start + timedelta(days=6), week_label(start), back=back)
    for start, end, label in months:
        _receipts(builder, "month", start, end, label, back=weeks[-1] if weeks and weeks[0] <= end else None)
    for start, end, label in quarters:
        inside = [week for week in weeks if start <= week <= end]
        _receipts(builder, "quarter", start, end, label, back=inside[-1] if inside else None)
    for entry in builder.menu:
        if entry.name == SCORECARD:
            _build_scorecard(builder, entry, weeks)
        elif weeks or entry.lines is None:
            _build_page(builder, entry, weeks[-1] if weeks else None)
    with builder.attempt("index", "index.html"):
        results = builder.results("index", {"first": weeks[0] if weeks else date.min})
        company_name = results["build"].one().company_name
        builder.put(
            "index", "index.html", results, title=f"{company_name} scorecards", nav=_nav(builder, "", "index")
        )


def _build_scorecard(builder: _Builder, entry: _Entry, weeks: Sequence[date]) -> None:
    """A page per finished week, and the newest one under an address that stays."""
    for i, week in enumerate(weeks):
        around = weeks[i - 1] if i else None, weeks[i + 1] if i + 1 < len(weeks) else None
        newest = i + 1 == len(weeks)
        with builder.attempt(SCORECARD, f"{SCORECARD}/{week_label(week)}.html"):
            results = builder.results(SCORECARD, {"week": week, "lines": list(entry.lines or ())})
            values = {
                **results,
                "week": week,
                "newest": newest,
                "notes": _notes(builder, entry, week, newest),
            }
            title = f"{results['build'].one().company_name} scorecard {week_label(week)}"
            for file, root in [(f"{SCORECARD}/{week_label(week)}.html", "../")] + (
                [(f"{SCORECARD}.html", "")] if newest else []
            ):
                nav = _nav(builder, root, SCORECARD if newest else "") + _weeks_nav(
                    root, around, published=week
                )
                builder.put(
                    SCORECARD,
                    file,
                    {**values, "receipts": Receipts(root, builder.places), "archived": False},
                    title=title,
                    nav=nav,
                )
            archive = f"{PUBLISHED}/{week_label(week)}.html"
            if not (builder.target / archive).exists():
                now = Markup('<a href="../scorecard/{0}.html">{0} as known now</a>').format(week_label(week))
                nav = _nav(builder, "../", "") + Markup('<nav aria-label="Weeks">{}</nav>').format(now)
                kept = {**values, "receipts": Receipts("../", builder.places), "archived": True}
                builder.put(SCORECARD, archive, kept, title=f"{title}, as first published", nav=nav)


def _build_page(builder: _Builder, entry: _Entry, week: date | None) -> None:
    """A page as things stand now. `week`: the newest finished one; None: nothing is finished yet."""
    root = "../" * entry.file.count("/")
    with builder.attempt(entry.name, entry.file):
        results = builder.results(
            entry.name, {"week": week, "newest": True, "lines": list(entry.lines or ())}
        )
        values: dict[str, Any] = {
            **results,
            "week": week,
            "newest": True,
            "receipts": Receipts(root, builder.places),
        }
        values["mails"] = builder.mails
        if entry.lines is not None and week:
            # its numbers are not all of one week: what is missing is judged by what it shows
            shown = [*results["lines"], *results["months"]]
            values["notes"] = [
                *(note for note in _notes(builder, entry, week, newest=True) if note.kind != "line"),
                *(gate.Note("line", text) for text in gate.line_reasons(shown, week_label(week))),
            ]
        title = f"{results['build'].one().company_name}: {builder.page(entry.name).source.meta['title']}"
        nav = _nav(builder, root, entry.report) + _sections_nav(builder, root, entry)
        builder.put(entry.name, entry.file, values, title=title, nav=nav)


def _notes(builder: _Builder, entry: _Entry, week: date, newest: bool) -> list[gate.Note]:
    found = gate.decide(builder.connection, week, entry.lines or ())
    # how a source stands now says nothing about a week of last year; what is missing in that week does
    return [note for note in found.notes if newest or note.kind == "line"] or [
        gate.Note("line", reason) for reason in found.reasons if not found.notes
    ]


def _nav(builder: _Builder, root: str, current: str) -> Markup:
    """The pages of the site, seen from one of them."""
    entries = [*((entry.name, entry.label) for entry in builder.menu if entry.label), ("index", "All weeks")]
    return Markup('<nav class="pages" aria-label="Pages">{}</nav>').format(
        join(
            Markup('<a href="{}{}.html"{}>{}</a>').format(
                root, name, Markup(' aria-current="page"') if name == current else "", label
            )
            for name, label in entries
        )
    )


def _sections_nav(builder: _Builder, root: str, current: _Entry) -> Markup:
    """The sections of all pages of a report, seen from one of them."""
    links = [
        Markup('<a href="{}#{}"{}>{}</a>').format(
            "" if entry is current else root + entry.file,
            section,
            Markup(' aria-current="true"') if entry is current else "",
            title,
        )
        for entry in builder.menu
        if entry.report == current.report
        for section, title in entry.meta.get("sections", {}).items()
    ]
    return (
        Markup('<nav class="sections" aria-label="Sections">{}</nav>').format(join(links))
        if links
        else Markup()
    )


def _weeks_nav(root: str, around: tuple[date | None, date | None], *, published: date) -> Markup:
    before, after = around
    links = []
    if before:
        links.append(
            Markup(
                '<a rel="prev" href="{0}scorecard/{1}.html"><span aria-hidden="true">‹</span> {1}</a>'
            ).format(root, week_label(before))
        )
    if after:
        links.append(
            Markup(
                '<a rel="next" href="{0}scorecard/{1}.html">{1} <span aria-hidden="true">›</span></a>'
            ).format(root, week_label(after))
        )
    links.append(
        Markup('<a href="{}{}/{}.html">as first published</a>').format(root, PUBLISHED, week_label(published))
    )
    return Markup('<nav aria-label="Weeks">{}</nav>').format(join(links))


@dataclass
class _Part:
    """One file of receipts: the cards in it, and the lines whose receipts begin there."""

    cards: list[Markup] = field(default_factory=list)
    lines: list[Row] = field(default_factory=list)
    size: int = 0


def _receipts(
    builder: _Builder, cadence: str, start: date, end: date, label: str, *, back: date | None
) -> None:
    """Receipts of one week (of a month's or a quarter's own lines): one file, or as many as the budget asks
    for."""
    with builder.attempt("receipts", f"receipts/{label}.html"):
        results = builder.results("receipts", {"start": start, "end": end, "cadence": cadence})
        records = _by_line(results["records"])
        weeks = _by_line(results["weeks"])
        lines = list(results["lines"])
        changes, differing = _by_line(results["restated"]), _by_line(results["differing"])
        zone = results["build"].one().time_zone
        restated = {line: Restated(rows, differing.get(line, []), zone) for line, rows in changes.items()}
        parts = _pack(lines, records, weeks, restated, Receipts("../", builder.places))
        files = [f"receipts/{label}.html", *(f"receipts/{label}.{i}.html" for i in range(2, len(parts) + 1))]
        contents = []
        for part, file in zip(parts, files, strict=True):
            for line in part.lines:
                builder.places[label, line.line_id] = file
                found = total(line, records.get(line.line_id, []))
                note = f"{found.counted:,} counted" + (
                    f", {found.left_out:,} left out" if found.left_out else ""
                )
                contents.append(
                    (
                        f"../{file}#{anchor(line.line_id)}",
                        _name(line, lines),
                        note + ("" if found.agrees else ", does not agree"),
                    )
                )
            if not part.lines:
                contents.append((f"../{file}", "… continued", ""))
        nav = _nav(builder, "../", "")
        if back:
            nav += Markup(
                '<nav aria-label="Weeks"><a href="../scorecard/{0}.html"><span aria-hidden="true">‹</span>'
                " Scorecard {0}</a></nav>"
            ).format(week_label(back))
        for i, (part, file) in enumerate(zip(parts, files, strict=True)):
            title = label if len(parts) == 1 else f"{label}, part {i + 1} of {len(parts)}"
            values = {
                "build": results["build"], "label": title, "days": period_days(start, end), "cards": part.cards,
                "contents": contents, "back": f"../scorecard/{week_label(back)}.html" if back else "../index.html",
            }  # fmt: skip
            builder.put("receipts", file, values, title=f"Receipts {title}", nav=nav)


def _name(line: Row, lines: Sequence[Row]) -> str:
    return (
        line.label
        if sum(other.label == line.label for other in lines) == 1
        else f"{line.label} ({line.section_label})"
    )


def _by_line(data: Result) -> dict[str, list[Row]]:
    out: dict[str, list[Row]] = {}
    for row in data:
        out.setdefault(row.line_id, []).append(row)
    return out


def _pack(
    lines: Sequence[Row],
    records: Mapping[str, list[Row]],
    weeks: Mapping[str, list[Row]],
    restated: Mapping[str, Markup],
    links: Receipts,
) -> list[_Part]:
    """Cards into files: all in one if they fit, else a new file for each section, and within a section when
    it is full."""
    most = _ROOM_FOR_RECEIPTS - 8 * 1024
    made = [
        (
            line,
            pieces(
                line,
                records.get(line.line_id, []),
                weeks.get(line.line_id, []),
                links,
                most,
                restated.get(line.line_id, Markup()),
            ),
        )
        for line in lines
    ]
    everything = sum(len(card.encode()) for _, cards in made for card in cards)
    parts = [_Part()]
    for line, card, first in _cards(made):
        size = len(card.encode())
        new_section = (
            everything > _ROOM_FOR_RECEIPTS
            and first
            and parts[-1].lines
            and parts[-1].lines[-1].section != line.section
        )
        # small neighbouring sections share a file; a section that begins does not get torn apart more than it
        # must
        if parts[-1].cards and (
            parts[-1].size + size > _ROOM_FOR_RECEIPTS
            or (new_section and parts[-1].size > _ROOM_FOR_RECEIPTS // 2)
        ):
            parts.append(_Part())
        parts[-1].cards.append(card)
        parts[-1].size += size
        if first:
            parts[-1].lines.append(line)
    return parts


def _cards(made: Sequence[tuple[Row, list[Markup]]]) -> Iterator[tuple[Row, Markup, bool]]:
    for line, cards in made:
        for i, card in enumerate(cards):
            yield line, card, i == 0


def _remove_old(builder: _Builder) -> None:
    """Pages that this build no longer has: a week's second file of receipts, say."""
    kept = set(builder.written)
    for folder in ("", "scorecard", "receipts", "restricted"):
        for path in (builder.target / folder).glob("*.html"):
            if path not in kept:
                path.unlink()


def _failure_text(failures: Mapping[str, list[str]]) -> str:
    told = []
    for cause, files in failures.items():
        named = files[0] if len(files) == 1 else f"{files[0]} and {plural(len(files) - 1, 'other page')}"
        told.append(f"{cause} (for {named})")
    return "Some pages could not be built; the last good ones are still there. " + " | ".join(told)
