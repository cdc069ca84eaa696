"""The records that the sandbox serves at the demo's clock give exactly the golden weeks of the design, for more than one seed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal

import pytest

from dlt_pipelines.sandbox import Sandbox, running_sandbox
from foundation.settings import Settings, load_company
from tests.sandbox.conftest import DEMO_CLOCK
from tests.sandbox.scorecard import MAYA, NOOR, VICTOR, Scorecard, weeks
from tests.sandbox.wire import Wire

GOLDEN = ("2025-W40", "2025-W41", "2025-W42", "2025-W43")


def read(sandbox: Sandbox) -> Scorecard:
    return Scorecard(Wire(sandbox.url), load_company(Settings()))


@pytest.fixture(scope="module", params=[1, 20])
def card(request: pytest.FixtureRequest) -> Iterator[Scorecard]:
    with running_sandbox(DEMO_CLOCK, seed=request.param, limits=False) as running:
        yield read(running)


def golden(numbers: dict[str, int], first: int = 0) -> list[int]:
    return [numbers.get(week, 0) for week in GOLDEN[first:]]


def test_inside_sales(card: Scorecard) -> None:
    assert golden(card.dials(MAYA)) == [95, 78, 70, 101]
    assert golden(card.conversations(MAYA)) == [9, 12, 16, 21]
    assert golden(card.ftas_set(MAYA)) == [1, 0, 1, 0]


def test_outside_sales(card: Scorecard) -> None:
    assert golden(card.attended("First appointment", MAYA, VICTOR), 1) == [0, 1, 1]
    assert golden(card.attended("COI meeting", MAYA, VICTOR), 1) == [2, 3, 2]
    assert not [week for week, _ in card.won(MAYA, VICTOR) if week in GOLDEN[1:]]


def test_hybrid_sales_did_nothing_in_week_43(card: Scorecard) -> None:
    assert golden(card.coi_created(NOOR), 1) == [1, 2, 0]
    assert golden(card.attended("COI meeting", NOOR), 1) == [1, 2, 0]


def test_warm_list(card: Scorecard) -> None:
    assert len(card.members) == 250
    assert card.dials(VICTOR, warm=True)["2025-W43"] == 14
    assert card.conversations(VICTOR, warm=True)["2025-W43"] == 4
    assert card.ftas_set(VICTOR, warm=True)["2025-W43"] == 1


def test_reactive_operations(card: Scorecard) -> None:
    assert golden(card.opened()) == [80, 79, 78, 69]
    assert golden(card.closed()) == [84, 82, 59, 79]
    assert golden(card.closed(same_day=True)) == [53, 53, 29, 42]
    hours = card.hours()
    assert [hours[week] for week in GOLDEN] == [
        (Decimal("118"), Decimal("200")),
        (Decimal("118"), Decimal("200")),
        (Decimal("110"), Decimal("200")),
        (Decimal("125.5"), Decimal("199.2")),
    ]


def test_quarter_summary(card: Scorecard) -> None:
    summary = card.quarter("2025-Q4", date(2025, 10, 27))
    assert summary == {"total": 18, "value": Decimal("97743.96"), "won": 2, "lost": 13, "in_progress": 3}


def test_utc_days_would_give_other_numbers(card: Scorecard, monkeypatch: pytest.MonkeyPatch) -> None:
    """The records at the edges of the company's days are there: whoever forgets the time zone misses the golden weeks."""
    monkeypatch.setattr(Scorecard, "day", lambda self, text: date.fromisoformat(text[:10]))
    assert golden(card.dials(MAYA)) != [95, 78, 70, 101]
    assert golden(card.opened()) != [80, 79, 78, 69]
    assert golden(card.closed()) != [84, 82, 59, 79]
    assert golden(card.closed(same_day=True)) != [53, 53, 29, 42]
    assert golden(card.attended("COI meeting", MAYA, VICTOR), 1) != [2, 3, 2]
    assert card.quarter("2025-Q4", date(2025, 10, 27))["lost"] == 14


def test_history_is_plausible(card: Scorecard) -> None:
    """Thirteen weeks before the golden ones: numbers in the range of such a company, statuses that vary."""
    past = weeks("2025-W27", date(2025, 9, 28))
    dials = [card.dials(MAYA)[week] for week in past]
    assert 70 <= min(dials) and max(dials) <= 132 and len(set(dials)) > 6
    closed, same = card.closed(), card.closed(same_day=True)
    rates = [same[week] / closed[week] for week in past]
    assert 0.45 <= min(rates) and max(rates) <= 0.75 and min(rates) < 0.6 < max(rates)
    hours = card.hours()
    used = [hours[week][0] / hours[week][1] for week in past]
    assert Decimal("0.5") <= min(used) < Decimal("0.6") < max(used) <= Decimal("0.67")
    warm = card.dials(VICTOR, warm=True)
    assert min(warm[week] for week in past) >= 8
    assert max(warm[week] for week in past) >= 25


def test_fifteen_months_of_history(card: Scorecard) -> None:
    assert all(card.dials(MAYA)[week] > 0 and card.opened()[week] > 0 for week in weeks("2024-W31", date(2025, 10, 26)))


def test_what_changes_week_43_after_the_demo() -> None:
    """Exactly what `RESTATEMENTS` of both sides says."""
    with running_sandbox("2025-10-28T23:00:00Z", limits=False) as sandbox:
        card, week = read(sandbox), "2025-W43"
        assert card.dials(MAYA)[week] == 102
        assert card.attended("First appointment", MAYA, VICTOR)[week] == 2
        assert card.hours()[week] == (Decimal("125.5"), Decimal("200.7"))
        assert (card.opened()[week], card.closed()[week], card.closed(same_day=True)[week]) == (68, 78, 42)
        sandbox.set_clock("2025-10-30T23:00:00Z")
        card = read(sandbox)
        assert card.dials(MAYA)[week] == 101
        assert card.conversations(MAYA)[week] == 21
        assert (card.opened()[week], card.closed()[week]) == (67, 78)
        assert golden(card.dials(MAYA))[:3] == [95, 78, 70]


def test_life_goes_on_to_the_end_of_2026() -> None:
    with running_sandbox("2026-12-31T12:00:00Z", limits=False) as sandbox:
        card = read(sandbox)
        labels = weeks("2025-W44", date(2026, 12, 26))
        assert all(card.dials(MAYA)[week] > 0 and card.opened()[week] > 0 and card.closed()[week] > 0 for week in labels)
        assert sum(week > "2025-W43" for week, _ in card.won(MAYA, VICTOR)) > 10
