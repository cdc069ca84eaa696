"""Why a number moved: parts that add up, mix and rate, and the sentence. The arithmetic on known cases:
_progress__unit_tests.yml."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.support.raw_warehouse import RawWarehouse


@pytest.fixture(scope="module")
def told(progress: RawWarehouse) -> dict[tuple[str, str], dict[str, Any]]:
    return {
        (row["line_id"], str(row["period_start"])): row for row in progress.query("from marts.fct_movements")
    }


def test_a_sum_by_person(told: dict[tuple[str, str], dict[str, Any]]) -> None:
    row = told["reps.dials", "2025-11-24"]
    assert (row["kind"], row["change"], row["mix_effect"]) == ("person", -10, None)
    assert row["sentence"] == "Down 10: Victor Lang −30, Maya Torres +20."


def test_one_person_is_split_by_weekday(told: dict[tuple[str, str], dict[str, Any]]) -> None:
    # all of W47 and of W48 fell on a Tuesday: nothing to split by, nothing is said
    assert ("plain.dials", "2025-11-24") not in told
    # the running week is not compared
    assert {start for _, start in told} <= {"2025-11-17", "2025-11-24"}


def test_a_rate_by_client(told: dict[tuple[str, str], dict[str, Any]]) -> None:
    """Acme 5 of 6 then 4 of 4, Beta 1 of 6 then 3 of 8: both rates rose, the weight went to the weaker
    one."""
    row = told["ops.same_day", "2025-11-24"]
    assert (row["kind"], row["dimension"], row["members"]) == ("segment", "client", 2)
    third, sixth, eighth = Decimal(1) / 3, Decimal(1) / 6, Decimal(1) / 8
    rate = (1 - 5 * sixth) * (Decimal("0.5") + third) / 2 + (3 * eighth - sixth) * (
        Decimal("0.5") + 2 * third
    ) / 2
    assert abs(row["rate_effect"] - rate) < Decimal("1e-10")
    assert row["mix_effect"] + row["rate_effect"] == row["change"] == Decimal("0.083333333333")
    # text of the vendor is cleaned of what no page should get
    assert (
        row["sentence"]
        == "Up 8.3 points: +19.1 from higher rates, −10.8 from a different mix. Most from Beta Corp (+7.6)."
    )


def test_every_way_of_splitting_adds_up(progress: RawWarehouse) -> None:
    rows = progress.query("""
        select line_id, period_start, kind, sum(effect) as effect, sum(mix_effect) + sum(rate_effect) as both
        from marts.fct_movement_parts group by all
    """)
    facts = {
        (row["line_id"], row["week_start"]): row["value"] - row["previous_value"]
        for row in progress.query(
            "from marts.fct_scorecard_weekly where is_finished and value is not null and previous_value is"
            " not null"
        )
    }
    assert {row["kind"] for row in rows} == {"person", "segment", "source", "record type", "weekday"}
    for row in rows:
        assert row["effect"] == facts[row["line_id"], row["period_start"]], row
        assert row["both"] in (None, row["effect"]), row


def test_few_records_say_nothing(told: dict[tuple[str, str], dict[str, Any]]) -> None:
    # W47 against W46: twelve tickets against none
    assert ("ops.same_day", "2025-11-17") not in told
    assert told["ops.closed", "2025-11-17"]["sentence"] == "Up 12: Acme +6, Beta Corp +6."
