"""One metric has one value wherever it appears: marts, every page that shows it, its receipts and the
mails."""

from __future__ import annotations

import re
from collections import defaultdict
from decimal import Decimal
from email import message_from_bytes, policy
from typing import Any

import pytest

from reports.look import numbers
from tests.e2e.conftest import Install
from tests.support.reading import text_of

pytestmark = pytest.mark.e2e

PERIODS = """
select 'week' as cadence, line_id, week_label as period, value, target, target_2, status from marts.fct_scorecard_weekly
union all
select 'month', line_id, month_label, value, target, target_2, status from marts.fct_scorecard_monthly
union all
select 'quarter', line_id, quarter_label, value, target, target_2, status from marts.fct_scorecard_quarterly
"""
_NUMBER = re.compile(
    r'<a class="rc" href="(?:\.\./)*receipts/([^"#.]+)(?:\.confidential)?(?:\.\d+)?\.html#([^"]+)">([^<]*)<span'
)

Shown = dict[tuple[str, str], set[str]]
"""(line_id, period) -> how it is written."""


def _on_pages(install: Install) -> dict[str, Shown]:
    """Page -> its numbers. Numbers of a whole quarter have an anchor of their own: what is averaged is no
    line's value."""
    pages = {}
    for file in (install.home / "site").rglob("*.html"):
        shown: Shown = defaultdict(set)
        for period, anchor, text in _NUMBER.findall(file.read_text(encoding="utf-8")):
            if not anchor.endswith(".quarter"):
                shown[anchor, period].add(text)
        if shown:
            pages[str(file.relative_to(install.home / "site"))] = shown
    return pages


@pytest.fixture(scope="module")
def marts(made: dict[str, Install]) -> dict[tuple[str, str], set[str]]:
    """(line_id, period) -> how the mart's value may be written: beside its goal it may take more digits to
    differ from it."""
    units = {
        line: "money:USD" if unit == "money" else unit
        for line, unit in made["monday"].query("select line_id, unit from marts.dim_lines")
    }
    return {
        (line, period): (
            {
                numbers.number(value, units[line]),
                numbers.judged(value, units[line], (target, target_2)),
            }
            | ({"n/a"} if status == "not_applicable" else set())
        )
        for _, line, period, value, target, target_2, status in made["monday"].query(PERIODS)
    }


def test_every_page_shows_the_value_of_the_mart(monday: Install, marts: Shown) -> None:
    pages = _on_pages(monday)
    assert {"scorecard.html", "ceo.html", "coo.html", "scorecard/2025-W42.html"} <= pages.keys()
    everywhere: Shown = defaultdict(set)
    for page, shown in pages.items():
        for key, texts in shown.items():
            assert texts <= marts[key], f"{page}: {key} reads {texts}, the mart {marts[key]}"
            everywhere[key] |= texts
    assert sum(len(texts) > 1 for texts in everywhere.values()) == 0, "two pages write one number in two ways"
    assert len(everywhere) > 100


def test_receipts_count_up_to_what_the_page_shows(monday: Install, marts: Shown) -> None:
    found = 0
    for file in (monday.home / "site" / "receipts").glob("*.html"):
        period = file.stem.partition(".")[0]  # long ones have several files
        sections = re.findall(
            r'<section class="card receipt" id="([^"]+)">(.*?)</section>',
            file.read_text(encoding="utf-8"),
            re.S,
        )
        for line, section in sections:
            if total := re.search(r"= (\S+?) on the page", text_of(section)):
                assert total[1] in {text.split(" ")[0] for text in marts[line, period]}, (period, line)
                found += 1
    assert found > 100


def test_every_mail_shows_the_value_of_the_mart(monday: Install, marts: Shown) -> None:
    lines: dict[tuple[str, str], list[Any]] = defaultdict(list)
    for line, section, label in monday.query(
        "select line_id, section_label, label from marts.dim_lines where cadence = 'week'"
    ):
        lines[section, label].append(line)
    assert len(monday.mails()) == 3
    for file in monday.mails():
        plain = message_from_bytes(file.read_bytes(), policy=policy.default).get_body(("plain",))  # type: ignore[attr-defined]
        _, table = plain.get_content().split("LINES WITH A GOAL")
        section, found = "", 0
        for row in table.splitlines():
            if re.match(r"\S", row):
                section = row.strip()
            elif cells := re.match(r"  (\S.*?) {2,}(\S+(?: min| h| days)?) {2,}", row):
                (line,) = lines.get((section, cells[1]), [None])
                if line:
                    assert cells[2] in marts[line, "2025-W43"], (file.name, row)
                    found += 1
        assert found >= 3, file.name


def test_the_marts_are_their_contributions(monday: Install) -> None:
    """Ratios are their parts divided, never an average of rates: numerator over denominator of the counted
    records."""
    rows = monday.query("""
        select f.line_id, f.week_label, f.value, sum(c.numerator), sum(c.denominator)
        from marts.fct_scorecard_weekly as f
        join marts.dim_lines as d using (line_id)
        join marts.fct_contributions as c on c.line_id = f.line_id and c.period_start = f.week_start and c.counted
        where d.aggregation = 'ratio' and f.value is not null
        group by all
        """)
    assert len(rows) > 50
    for line, week, value, numerator, denominator in rows:
        assert abs(Decimal(value) - Decimal(numerator) / Decimal(denominator)) < Decimal("1e-6"), (line, week)
