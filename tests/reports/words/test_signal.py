"""What is said about a week against its line's usual range."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from reports.words.signal import Signal, nothing_changed, range_text

W43 = date(2025, 10, 20)


def said(unit: str = "count", **values: Any) -> Signal:
    point = {
        "week_start": W43, "value": 55.0, "moving_range": 24.0, "no_range": None, "centre": 54.5, "lower": 30.2,
        "upper": 78.9, "range_limit": 18.4, "rule": None, "direction": None, "side_weeks": 1, "outside_weeks": 0,
        "last_outside": None, "judged_from": date(2025, 1, 13), "n": 26,
    }  # fmt: skip
    signal = Signal.of({**point, **values}, unit)
    assert signal is not None
    return signal


LOW: dict[str, Any] = {"value": 22, "rule": "outside", "direction": "low", "outside_weeks": 1}


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ({}, "within its usual range (31 to 78)"),
        (LOW, "unusually low: first time outside its usual range (31 to 78) in 40 weeks"),
        (LOW | {"judged_from": W43}, "unusually low: outside its usual range (31 to 78)"),
        (
            LOW | {"last_outside": date(2025, 6, 2)},
            "unusually low: first time outside its usual range (31 to 78) in 20 weeks",
        ),
        (
            LOW | {"last_outside": date(2025, 10, 6)},
            "unusually low: outside its usual range (31 to 78) again after 2 weeks",
        ),
        (LOW | {"outside_weeks": 3}, "unusually low: outside its usual range (31 to 78) 3 weeks in a row"),
        (
            {"rule": "range", "direction": "high"},
            "rose unusually far: by 24 in a week, usually at most 18",
        ),
        (
            {"rule": "three_of_four", "direction": "low"},
            "unusually low: three of the last four weeks near the lower end of its usual range (31 to 78)",
        ),
        (
            {"rule": "eight_in_a_row", "direction": "high", "side_weeks": 8},
            "shifted up: above 54.5, the middle of its usual range (31 to 78), 8 weeks in a row",
        ),
        # a line that stays outside has shifted; that it is outside again is not a signal
        (
            LOW | {"outside_weeks": 30, "side_weeks": 30},
            "shifted down: below 54.5, the middle of its usual range (31 to 78), 30 weeks in a row",
        ),
        ({"no_range": "too_few_points", "n": 6}, "no range yet: 6 of 10 weeks"),
        ({"no_range": "mostly_zero"}, "no steady range: it is 0 in more than half of its weeks"),
        ({"no_range": "trend"}, "no steady range: it drifts, each week stays near the one before"),
    ],
)
def test_words(values: dict[str, Any], text: str) -> None:
    assert said(**values).text == text


def test_a_miss_within_the_range_has_no_cause_of_its_own() -> None:
    assert nothing_changed(said()) == "nothing has changed: its usual range is 31 to 78"
    assert (
        nothing_changed(said(**LOW)) == nothing_changed(said(no_range="trend")) == nothing_changed(None) == ""
    )


def test_a_week_that_is_no_point_says_nothing() -> None:
    assert Signal.of(None, "count") is None
    assert Signal.of({"week_start": None, "rule": None}, "count") is None, "an outer join found none"


@pytest.mark.parametrize(
    ("lower", "upper", "unit", "value", "text"),
    [
        (30.2, 78.9, "count", 31, "31 to 78"),
        (0.2, 0.7, "count", 0, "0.2 to 0.7"),  # there is no whole number inside
        (0.4344, 0.769, "percent", 0.53, "43% to 77%"),
        (0.4344, 0.769, "percent", 0.4301, "43.4% to 76.9%"),  # 43% is outside, so the limit is not 43%
        (1234.56, 7890.12, "money:USD", 50, "$1,235 to $7,890"),
        (64.416, 100.58, "hours", 125.5, "64.4 h to 100.6 h"),
        (-5.5, 5.5, "count", 0, "−5 to 5"),
    ],
)
def test_limits_as_people_read_them(lower: float, upper: float, unit: str, value: float, text: str) -> None:
    assert range_text(lower, upper, unit, value) == text


def test_decimals_of_a_database_are_read_too() -> None:
    assert said(lower=Decimal("30.2"), upper=Decimal("78.9")).usual == "31 to 78"


def test_a_share_changes_in_points() -> None:
    jump = said("percent", rule="range", direction="low", moving_range=0.31, range_limit=0.214)
    assert jump.text == "fell unusually far: by 31 points in a week, usually at most 21 points"
