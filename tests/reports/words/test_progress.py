"""Pages about a movement: the sentence under its line and in its receipts, and the running periods against
their goals."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from reports.components.links import Receipts
from reports.components.macros import macros
from reports.components.pace import Pace
from reports.engine.queries import Result, Row
from tests.support.published import SCRIPT
from tests.support.reading import receipt_cards, text_of


def row(**values: Any) -> Row:
    return Row(
        {
            "line_id": "sample.line",
            "label": "Dials", "section_label": "Inside sales", "sort_order": 1, "cadence": "week", "unit": "count", "span": "week",
            "period_label": "2025-W44", "period_start": date(2025, 10, 27), "value": Decimal(30), "operator": ">=", "target": Decimal(100), "target_2": None,
            "expected_so_far": Decimal(50), "needed": Decimal("28.01"), "units_left": Decimal("2.5"), "working_days_left": Decimal("2.5"),
            "pace": "behind", "status": None, "periods_with_number": 1, "periods_begun": 1,
        }
        | values
    )  # fmt: skip


def shown(*rows: Row) -> str:
    return str(Pace(Result("pace", list(rows[0]), list(rows)), Receipts(), "2025-W44"))


def test_the_sentence_stands_under_its_line_and_in_its_receipts(site: Path) -> None:
    page = (site / "scorecard.html").read_text(encoding="utf-8")
    (why,) = re.findall(r'<tr role="row" class="why">(.*?)</tr>', page, re.S)
    assert text_of(why) == f"Against the period before: Up 31: {SCRIPT} +24, Victor Lang +7."
    before = page[: page.index('class="why"')]
    assert before.rindex('id="inside_sales.dials"') > before.rindex("<table")
    card = receipt_cards((site / "receipts" / "2025-W43.html").read_text(encoding="utf-8"))[
        "inside_sales.dials"
    ]
    assert f"Up 31: {SCRIPT} +24, Victor Lang +7." in text_of(card)
    # a week without one has none
    assert 'class="why"' not in (site / "scorecard" / "2025-W42.html").read_text(encoding="utf-8")
    moved = macros("movement.html").Moved
    assert moved(None) == moved("") == ""


def test_the_running_periods_stand_beside_the_running_week(site: Path) -> None:
    text = text_of((site / "scorecard.html").read_text(encoding="utf-8"))
    assert "Q4 2025 against its goals: 1 behind, 1 ahead" in text
    assert "The week has just started: 5 working days left." in text
    assert "against its goals" not in text_of(
        (site / "scorecard" / "2025-W42.html").read_text(encoding="utf-8")
    )


def test_what_is_needed_is_rounded_up() -> None:
    text = text_of(shown(row()))
    assert "30" in text and "50 by now" in text and "28.1" in text and "2.5 left" in text
    assert "$1,251" in text_of(shown(row(unit="money:USD", needed=Decimal("1250.2"))))
    assert "at most 5" in text_of(shown(row(operator="<=", pace="ahead", needed=Decimal(5))))


@pytest.mark.parametrize("pace", ["done", "over"])
def test_nothing_is_needed_where_nothing_helps(pace: str) -> None:
    assert "left" not in text_of(shown(row(pace=pace)))


def test_what_is_behind_comes_first_and_opens_the_list() -> None:
    html = shown(
        row(label="Fine", pace="on_pace"),
        row(label="Worse", value=Decimal(0)),
        row(label="Bad"),
        row(label="Done", pace="done"),
    )
    assert [html.index(label) for label in ("Worse", "Bad", "Fine", "Done")] == sorted(
        html.index(label) for label in ("Worse", "Bad", "Fine", "Done")
    )
    assert '<details class="card running pace" open>' in html
    assert "2 behind, 1 on pace, 1 done" in text_of(html)
    assert " open>" not in shown(row(pace="ahead"))


def test_an_incomplete_quarter_says_so() -> None:
    text = text_of(shown(row(span="quarter", period_label="2025-Q4", periods_with_number=3, periods_begun=4)))
    assert "3 of 4 weeks with a number" in text and "Needed each week" in text


def test_a_rate_has_a_status_and_no_bar() -> None:
    html = shown(
        row(label="Same-day", unit="percent", value=Decimal("0.58"), target=Decimal("0.7"), pace=None, status="below", expected_so_far=None,
            needed=None, units_left=None)
    )  # fmt: skip
    assert "58%" in html and "Missed" in html and "pacebar" not in html
