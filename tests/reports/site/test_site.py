"""The built site against the facts: every cell, every receipt, the budget, and what happens when a page
fails."""

from __future__ import annotations

import html
import re
import shutil
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from foundation.settings import Company, Settings
from foundation.warehouse import DiskFull
from reports.components.links import Receipts
from reports.components.receipts import total
from reports.engine.markup import plain
from reports.engine.parse import PAGES
from reports.engine.queries import Result, Row, connect
from reports.look.numbers import judged, number
from reports.look.tokens import STATE, STATUS
from reports.pages import SiteError, pages_of
from reports.site.build import build_site, refresh_data_health
from reports.site.fingerprints import FINGERPRINTS
from reports.site.menu import with_lines
from reports.site.receipts import BUDGET, Period
from reports.site.renderer import Renderer
from tests.support.disks import small_disk
from tests.support.published import HOSTILE, SCRIPT, PublishedFile
from tests.support.reading import all_receipt_cards, receipt_cards, rows_of_scorecard, text_of

W43 = date(2025, 10, 20)


def facts(published: Path, where: str = "true") -> list[Row]:
    with duckdb.connect(str(published), read_only=True) as connection:
        connection.execute(
            "select f.*, l.label, l.unit, l.aggregation, l.owner_names, l.valid_from from"
            " marts.fct_scorecard_weekly as f join marts.dim_lines as l using (line_id) where f.week_start"
            f" >= l.valid_from and {where} order by l.sort_order, week_start"
        )
        columns = [column[0] for column in connection.description or []]
        return [Row(zip(columns, values, strict=True)) for values in connection.fetchall()]


def page(site: Path, name: str) -> str:
    return (site / name).read_text(encoding="utf-8")


def test_the_golden_week_reads_as_in_the_design(site: Path) -> None:
    rows = rows_of_scorecard(page(site, "scorecard.html"))
    shown = {
        line: (cells["This week"], cells["Last week"], cells["Quarter average"], cells["Status"])
        for line, cells in rows.items()
    }
    expected = {
        "inside_sales.dials": ("101", "70", "86", "Missed", "Missed"),
        "inside_sales.conversations_dm": ("21", "16", "14.5", "Met", "Met"),
        "inside_sales.ftas_set": ("0", "1", "0.5", "Missed", "Missed"),
        "outside_sales.ftas_attended": ("1", "1", "0.67", "Missed", "Met"),
        "outside_sales.coi_attended": ("2", "3", "2.33", "Met", "Met"),
        "outside_sales.networking_events": ("3", "7", "4", "Met", "Met"),
        "outside_sales.mrr_closed": ("$0", "$0", "$0", "Missed", "Missed"),
        "warm_250.w250_ftas_set": ("1", "0", "0.5", "Missed", "Met"),
        "reactive_ops.reactive_tickets_opened": ("69", "78", "76.5", "", "No goal"),
        "reactive_ops.same_day_close_rate": ("53%", "49%", "58%", "Missed", "Missed"),
        "reactive_ops.utilization": ("63%", "55%", "59%", "Close", "Met"),
    }
    for line, (value, before, quarter, quarter_status, status) in expected.items():
        this_week, last_week, average, verdict = (cell.replace(": records of", " :") for cell in shown[line])
        assert this_week.startswith(f"{value} :"), (line, this_week)
        assert last_week.startswith(f"{before} :"), (line, last_week)
        number_shown, _, coverage = quarter.partition(" ")
        assert (
            average.startswith(f"{number_shown} :")
            and coverage in average
            and average.endswith(quarter_status)
        ), (line, average)
        assert verdict.startswith(status), (line, verdict)
    assert (
        "42 of 79" in shown["reactive_ops.same_day_close_rate"][0]
        and "29 of 59" in shown["reactive_ops.same_day_close_rate"][1]
    )
    head = text_of(page(site, "scorecard.html"))
    assert "Week of 20 October W43 Mon 20 Oct to Sun 26 Oct 2025" in head
    assert "9 Missed 0 Close 6 Met" in head


def test_every_cell_of_every_week_says_what_the_fact_says(site: Path, published: Path) -> None:
    checked = 0
    by_week: dict[str, list[Row]] = {}
    for fact in facts(
        published, "f.is_finished and f.section <> 'finance'"
    ):  # not on this page, says company.toml
        by_week.setdefault(fact.week_label, []).append(fact)
    for week, rows in by_week.items():
        shown = rows_of_scorecard(page(site, f"scorecard/{week}.html"))
        assert list(shown) == [fact.line_id for fact in rows], week
        for fact in rows:
            cells = shown[fact.line_id]
            value = judged(fact.value, fact.unit, (fact.target, fact.target_2))
            assert cells["Line"].startswith(fact.label) and fact.owner_names in cells["Line"]
            assert cells["This week"].startswith(value), (week, fact.line_id)
            assert cells["Last week"].startswith(judged(fact.previous_value, fact.unit, (fact.target,)))
            assert cells["Status"].startswith(STATUS[fact.status])
            assert cells["Goal"] == (f"≥ {number(fact.target, fact.unit)}" if fact.target is not None else "")
            assert cells["Quarter average"].startswith(judged(fact.quarter_value, fact.unit, (fact.target,)))
            coverage = f"{fact.quarter_weeks} of {fact.quarter_weeks_expected} week"
            assert (coverage in cells["Quarter average"]) == (
                fact.quarter_weeks < fact.quarter_weeks_expected
            )
            if fact.aggregation == "ratio":
                assert f"{number(fact.numerator)} of {number(fact.denominator)}" in cells["This week"]
            if fact.value is None:
                assert STATUS["no_data"] in cells["This week"], "a blank without a word"
            if fact.state != "live":
                assert STATE[fact.state] in cells["This week"]
            if fact.weeks_off_track > 1:
                assert f"{fact.weeks_off_track} weeks in a row" in cells["Status"]
            checked += 1
    assert checked > 350


def test_receipts_add_up_to_the_number_for_every_line_and_week(site: Path, published: Path) -> None:
    with duckdb.connect(str(published), read_only=True) as connection:
        counted = {
            (line, week): (n, top)
            for line, week, n, top in connection.execute(
                "select line_id, week_label, count(*), sum(numerator) from marts.fct_contributions where"
                " counted group by all"
            ).fetchall()
        }
    checked = 0
    for fact in facts(published, "f.is_finished and f.value is not null"):
        cards = all_receipt_cards(site, fact.week_label)
        said = text_of(re.split("</p>", cards[fact.line_id])[0])
        n, top = counted.get((fact.line_id, fact.week_label), (0, Decimal(0)))
        value = judged(fact.value, fact.unit, (fact.target, None))
        assert f"= {value} on the page" in said, (fact.line_id, fact.week_label, said)
        assert f"Counted {n:,} record" in said
        sums = {
            "ratio": f"{number(fact.numerator)} of {number(fact.denominator)}",
            "sum": f"sum {number(top, fact.unit)}",
            "last": f"the newest snapshot gives {number(top, fact.unit)}",
        }
        assert sums[fact.aggregation] in said
        checked += 1
    assert checked > 350


def test_a_page_shows_its_lines_as_they_stand_now(site: Path) -> None:
    ceo = page(site, "ceo.html")
    shown = rows_of_scorecard(ceo)
    assert set(shown) == {
        "finance.revenue",
        "finance.profit_margin",
        "outside_sales.mrr_closed",
        "reactive_ops.same_day_close_rate",
        "reactive_ops.utilization",
        "finance.cash_position",
    }
    # a snapshot is today's and judged by today's goal, a flow is the finished week's
    cash, closed = shown["finance.cash_position"], shown["reactive_ops.same_day_close_rate"]
    assert (
        cash["Newest"].startswith("$523,400")
        and "as of 27 Oct, 07:00" in cash["Newest"]
        and cash["Status"].startswith("Met")
    )
    assert cash["Week before"].startswith("$480,500")
    assert closed["Newest"].startswith("53%") and "Week of 20 October" in closed["Newest"]
    # months: the newest finished one, and the calendar quarter
    revenue, margin = shown["finance.revenue"], shown["finance.profit_margin"]
    assert revenue["Month"].startswith("$90,310.50") and "September 2025" in revenue["Month"]
    assert revenue["Month before"].startswith("$84,100") and revenue["Quarter so far"].startswith(
        "$254,360.75"
    )
    assert margin["Month"].startswith("10%") and margin["Quarter so far"].startswith("10%")
    assert not re.search(r"\b3 Missed", text_of(ceo))  # of its lines two did


def test_receipts_of_a_month(site: Path) -> None:
    cards = all_receipt_cards(site, "2025-09")
    assert list(cards) == ["finance.revenue", "finance.profit_margin"]
    said = text_of(cards["finance.revenue"])
    assert "Counted 1 record, sum $90,310.50 = $90,310.50 on the page" in said
    assert "Sum of 3 months = $254,360.75" in said


def test_receipts_of_confidential_lines_are_in_files_of_their_own(site: Path, published: Path) -> None:
    """A web server can guard them: no other file mentions them."""
    with duckdb.connect(str(published), read_only=True) as connection:
        secret = connection.execute(
            "select line_id from marts.dim_lines where section in ('finance', 'accounting')"
        ).fetchall()
    secret_files, opened = 0, set()
    for file in (site / "receipts").glob("*.html"):
        is_secret = ".confidential." in file.name
        secret_files += is_secret
        text = file.read_text(encoding="utf-8")
        cards = set(receipt_cards(text))
        named = {line for (line,) in secret if f'"{line}"' in text or f"#{line}" in text}
        assert named == (cards if is_secret else set()), file.name
        opened |= cards if is_secret else set()
    assert secret_files > 3 and opened == {
        "finance.cash_position",
        "finance.revenue",
        "finance.profit_margin",
    }
    (link,) = set(
        re.findall(r'href="(receipts/2025-W43[^"]*#finance\.cash_position)"', page(site, "ceo.html"))
    )
    assert link == "receipts/2025-W43.confidential.html#finance.cash_position"
    assert "Receipts, week of 20 October, confidential lines" in page(
        site, "receipts/2025-W43.confidential.html"
    )


def test_all_weeks_count_what_the_page_of_each_week_counts(
    variant: Callable[..., Settings], company: Company
) -> None:
    """A goal on a line outside the page counts nowhere; a monthly line that the page shows counts in both
    places."""
    settings = variant()
    with duckdb.connect(str(settings.published_path)) as connection:
        connection.execute(
            "update marts.fct_scorecard_weekly set status = 'below' where line_id = 'finance.cash_position'"
        )
        connection.execute(
            "update marts.fct_scorecard_monthly set status = 'below', operator = '>=', target = 100000 where"
            " line_id = 'finance.revenue'"
        )

    def counted(lines: list[str]) -> list[str]:
        pages = company.pages.model_copy(update={"lines": {"scorecard": lines}})
        shown = company.model_copy(update={"pages": pages})
        build_site(settings, shown, only=["scorecard", "weeks"])
        rows = re.findall(
            r'<tr role="row" id="([^"]+)">(.*?)</tr>', page(settings.site_dir, "weeks.html"), re.S
        )
        assert len(rows) == 5
        for week, row in rows:
            head = text_of(page(settings.site_dir, f"scorecard/{week}.html"))
            listed = re.search(r"(\d+) missed (\d+) close (\d+) met", text_of(row))
            told = re.search(r"(\d+) Missed (\d+) Close (\d+) Met", head)
            assert listed and told and listed.groups() == told.groups(), week
            assert head.count(", missed") == int(told[1]), "the list of what needs attention has others"
        return [text_of(row) for _, row in rows]

    without = counted(["inside_sales", "reactive_ops"])
    assert "3 missed 0 close 2 met" in without[0]
    with_money = counted(["inside_sales", "reactive_ops", "finance"])
    assert "5 missed 0 close 2 met" in with_money[0]


def test_the_front_door_is_the_newest_scorecard_or_the_first_page(
    site: Path, variant: Callable[..., Settings], company: Company
) -> None:
    assert page(site, "index.html") == page(site, "scorecard.html")
    settings = variant()
    pages = company.pages.model_copy(update={"enabled": ["coo", "ceo"]})
    build_site(settings, company.model_copy(update={"pages": pages}))
    assert page(settings.site_dir, "index.html") == page(settings.site_dir, "ceo.html")


def test_every_page_is_in_the_navigation_of_every_page(site: Path) -> None:
    """Its group is; the pages of a group are in the navigation of each of them."""
    for name, root in (
        ("ceo.html", ""),
        ("index.html", ""),
        ("scorecard/2025-W42.html", "../"),
        ("receipts/2025-W43.html", "../"),
    ):
        nav = re.search(r'<nav class="pages".*?</nav>', page(site, name), re.S)
        assert nav, name
        links = re.findall(r'href="([^"]+)"', nav[0])
        tops = {"scorecard.html", "ceo.html", "data_health.html", "weeks.html"}
        assert {f"{root}{top}" for top in tops} <= set(links)
        assert ("coo.html" in links) == (name == "ceo.html")
        assert all((site / name).parent.joinpath(link).resolve().exists() for link in links)


def test_a_page_without_lines_of_the_company_is_left_out(
    published: Path, company: Company, tmp_path: Path
) -> None:
    other = company.model_copy(
        update={"pages": company.pages.model_copy(update={"lines": {"ceo": ["inside_sales"], "coo": []}})}
    )
    menu = {entry.name: entry.lines for entry in pages_of(other)}
    assert menu["ceo"] == ("inside_sales",) and menu["coo"] == () and menu["scorecard"] == ()
    with (
        closing(connect(published)) as connection,
        pytest.raises(SiteError, match="pages.lines.ceo: there is no section or line sales"),
    ):
        wrong = company.model_copy(
            update={"pages": company.pages.model_copy(update={"lines": {"ceo": ["sales"]}})}
        )
        with_lines(connection, wrong, pages_of(wrong))
    with closing(connect(published)) as connection:
        entries = [replace(entry, lines=("nowhere",)) for entry in pages_of(company) if entry.name == "coo"]
        assert with_lines(connection, company, entries) == []


def test_a_receipt_that_does_not_add_up_says_so(published: Path) -> None:
    fact = facts(published, "f.line_id = 'inside_sales.dials' and f.week_label = '2025-W43'")[0]
    totals = Row(counted=True, records=100, numerator=Decimal(100), denominator=Decimal(100))
    assert not total(fact, [totals]).agrees
    assert total(fact, [totals, Row(totals, records=1, numerator=Decimal(1))]).agrees


def test_a_full_disk_is_said_and_keeps_the_last_good_pages(
    settings: Settings, company: Company, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with small_disk(tmp_path / "disk", "1m") as place:
        monkeypatch.setattr(Settings, "site_dir", property(lambda self: place))
        build_site(settings, company, only=["definitions"])
        good = page(place, "definitions.html")
        (place / "filler").write_bytes(b"x" * (1_000_000 - len(good.encode())))
        (place / FINGERPRINTS).unlink()
        with pytest.raises(DiskFull, match=f"The disk with {place} is full"):
            build_site(settings, company, only=["definitions"])
        assert page(place, "definitions.html") == good


def test_receipts_list_the_first_records_and_the_statement_for_all(published: Path, company: Company) -> None:
    with closing(connect(published)) as connection:
        asked = {"start": W43, "end": W43 + timedelta(days=6), "cadence": "week", "most": 3}
        links = Receipts("../", {})
        renderer = Renderer(connection, pages_of(company), Result("mails", [], []), lambda root: links)
        period = Period(renderer.results("receipts", asked))
        (part, *_) = period.parts(links)
        (card,) = [card for card in part.cards if 'id="inside_sales.dials"' in card]
        assert "Counted: 101 records" in card and "The first 3 are listed" in card
        assert card.count("<tr><td>") < 101
        (statement, *_) = re.findall(r"<pre><code>(.*?)</code>", card, re.DOTALL)
        connection.execute("use published")
        assert len(connection.execute(html.unescape(statement)).fetchall()) == 101


def test_left_out_records_are_listed_with_their_reason(site: Path) -> None:
    card = receipt_cards(page(site, "receipts/2025-W43.html"))["inside_sales.dials"]
    said = text_of(card)
    for reason in (
        "Deleted or archived in the source",
        "In a queue that does not count",
        "Counted already for Victor Lang",
    ):
        assert f"Left out: 1 record, {reason}" in said
    assert card.count("<tr><td>") == 101 + 3 + 4 + 3, (
        "101 counted, 3 left out, 4 weeks of the quarter, 3 made a difference"
    )


def test_the_quarter_number_has_its_receipt(site: Path) -> None:
    cards = receipt_cards(page(site, "receipts/2025-W43.html"))
    assert "Quarter average 58% Pooled: 177 of 304 = 58%." in text_of(
        cards["reactive_ops.same_day_close_rate"]
    )
    assert "Mean of 3 weeks = 2.33." in text_of(cards["outside_sales.coi_attended"])


def test_the_quarter_summary_and_its_receipts(site: Path) -> None:
    said = text_of(page(site, "scorecard.html"))
    glance = said[said.index("Q4 2025 at a glance") :]
    for label, value in (
        ("Deals", "18"),
        ("Value of all deals", "$97,743.96"),
        ("Deals won", "2"),
        ("Deals lost", "13"),
        ("Deals in progress", "3"),
    ):
        assert re.search(
            rf"{re.escape(label)} .*?{re.escape(value)}: records of {re.escape(label)}, Q4 2025", glance
        ), label
    assert "Counted 18 records, sum 18 = 18 on the page." in text_of(page(site, "receipts/2025-Q4.html"))


def test_hostile_texts_stay_texts(site: Path) -> None:
    html = page(site, "receipts/2025-W43.html")
    said = text_of(html)
    for text in HOSTILE:
        assert plain(text) in said, text[:40]
    assert "Lorem ipsum" in said and len(max(re.findall(r"Lorem[^<]*", html), key=len)) <= 160
    for file in site.rglob("*.html"):
        content = file.read_text(encoding="utf-8")
        assert content.count("<script>") == 1 and content.count("<img") == 0, file
        for link in re.findall(r'href="([^"]*)"', content):
            assert re.match(
                r"https?://|#|data:,$|(\.\./)?[a-z_]+(/[\w.-]+)?\.(html|pdf)(#[\w.-]+)?$", link, re.I
            ), (file, link)
    assert 'href="javascript' not in html and 'href="data:text' not in html and 'href="//no' not in html


def test_pages_are_self_contained_and_within_the_budget(site: Path) -> None:
    files = list(site.rglob("*.html"))
    top = {file.stem for file in site.glob("*.html")}
    assert top > {"index", "scorecard", "weeks", "ceo", "data_health", "definitions", "review"}
    open_receipts = [file for file in site.glob("receipts/*.html") if ".confidential." not in file.name]
    others = [file for file in files if file.parent.name != "receipts"]
    assert len(open_receipts) == 35 + 5 + 1, "of weeks, months and the quarter"
    assert len(others) == 34 + 34 + 13 + len(top), "weeks, as published, reviews, pages"
    for file in files:
        content = file.read_text(encoding="utf-8")
        assert file.stat().st_size <= BUDGET, file
        assert "@import" not in content and not re.search(r"url\((?!data:)", content)
        assert not re.search(r"<(?:script|link|img|iframe)[^>]+(?:src|href)=\"(?!data:)", content), file


def test_every_link_inside_the_site_leads_somewhere(site: Path) -> None:
    anchors: dict[Path, set[str]] = {}
    papers = {file.resolve() for file in site.rglob("*.pdf")}
    for file in site.rglob("*.html"):
        anchors[file.resolve()] = set(re.findall(r'\bid="([^"]+)"', file.read_text(encoding="utf-8")))
    checked = 0
    for file in anchors:
        for link in re.findall(r'href="(?!https?:|HTTPS?:|data:)([^"]*)"', file.read_text(encoding="utf-8")):
            target, _, fragment = link.partition("#")
            other = (file.parent / target).resolve() if target else file
            assert other in anchors or (other in papers and not fragment), (file.name, link)
            assert not fragment or fragment in anchors[other], (file.name, link)
            checked += 1
    assert checked > 3000


def test_the_header_says_what_is_missing_and_how_far_the_data_reaches(site: Path) -> None:
    said = text_of(page(site, "scorecard.html"))
    assert "1 number is missing" in said
    assert "Not typed in for the week of 20 October: Website traffic (Marketing, Dana Whitfield)." in said
    assert "late.csv line 3: unknown metric <b>'netwroking_events'</b>" in said
    assert "HubSpot Up to date 27 Oct, 05:00" in said
    assert "late.csv" not in text_of(page(site, "scorecard/2025-W30.html")), (
        "today's file says nothing new about an old week"
    )


def test_the_running_week_stands_apart(site: Path) -> None:
    said = text_of(page(site, "scorecard.html"))
    assert (
        "This week so far" in said
        and "of the week of 27 October" in said
        and "provisional and not judged" in said
    )
    assert "This week so far" not in text_of(page(site, "scorecard/2025-W42.html"))


def test_attention_comes_first_with_owner_and_streak(site: Path) -> None:
    said = text_of(page(site, "scorecard.html"))
    listed = said[said.index("Needs attention") : said.index("Inside sales Line")]
    assert listed.startswith(
        "Needs attention Same-day close rate, missed53%(42 of 79) goal 70%17 points shortSam Okafor"
        "missed 2 weeks in a row"
    )
    assert listed.count("weeks in a row") + listed.count("this week") == 9
    assert "COI meetings attended (Hybrid sales)" in listed


def test_stale_numbers_carry_their_date(variant: Callable[..., Settings], company: Company) -> None:
    settings = variant(
        stale={"inside_sales.dials"},
        missing={"reactive_ops.utilization"},
        sources={"hubspot": {"state": "late"}},
    )
    build_site(settings, company, only=["scorecard"])
    html = page(settings.site_dir, "scorecard.html")
    rows = rows_of_scorecard(html)
    assert "Stale complete to 23 Oct, 07:00" in rows["inside_sales.dials"]["This week"]
    assert rows["reactive_ops.utilization"]["This week"].startswith("–")
    assert "No data Missing source not complete" in rows["reactive_ops.utilization"]["This week"]
    assert rows["reactive_ops.utilization"]["Status"] == "No data"
    said = text_of(html)
    assert (
        "Not all of the week of 20 October has arrived yet: Dials" in said
        and "HubSpot is late: its data is complete to" in said
    )


def test_a_number_that_was_published_otherwise_is_marked(site: Path) -> None:
    rows = rows_of_scorecard(page(site, "scorecard.html"))
    dials = rows["inside_sales.dials"]
    assert "Restated was 102 until 27 Oct: 1 record removed, and 1 change before" in dials["This week"]
    assert "101 (restated)" in dials["13 weeks"]
    assert "Restated was $500 until 21 Oct" in rows["outside_sales.mrr_closed"]["Last week"]
    assert "Restated was 50% (30 of 60) until 21 Oct" in rows["reactive_ops.same_day_close_rate"]["Last week"]
    assert (
        "Restated"
        not in rows["inside_sales.ftas_set"]["This week"] + rows["inside_sales.ftas_set"]["Last week"]
    )
    filled = rows_of_scorecard(page(site, "scorecard/2025-W41.html"))["outside_sales.networking_events"][
        "This week"
    ]
    assert "Filled in blank until 21 Oct: 1 record added" in filled
    shown = rows_of_scorecard(page(site, "scorecard/2025-W39.html"))["inside_sales.dials"]["This week"]
    assert "New goal goal was ≥ 100 until 21 Oct" in shown


def test_a_changed_definition_is_marked_on_the_chart(site: Path) -> None:
    html = page(site, "scorecard.html")
    rows = rows_of_scorecard(html)
    # what is shown, and what is read out
    dials = rows["inside_sales.dials"]["13 weeks"]
    assert f"13 Oct goal ≥ 100 → ≥ 125 Goal ≥ 100 → ≥ 125 from 13 Oct 2025: {SCRIPT}. oldest first" in dials
    assert (
        "20 Oct SQL changed SQL changed on 21 Oct 2025."
        in rows["reactive_ops.same_day_close_rate"]["13 weeks"]
    )
    assert html.count('<g class="change">') == html.count('class="redefined"') == 2, "settings are not marked"
    assert '<g class="change">' not in page(site, "scorecard/2025-W41.html"), "the change was yet to come"
    assert (
        "1 Aug SQL changed" in rows_of_scorecard(page(site, "finance.html"))["finance.revenue"]["13 months"]
    )
    definitions = text_of(page(site, "definitions.html"))
    assert (
        "Changed Settings changed on 20 Oct 2025." in definitions
        and "Changed SQL changed on 21 Oct 2025." in definitions
    )


def test_the_page_lists_what_has_changed_since_its_monday(site: Path) -> None:
    said = text_of(page(site, "scorecard.html"))
    listed = said[said.index("10 numbers of finished periods changed") :]
    assert (
        "Dials Inside sales, week of 20 October 102 101: records of Dials 27 Oct 2025 Restated 1 record removed"
        in listed
    )
    assert (
        "Networking events Outside sales, week of 6 October blank 2: records of Networking events 21 Oct 2025"
        " Filled in" in listed
    )
    assert "Dials Inside sales, week of 8 September ≥ 100 ≥ 125 21 Oct 2025 New goal goal changed" in listed
    assert "finished periods changed" not in text_of(page(site, "scorecard/2025-W30.html"))


def test_the_receipts_name_the_records_that_made_the_difference(site: Path) -> None:
    html = receipt_cards(page(site, "receipts/2025-W43.html"))["inside_sales.dials"]
    said = text_of(html)
    assert (
        "Restated 101, was 102: 1 record removed. Published Mon 27 Oct 2025, 06:00 CDT; what it was, Fri 24"
        " Oct 2025, 06:00 CDT." in said
    )
    assert said.index("101, was 102") < said.index("102, was 100"), "the newest change first"
    assert "Left out now: In a queue that does not count" in said and "Moved here from 17 Oct 2025" in said
    assert plain(SCRIPT) in said and "<script" not in html and 'href="javascript' not in html
    before = receipt_cards(page(site, "receipts/2025-W42.html"))
    assert "Amount $0, was $500" in text_of(before["outside_sales.mrr_closed"])
    rate = text_of(before["reactive_ops.same_day_close_rate"])
    assert (
        "49% (29 of 59), was 50% (30 of 60): definition changed, 1 record removed" in rate
        and "No longer a record of this line" in rate
    )


@pytest.mark.slow
def test_long_receipts_are_spread_over_pages_within_the_budget(
    variant: Callable[..., Settings], company: Company
) -> None:
    settings = variant(left_out=400, changes=0)
    build_site(settings, company, only=["scorecard", "receipts"])
    folder = settings.site_dir / "receipts"
    parts = sorted(folder.glob("2025-W43*.html"))
    assert len(parts) > 3
    assert all(part.stat().st_size <= BUDGET for part in parts)
    rows = sum(part.read_text(encoding="utf-8").count("<tr><td>") for part in parts)
    with duckdb.connect(str(settings.published_path), read_only=True) as connection:
        (records,) = connection.execute(
            "select count(*) from marts.fct_contributions where week_label = '2025-W43' and line_id not like"
            " 'quarter%'"
        ).fetchone() or (0,)
    weeks = sum(len(re.findall(r"<tr><td>Week of ", part.read_text(encoding="utf-8"))) for part in parts)
    assert rows - weeks == records, "records were lost between the pages"
    for line, href in re.findall(
        r'<tr role="row" id="([^"]+)">.*?class="n now"[^>]*><b><a class="rc" href="([^"]+)"',
        page(settings.site_dir, "scorecard.html"),
        re.S,
    ):
        target, _, fragment = href.partition("#")
        assert fragment == line and f'id="{line}"' in page(settings.site_dir, target)


def test_history_weeks_limits_the_pages_and_what_leads_to_them(settings: Settings, company: Company) -> None:
    short = company.model_copy(update={"pages": company.pages.model_copy(update={"history_weeks": 2})})
    build_site(settings, short, only=["scorecard", "weeks"])
    weeks = ["2025-W42", "2025-W43"]
    assert sorted(file.name for file in (settings.site_dir / "scorecard").iterdir()) == [
        f"{week}.{kind}" for week in weeks for kind in ("html", "pdf")
    ]
    index = page(settings.site_dir, "weeks.html")
    assert set(re.findall(r'href="(?:scorecard|receipts)/([\w-]+)\.html"', index)) == {"2025-W42", "2025-W43"}


def test_a_second_build_replaces_and_removes(variant: Callable[..., Settings], company: Company) -> None:
    settings = variant(left_out=400)
    build_site(settings, company)
    PublishedFile(settings.published_path, earlier=0).write()
    files = build_site(settings, company).files
    # pages as they were published stay for ever
    now, listed = (
        sorted(file for file in some if file.parent.name != "published")
        for some in (settings.site_dir.rglob("*.[hp]*"), files)
    )
    assert now == listed
    others = [path for path in settings.site_dir.rglob("*") if path.suffix not in (".html", ".pdf")]
    assert [path.name for path in others if path.is_file()] == [FINGERPRINTS], "pieces were left behind"


@pytest.mark.slow
def test_two_builds_are_equal(variant: Callable[..., Settings], company: Company) -> None:
    settings = variant()
    first = {file: file.read_bytes() for file in build_site(settings, company).written}
    (settings.site_dir / FINGERPRINTS).unlink()
    again = build_site(settings, company).written
    assert {file: file.read_bytes() for file in first} == first and set(again) < set(first)


def test_a_page_that_fails_leaves_the_last_good_one(
    variant: Callable[..., Settings], company: Company, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings, only = variant(), ["scorecard", "weeks"]
    build_site(settings, company, only=only)
    good = page(settings.site_dir, "scorecard.html")
    broken = tmp_path / "pages"
    shutil.copytree(PAGES, broken)
    text = (broken / "scorecard.md").read_text(encoding="utf-8")
    (broken / "scorecard.md").write_text(
        text.replace("{{ Headline(lines, months) }}", "{{ Headlines(lines, months) }}"), encoding="utf-8"
    )
    place = text[: text.index("{{ Headline(lines, months) }}")].count("\n") + 1
    monkeypatch.setattr("reports.pages.PAGES", broken)
    (settings.site_dir / "weeks.html").unlink()
    with pytest.raises(
        SiteError, match=rf"pages/scorecard.md, line {place}: UndefinedError: 'Headlines' is undefined"
    ) as caught:
        build_site(settings, company, only=only)
    assert "scorecard/2025-W39.html and 4 other pages" in str(caught.value)
    assert page(settings.site_dir, "scorecard.html") == good
    assert (settings.site_dir / "weeks.html").exists(), "the other pages were not built"


def test_a_page_that_no_one_knows(settings: Settings, company: Company) -> None:
    odd = company.model_copy(
        update={"pages": company.pages.model_copy(update={"enabled": ["scorecard", "sails"]})}
    )
    with pytest.raises(SiteError, match="pages.enabled: there is no page sails"):
        build_site(settings, odd)


def test_nothing_is_published(tmp_path: Path, company: Company) -> None:
    from tests.reports.conftest import settings_for

    with pytest.raises(LookupError, match="make demo"):
        build_site(settings_for(tmp_path / "empty"), company)


def test_week_53(variant: Callable[..., Settings], company: Company, tmp_path: Path) -> None:
    """2026 has 53 weeks: the page numbers them by the calendar."""
    from reports.components.scorecard import Masthead
    from reports.engine.queries import Result

    build = Result("build", [], [Row(company_name="x", as_of=None, time_zone="UTC")])
    assert "<small>W53</small>" in Masthead(build, build, date(2026, 12, 28), True)
    assert "<small>W01</small>" in Masthead(build, build, date(2025, 12, 29), True)


def test_links_go_nowhere_where_there_are_no_receipts() -> None:
    links: Any = Receipts("../", {("2025-W43", "a.b"): "receipts/2025-W43.html"})
    assert links.href("2025-W43", "a.b", "quarter") == "../receipts/2025-W43.html#a.b.quarter"
    assert links.href("2025-W42", "a.b") is None


def test_a_past_week_can_be_opened_as_it_was_published_and_as_it_is_known_now(
    variant: Callable[..., Settings], company: Company
) -> None:
    settings = variant()
    build_site(settings, company, only=["scorecard"])
    published, now = (
        settings.site_dir / "published/2025-W42.html",
        settings.site_dir / "scorecard/2025-W42.html",
    )
    before = published.read_bytes()
    assert (
        "as first published" in text_of(before.decode())
        and "70" in rows_of_scorecard(before.decode())["inside_sales.dials"]["This week"]
    )
    with duckdb.connect(str(settings.published_path)) as connection:
        connection.execute(
            "update marts.fct_scorecard_weekly set value = 71 where line_id = 'inside_sales.dials' and"
            " week_label = '2025-W42'"
        )
    build_site(settings, company, only=["scorecard"])
    assert published.read_bytes() == before
    html = now.read_text(encoding="utf-8")
    assert rows_of_scorecard(html)["inside_sales.dials"]["This week"].startswith("71")
    assert (
        'href="../published/2025-W42.html"' in html and 'href="../scorecard/2025-W42.html"' in before.decode()
    )


def test_data_health_follows_the_mails_once_there_is_a_site(settings: Settings, company: Company) -> None:
    page = settings.site_dir / "data_health.html"
    refresh_data_health(settings, company)
    assert not page.exists()
    build_site(settings, company, only=[page.stem])
    with duckdb.connect(str(settings.published_path)) as connection:
        connection.execute(
            "insert into marts.fct_load_warnings (source, source_label, warning, last_seen_at) "
            "values ('hubspot', 'HubSpot', 'deals 7: amount <b>lots</b> is not a number', timestamptz '2025-10-27 12:00:00+00')"
        )
    refresh_data_health(settings, company)
    assert "deals 7: amount &lt;b&gt;lots&lt;/b&gt; is not a number" in page.read_text(encoding="utf-8")


def test_the_page_that_the_docs_show_is_built(
    settings: Settings, company: Company, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    shutil.copytree(PAGES, tmp_path / "pages")
    docs = (PAGES.parents[1] / "docs" / "pages.md").read_text(encoding="utf-8")
    (tmp_path / "pages" / "service.md").write_text(docs.split("````markdown\n")[1].split("````")[0])
    monkeypatch.setattr("reports.pages.PAGES", tmp_path / "pages")
    build_site(settings, company, only=["service"])
    assert "How we serve our clients." in page(settings.site_dir, "service.html")


def test_the_newest_weeks_are_there_on_paper_without_what_is_confidential(site: Path) -> None:
    """A PDF is a file that travels, so pages with a confidential line have none. The portal makes any
    other."""
    made = sorted(path.relative_to(site).as_posix() for path in site.rglob("*.pdf"))
    weeks = [f"scorecard/2025-W{week}.pdf" for week in range(40, 44)]
    assert {"scorecard.pdf", "marketing.pdf", *weeks} <= set(made), made
    assert not {"ceo.pdf", "coo.pdf", "finance.pdf", "scorecard/2025-W39.pdf"} & set(made)
    for name in made:
        assert (site / name).read_bytes().startswith(b"%PDF-"), name
    newest = page(site, "scorecard.html")
    assert 'href="scorecard/2025-W43.pdf"' in newest and 'href="marketing.pdf"' in page(
        site, "marketing.html"
    )
    assert 'href="../scorecard/2025-W43.pdf"' in page(site, "scorecard/2025-W43.html")
    for name in ("scorecard/2025-W39.html", "ceo.html", "published/2025-W43.html"):
        assert ".pdf" not in page(site, name), name


def test_a_page_that_becomes_confidential_loses_its_pdf(settings: Settings, company: Company) -> None:
    few = company.model_copy(update={"pages": company.pages.model_copy(update={"history_weeks": 1})})
    build_site(settings, few)
    assert (settings.site_dir / "scorecard.pdf").exists()
    access = few.access.model_copy(update={"confidential": ["reactive_ops"]})
    build_site(settings, few.model_copy(update={"access": access}))
    assert not [path for path in settings.site_dir.rglob("*.pdf") if "scorecard" in str(path)]
    assert ".pdf" not in page(settings.site_dir, "scorecard.html")
