"""Pace: running periods against their goals by the share of working time that has passed."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.support.raw_warehouse import RawWarehouse


@pytest.fixture(scope="module")
def pace(progress: RawWarehouse) -> dict[tuple[str, str], dict[str, Any]]:
    return {(row["line_id"], row["span"]): row for row in progress.query("from marts.fct_pace")}


def rounded(row: dict[str, Any], *names: str) -> list[Any]:
    return [round(float(row[name]), 4) if row[name] is not None else None for name in names]


def test_half_of_wednesday_is_half_of_the_week(pace: dict[tuple[str, str], dict[str, Any]]) -> None:
    row = pace["plain.dials", "week"]
    assert (row["period_label"], row["working_days"], row["needed_per"], row["pace"]) == (
        "2025-W49",
        5,
        "working_day",
        "behind",
    )
    assert rounded(row, "value", "target", "elapsed_share", "expected_so_far", "projected", "needed", "units_left") == [
        30, 100, 0.5, 50, 60, 28, 2.5,
    ]  # fmt: skip


def test_people_have_working_days_of_their_own(pace: dict[tuple[str, str], dict[str, Any]]) -> None:
    # Maya 5, Victor until Tuesday 2, Tom 5 x 0.6 = 10 days; 2.6 + 2.6 + 0.8 have passed
    row = pace["reps.dials", "week"]
    assert rounded(row, "target", "elapsed_share", "expected_so_far", "needed", "working_days_left") == [
        150,
        0.6,
        90,
        44,
        2.5,
    ]
    # all of Victor's days of the week are over, none is left to bring anything
    assert rounded(pace["left.dials", "week"], "target", "elapsed_share", "needed", "units_left") == [
        20,
        1,
        None,
        0,
    ]
    assert pace["left.dials", "week"]["pace"] == "behind"


def test_the_quarter_adds_up_the_goals_of_its_weeks(pace: dict[tuple[str, str], dict[str, Any]]) -> None:
    # twelve weeks of 100 and one of 40; eight and the short one are over, half of W49 is; 3.5 weeks are left
    row = pace["plain.dials", "quarter"]
    assert (row["period_label"], row["pace"], row["needed_per"]) == ("2025-Q4", "behind", "week")
    assert rounded(row, "value", "target", "expected_so_far", "needed", "units_left") == [
        90,
        1240,
        890,
        328.5714,
        3.5,
    ]
    # 65 weekdays less Thanksgiving, the day after and Christmas
    assert (row["working_days"], rounded(row, "elapsed_share")) == (62, [round(45.5 / 62, 4)])
    won = pace["quarter.won", "quarter"]
    assert rounded(won, "value", "target", "expected_so_far", "needed") == [
        0,
        2,
        round(2 * 45.5 / 62, 4),
        round(2 / 3.5, 4),
    ]


def test_time_passes_up_to_where_the_numbers_are_complete(
    pace: dict[tuple[str, str], dict[str, Any]],
) -> None:
    # Autotask was read on Tuesday evening
    row = pace["ops.closed", "week"]
    assert rounded(row, "elapsed_share", "expected_so_far", "units_left") == [0.4, 4, 3]


def test_words(pace: dict[tuple[str, str], dict[str, Any]]) -> None:
    assert pace["done.dials", "week"]["pace"] == "done"
    assert pace["cap.dials", "week"]["pace"] == "behind"  # 30 of at most 30 when half of the week is left
    assert rounded(pace["cap.dials", "week"], "needed") == [0]
    assert pace["cap.over", "week"]["pace"] == "over"
    # nothing typed in: nothing is said
    assert (
        pace["hand.events", "week"]["value"],
        pace["hand.events", "week"]["pace"],
        pace["hand.events", "week"]["needed"],
    ) == (None,) * 3


def test_numbers_that_do_not_add_up_have_a_status_and_no_pace(
    pace: dict[tuple[str, str], dict[str, Any]],
) -> None:
    week, quarter = pace["ops.same_day", "week"], pace["ops.same_day", "quarter"]
    assert (week["status"], week["pace"], week["expected_so_far"]) == ("not_applicable", None, None)
    # 13 of 24: pooled over the quarter
    assert (round(quarter["value"], 6), quarter["status"], quarter["pace"]) == (
        Decimal("0.541667"),
        "below",
        None,
    )
    # between bounds there is nothing to be ahead of
    assert pace["desk.dials", "week"]["pace"] is None


def test_a_pace_beside_another_verdict_explains_itself(pace: dict[tuple[str, str], dict[str, Any]]) -> None:
    """Of 15 by now: 8 and 7 are on pace, though the one finished week is below its 10; 10 and nothing are
    behind, though it met them."""
    up, down = pace["tilt.up", "quarter"], pace["tilt.down", "quarter"]
    assert (rounded(up, "value", "expected_so_far"), up["pace"]) == ([15, 15], "on_pace")
    assert up["note"] == (
        "The 1 finished week averages 8. The pace counts the running week too, and one more or less is on pace."
    )
    assert (rounded(down, "value"), down["pace"]) == ([10], "behind")
    assert down["note"] and down["note"].startswith("The 1 finished week averages 10. The pace counts")
    # where both say the same there is nothing to explain, and a week has no average beside it
    agreeing = [row["line_id"] for row in pace.values() if row["note"] is not None]
    assert sorted(agreeing) == ["tilt.down", "tilt.up"]


def test_unknown_records_take_a_pace_away(pace: dict[tuple[str, str], dict[str, Any]]) -> None:
    """Nine of 24 at half of the week is behind, fourteen would be on pace; over at most five they are in any
    case."""
    row = pace["unsure.dials", "week"]
    assert (row["value"], row["pace"], row["status"]) == (9, None, "no_data")
    assert (row["projected"], row["needed"]) == (None, None)
    assert (pace["unsure.most", "week"]["pace"], pace["unsure.most", "week"]["status"]) == ("over", None)


def test_every_goal_in_force_has_its_spans(
    progress: RawWarehouse, pace: dict[tuple[str, str], dict[str, Any]]
) -> None:
    lines = {
        row["line_id"]
        for row in progress.query(
            "select line_id from intermediate.int_scorecard__lines where cadence = 'week'"
        )
    }
    assert set(pace) == {(line, span) for line in lines for span in ("week", "quarter")} | {
        ("quarter.won", "quarter")
    }
