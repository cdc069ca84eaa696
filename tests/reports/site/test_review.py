"""The weekly business review: which lines, in which order, and what is beside them; on the page and on
paper."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from contextlib import closing
from datetime import date
from html import unescape
from pathlib import Path
from typing import Any

import duckdb
import pytest

from foundation.settings import Company, Settings, load_company
from foundation.settings.company import ReviewSection
from reports.components.links import Receipts
from reports.components.review import parts, quiet_text
from reports.engine.queries import Result, connect
from reports.pages import SiteError, named, pages_of
from reports.pdf import review_pdf
from reports.site.build import build_site
from reports.site.menu import shown_pages
from reports.site.periods import published_periods
from reports.site.renderer import Renderer
from tests.support.browser import axe_violations, needs_chromium, show, sticks_out

BUDGET = 336 * 1024


def of_company(company: Company, *sections: tuple[str, Sequence[str]]) -> Company:
    made = ReviewSection.model_validate(
        {"sections": [{"title": title, "lines": list(lines)} for title, lines in sections]}
    )
    return company.model_copy(update={"review": made})


def values_of(settings: Settings, company: Company) -> dict[str, Any]:
    with closing(connect(settings.published_path)) as connection:
        pages = shown_pages(connection, company)
        renderer = Renderer(connection, pages, Result("mails", [], []), lambda root: Receipts(root, {}, ""))
        (entry,) = named(company, ["review"], pages)
        return renderer.board_values(entry, published_periods(connection, company).newest)


def found(settings: Settings, company: Company) -> list[tuple[str, list[str]]]:
    return [
        (title, [row.line.line_id for row in rows]) for title, rows in parts(values_of(settings, company))
    ]


def card(html: str, line: str) -> str:
    (text,) = re.findall(rf'<article[^>]* id="{line}".*?</article>', html, re.S)
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", text)))


def test_it_shows_lines_with_a_goal_and_nothing_confidential(site: Path) -> None:
    html = (site / "review.html").read_text(encoding="utf-8")
    ids = re.findall(r'<article[^>]* id="([^"]+)"', html)
    assert ids[:3] == ["inside_sales.dials", "inside_sales.conversations_dm", "inside_sales.ftas_set"]
    assert not any(name.startswith("finance") for name in ids) and "523,400" not in html
    assert "reactive_ops.billable_hours" not in ids, "it has no goal"
    assert len(html.encode()) < BUDGET and 'href="review.html"' in (site / "scorecard.html").read_text()


def test_the_row_compares_like_with_like(site: Path) -> None:
    text = card((site / "review.html").read_text(encoding="utf-8"), "inside_sales.dials")
    assert "This week 101 : records of Dials Missed goal 125, 24 short" in text
    assert "Week on week +44.3% 70 the week before" in text
    assert "Year on year – Month to date" in text, "no week of last year to compare with"
    assert "Quarter to date 344 Missed goal 500, 156 short" in text
    # W40 without 29 and 30 September; 18 of the month's days from Monday to Friday
    assert "Month to date 316 Missed goal 450, 134 short Quarter to date" in text
    assert "Year to date 2,834 Missed goal 4,250, 1,416 short since 3 Mar" in text
    assert "No note yet on why, and what comes next." in text


def test_a_note_and_what_is_to_be_done_stand_beside_their_line(settings: Settings, company: Company) -> None:
    with duckdb.connect(str(settings.published_path)) as connection:
        connection.execute(
            "insert into marts.fct_notes (line_id, period_start, note, author, entered_at, is_edited) values"
            " ('inside_sales.dials', date '2025-10-20', 'Two <b>days</b> at the fair.', 'Maya Torres', '2025-10-27T12:00:00Z', false)"
        )
        connection.execute(
            "insert into marts.fct_actions (line_id, what, owner_name, due_on, action_state) values"
            " ('inside_sales.dials', 'Call again', 'Victor Lang', date '2025-10-31', 'open'),"
            " ('inside_sales.dials', 'Buy a list', 'Victor Lang', date '2025-10-24', 'done')"
        )
    build_site(settings, company, only=["review"])
    html = (settings.site_dir / "review.html").read_text(encoding="utf-8")
    text = card(html, "inside_sales.dials")
    assert (
        "Note Two <b>days</b> at the fair. (Maya Torres, Mon 27 Oct 2025, 07:00 CDT)" in text
        and "<b>days" not in html
    )
    assert "To do Call again: Victor Lang, by 31 Oct" in text and "Buy a list" not in text
    assert "No note yet" not in text


def test_a_line_that_nobody_knows_is_not_silent(settings: Settings, company: Company) -> None:
    def rows() -> list[Any]:
        return [row for _, rows in parts(values_of(settings, company)) for row in rows]

    before = rows()
    assert any(row.is_unknown for row in before) is False
    assert quiet_text(before).endswith(("without a signal.", "No line has changed."))
    with duckdb.connect(str(settings.published_path)) as connection:
        connection.execute(
            "update marts.fct_scorecard_weekly set state = 'stale', status = 'no_data' where week_label = '2025-W43'"
        )
        connection.execute("delete from marts.fct_signals where week_start = date '2025-10-20'")
    weekly = sum(row.line.cadence == "week" for row in before)
    assert quiet_text(rows()).endswith(f"{weekly} lines without a whole number.")
    if weekly == len(before):
        assert quiet_text(rows()) == f"{weekly} lines without a whole number."


def test_a_past_week_opens_as_of_its_time(site: Path) -> None:
    """With its own spans to date, range and signals; the newest one has both addresses."""
    past = (site / "review" / "2025-W41.html").read_text(encoding="utf-8")
    text = card(past, "inside_sales.dials")
    assert "<h1>Weekly business review <small>W41</small>" in past and "Past week" in past
    assert "Quarter to date 173 Missed goal 250, 77 short" in text
    assert "Month to date 145" in text and "Year to date 2,663" in text
    assert 'href="../review/2025-W40.html"' in past and 'href="../review/2025-W42.html"' in past
    assert 'href="../receipts/2025-W41.html#inside_sales.dials"' in past
    newest = (site / "review.html").read_text(encoding="utf-8")
    assert 'href="review/2025-W42.html"' in newest and "Past week" not in newest
    names = {path.name for path in (site / "review").iterdir()}
    weeks = {f"2025-W{number}" for number in range(31, 44)}
    assert names == {f"{week}.html" for week in weeks} | {f"2025-W{n}.pdf" for n in range(40, 44)}


def test_what_was_to_be_done_stays_on_the_review_of_its_week(settings: Settings, company: Company) -> None:
    with duckdb.connect(str(settings.published_path)) as connection:
        for what, week, state, ended in (
            ("Asked then, done at once", "2025-10-06", "done", "2025-10-14"),
            ("Asked then, done later", "2025-10-06", "done", "2025-10-24"),
            ("Asked later", "2025-10-20", "open", None),
        ):
            connection.execute(
                "insert into marts.fct_actions (line_id, what, owner_name, due_on, action_state, period_start, ended_at)"
                " values ('inside_sales.dials', ?, 'Victor Lang', date '2025-10-31', ?, ?, ?)",
                [what, state, week, ended],
            )
    build_site(settings, company, only=["review"])
    page = (settings.site_dir / "review" / "2025-W41.html").read_text(encoding="utf-8")
    assert re.findall("Asked[^:]*", page) == ["Asked then, done later"]
    newest = (settings.site_dir / "review.html").read_text(encoding="utf-8")
    assert re.findall("Asked[^:]*", newest) == ["Asked later"]


def test_headings_and_order_are_those_of_the_company(settings: Settings, company: Company) -> None:
    chosen = of_company(
        company,
        ("Service", ["reactive_ops.utilization", "reactive_ops"]),
        ("Money", ["finance.revenue", "finance.cash_position"]),
        ("Selling", ["inside_sales.ftas_set", "inside_sales"]),
    )
    assert found(settings, chosen) == [
        ("Service", ["reactive_ops.utilization", "reactive_ops.reactive_tickets_opened", "reactive_ops.reactive_tickets_closed",
                     "reactive_ops.same_day_close_rate", "reactive_ops.billable_hours"]),
        ("Money", ["finance.revenue", "finance.cash_position"]),
        ("Selling", ["inside_sales.ftas_set", "inside_sales.dials", "inside_sales.conversations_dm"]),
    ]  # fmt: skip


def test_lines_kept_by_month_have_months_only(settings: Settings, company: Company) -> None:
    values = values_of(settings, of_company(company, ("Money", ["finance.revenue"])))
    ((_, (row,)),) = parts(values)
    assert row.weeks is None and row.months is not None
    labels = [figure.label for figure in row.figures]
    assert labels == ["September 2025", "Month on month", "Year on year", "Quarter to date", "Year to date"]
    assert row.figures[1].value == "+7.4%" and row.figures[3].value == "$254,360.75"


def test_weeks_that_are_not_whole_are_gaps_and_have_no_verdict(
    variant: Callable[..., Settings],
) -> None:
    settings = variant(stale={"inside_sales.dials"}, missing={"warm_250.w250_dials"}, earlier=12)
    rows = {
        row.line.line_id: row
        for _, rows in parts(values_of(settings, load_company(settings)))
        for row in rows
    }
    stale, missing = rows["inside_sales.dials"], rows["warm_250.w250_dials"]
    assert stale.weeks is not None and stale.weeks.series[0].values[-2:] == [70, None]
    assert stale.figures[1].value == "–" and not stale.is_exception
    for row in (stale, missing):
        month = row.figures[3]
        assert month.status == "" and "3 of 4 weeks, not judged" in month.against
    assert missing.figures[0].value == "–" and missing.figures[0].against == ["No data"]


@pytest.mark.parametrize(
    ("sections", "text"),
    [
        ([("A", ["dials", "dials"])], "the line 'dials' is listed twice; remove one of them"),
        ([("A", ["x"]), ("A", ["y"])], "the heading 'A' is listed twice; remove one of them"),
        ([("A", [])], "at least 1 item"),
    ],
)
def test_a_wrong_setting_is_one_sentence(company: Company, sections: Any, text: str) -> None:
    with pytest.raises(ValueError, match=text):
        of_company(company, *sections)


def test_a_line_that_does_not_exist_is_named(settings: Settings, company: Company) -> None:
    text = "company.toml, review.sections, 'Selling': there is no section or line inside_sale; see"
    with closing(connect(settings.published_path)) as connection, pytest.raises(SiteError, match=text):
        shown_pages(connection, of_company(company, ("Selling", ["inside_sale"])))


def test_the_scorecards_lines_are_the_default(company: Company) -> None:
    pages = company.pages.model_copy(update={"lines": {"scorecard": ["inside_sales"]}})
    (entry,) = [one for one in pages_of(company.model_copy(update={"pages": pages})) if one.name == "review"]
    assert entry.lines == ("inside_sales",) and "finance" in entry.params["hidden"]


def test_on_paper_twelve_drawings_are_a_page(settings: Settings, company: Company) -> None:
    values = values_of(settings, company)
    lines = sum(len(rows) for _, rows in parts(values))
    made = review_pdf(values, "Weekly business review")
    assert made == review_pdf(values, "Weekly business review"), "the same facts give the same bytes"
    assert len(re.findall(rb"/Type ?/Page\b", made)) == -(-lines // 12)
    assert date.fromisoformat("2025-10-20") == values["week"]


@pytest.mark.browser
@needs_chromium
@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (390, "dark")])
def test_it_is_accessible_and_fits(web: Any, site: Path, width: int, scheme: str) -> None:
    web.get_log("browser")
    show(web, site, "review.html", width, scheme)
    assert sticks_out(web, width) == []
    assert axe_violations(web) == []
    assert web.get_log("browser") == []
    if width < 500:
        tall = web.execute_script(
            "return [...document.querySelectorAll('.rv')].map(one => one.offsetHeight).filter(h => h > innerHeight)"
        )
        assert tall == [], "one line to a screen"
