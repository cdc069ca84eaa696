"""A page is written if something that it shows has changed, and only then."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from datetime import date
from pathlib import Path

import duckdb
import pytest
from markupsafe import Markup

from foundation.settings import Company, Settings
from reports.components.links import Receipts
from reports.engine.queries import Result, connect
from reports.pages import REVIEW, SCORECARD, pages_of
from reports.site.build import build_site
from reports.site.fingerprints import FINGERPRINTS
from reports.site.periods import Span
from reports.site.renderer import Renderer

MOST_RECENT = ("scorecard/2025-W43", "review/2025-W43", "receipts/2025-W43", "receipts/2025-W44")


def written(settings: Settings, company: Company) -> set[str]:
    """The pages that a build writes; a PDF comes with its page."""
    files = build_site(settings, company).written
    return {str(file.relative_to(settings.site_dir)) for file in files if file.suffix == ".html"}


def change(settings: Settings, *statements: str) -> None:
    with duckdb.connect(str(settings.published_path)) as connection:
        for statement in statements:
            connection.execute(statement)


def contents(settings: Settings) -> dict[str, bytes]:
    return {
        str(file.relative_to(settings.site_dir)): file.read_bytes()
        for file in settings.site_dir.rglob("*.html")
        if file.parent.name != "published"  # those are as they were first published
    }


def test_a_build_writes_what_has_changed(
    variant: Callable[..., Settings], company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = variant()
    site = settings.site_dir
    everything = written(settings, company)
    assert {"index.html", "data_health.html", "scorecard/2025-W41.html"} <= everything
    assert written(settings, company) == set()

    (site / "receipts/2025-W40.html").unlink()
    with (site / "finance.html").open("a") as file:
        file.write("<p>by hand")
    (site / "published/2025-W41.html").unlink()
    assert written(settings, company) == {
        "receipts/2025-W40.html",
        "receipts/2025-W40.confidential.html",
        "finance.html",
        "scorecard/2025-W41.html",
        "published/2025-W41.html",
    }

    # a morning on which little but the clock has moved: a number of the newest week is another one
    change(
        settings,
        "insert into marts.fct_restatements select * replace (timestamptz '2025-10-28 12:00:00+00' as changed_at) from marts.fct_restatements where period_label = '2025-W43' limit 1",
        "update marts.dim_build set as_of = as_of + interval 1 day",
        "update marts.dim_sources set complete_through = complete_through + interval 1 day, last_success_at = last_success_at + interval 1 day",
        "update marts.fct_scorecard_weekly set as_of = as_of + interval 1 day where state = 'live'",
    )
    morning = written(settings, company)
    assert {"data_health.html", "index.html", "finance.html"} <= morning
    past = {file for file in morning if file.startswith(("scorecard/", "review/", "receipts/"))}
    assert past <= {file for file in everything if file.startswith(MOST_RECENT)}

    # a number of a past week, its records, and an owner
    change(
        settings,
        "update marts.fct_scorecard_weekly set value = value + 1 where line_id = 'inside_sales.dials' and week_label = '2025-W42'",
        "delete from marts.fct_contributions where period_start = date '2025-09-29' and line_id = 'inside_sales.dials'",
        "update marts.dim_reasons set text = text || ', really'",
    )
    restated = written(settings, company)
    assert {"scorecard/2025-W42.html", "receipts/2025-W42.html", "receipts/2025-W40.html"} <= restated
    assert {"review/2025-W42.html", "review/2025-W43.html"} <= restated
    assert not {f"{page}/2025-W{week}.html" for page in (SCORECARD, REVIEW) for week in (40, 41)} & restated

    shown = contents(settings)
    (site / FINGERPRINTS).unlink()
    assert written(settings, company) == set(shown)
    assert contents(settings) == shown, "a page was left as it was, and says something else now"

    monkeypatch.setattr("reports.site.fingerprints._code", lambda: "another revision")
    assert written(settings, company) == set(shown)


@pytest.mark.parametrize("name", [SCORECARD, REVIEW, "receipts"])
def test_a_page_reads_the_rows_that_it_says_it_reads(
    name: str, settings: Settings, company: Company, tmp_path: Path
) -> None:
    """Everything else may be anything: rows that `reads` leaves out are gone, and its columns empty."""
    span = Span.of_week(date(2025, 10, 6))

    def rendered(path: Path) -> str:
        with closing(connect(path)) as connection:
            renderer = Renderer(connection, pages_of(company), Result("mails", [], []), Receipts)
            entry = next((one for one in renderer.pages if one.name == name), None)
            given = renderer.board_params(entry, span.start) if entry else span.params
            reads, params = renderer.reads(name), renderer.params(name, given)
            if entry and name == SCORECARD:
                html = renderer.scorecard(renderer.week(entry, span.start, newest=False), "../", Markup())
            elif entry:
                values = renderer.board_values(entry, span.start, newest=False)
                html = renderer.board(entry, values, root="../")
            else:
                parts = renderer.receipts_of(span).parts(Receipts("../"))
                html = "".join(card for part in parts for card in part.cards)
        if path == settings.published_path:
            _keep_only(path, tmp_path / "kept.duckdb", reads, params)
        return html

    html = rendered(settings.published_path)
    assert "Dials" in html
    assert rendered(tmp_path / "kept.duckdb") == html


def _keep_only(published: Path, path: Path, reads: dict[str, str], params: dict[str, object]) -> None:
    """A published file with only these rows of its marts."""
    with duckdb.connect(str(path)) as connection:
        connection.execute(f"attach '{published}' as published (read_only)")
        connection.execute("create schema marts")
        for (mart,) in connection.execute(
            "select table_name from duckdb_tables() where database_name = 'published' and schema_name = 'marts'"
        ).fetchall():
            connection.execute(f'create table marts."{mart}" as from published.marts."{mart}"')
        connection.execute("use published")
        for mart, sql in reads.items():
            needed = {name: value for name, value in params.items() if f"${name}" in sql}
            connection.execute("create or replace temp table kept as " + sql, needed)
            connection.execute(f'truncate {path.stem}.marts."{mart}"')
            connection.execute(f'insert into {path.stem}.marts."{mart}" by name from kept')
