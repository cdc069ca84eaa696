"""Goals as they apply to each period: per working day and person, one-off goals, quarters, tolerances, old
files, refused rows."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.dbt_project.conftest import GOALS, LINES, PEOPLE, MakeWarehouse
from tests.support.raw_warehouse import RawWarehouse

W47, W48, W49 = "2025-W47", "2025-W48", "2025-W49"


@pytest.fixture(scope="module")
def weeks(progress: RawWarehouse) -> dict[tuple[str, str], dict[str, Any]]:
    rows = progress.query("from marts.fct_scorecard_weekly where week_start >= '2025-11-17'")
    return {(row["line_id"], row["week_label"]): row for row in rows}


@pytest.mark.parametrize(
    ("line", "week", "value", "target", "status"),
    [
        # 45 weekly hours are no more than a day, 24 are 0.6; Tom begins on Thursday of W47, Victor ends on
        # Tuesday of W49
        ("reps.dials", W47, 60, Decimal("168"), "below"),  # 15 x (5 + 5 + 1.2)
        (
            "reps.dials",
            W48,
            50,
            Decimal("117"),
            "below",
        ),  # 15 x (3 + 3 + 1.8): Thanksgiving and the day after
        ("reps.dials", W49, 40, Decimal("150"), "below"),  # 15 x (5 + 2 + 3)
        # five per week of five days: three in the short one, the tolerance with them
        ("reps.week", W47, 20, Decimal("5"), "met"),
        ("reps.week", W48, 40, Decimal("3"), "met"),
        # company days, for a line without people; the upper bound grows and shrinks too
        ("desk.dials", W47, 60, Decimal("60"), "met"),
        ("desk.dials", W48, 50, Decimal("36"), "met"),
        ("plain.dials", W47, 20, Decimal("100"), "below"),
        ("plain.dials", W48, 40, Decimal("40"), "met"),  # the one-off goal
        ("plain.dials", W49, 30, Decimal("100"), "below"),
        ("left.dials", W48, 10, Decimal("30"), "below"),
        ("left.dials", W49, 0, Decimal("20"), "below"),
        ("ops.same_day", W47, Decimal("0.5"), Decimal("0.70"), "below"),
    ],
)
def test_the_goal_of_a_week(
    weeks: dict[tuple[str, str], dict[str, Any]],
    line: str,
    week: str,
    value: Decimal,
    target: Decimal,
    status: str,
) -> None:
    row = weeks[line, week]
    assert (row["value"], row["target"], row["status"]) == (value, target, status)


def test_bounds_and_tolerances_are_scaled_with_the_goal(weeks: dict[tuple[str, str], dict[str, Any]]) -> None:
    desk, rep = weeks["desk.dials", W48], weeks["reps.week", W48]
    assert (desk["target"], desk["target_2"], desk["tolerance"]) == (36, 60, 6)
    assert (rep["tolerance"], rep["band"]) == (Decimal("0.6"), None)


def test_a_week_says_how_its_goal_came_about(weeks: dict[tuple[str, str], dict[str, Any]]) -> None:
    assert weeks["plain.dials", W47]["goal_note"] is None
    assert weeks["plain.dials", W48]["goal_note"] == "for this week only: Thanksgiving week"
    assert weeks["reps.dials", W48]["goal_note"] == "15 per person and working day: 7.8 days of work"
    assert (
        weeks["reps.week", W48]["goal_note"] == "5 per person and week of five working days: 3 days of work"
    )
    assert weeks["desk.dials", W48]["goal_note"] == "12 per working day: 3 days of work"


def test_who_has_left_has_no_goal(progress: RawWarehouse) -> None:
    rows = progress.query(
        "select period_start, target, expected from intermediate.int_goals__periods where line_id ="
        " 'left.dials' order by 1"
    )
    assert [(str(row["period_start"]), row["target"], row["expected"]) for row in rows[-3:]] == [
        ("2025-12-08", None, 0), ("2025-12-15", None, 0), ("2025-12-22", None, 0),
    ]  # fmt: skip


def test_a_quarter_has_a_goal_of_its_own(progress: RawWarehouse) -> None:
    rows = progress.query(
        "select quarter_label, target, status from marts.fct_scorecard_quarterly where line_id ="
        " 'quarter.won' order by 1"
    )
    assert [(row["quarter_label"], row["target"]) for row in rows] == [("2025-Q3", None), ("2025-Q4", 2)]
    assert rows[0]["status"] == "no_goal"


def test_readers_see_the_goals_as_they_are_written(progress: RawWarehouse) -> None:
    rows = progress.query(
        "select * from marts.dim_goals where line_id in ('plain.dials', 'reps.week') order by line_id,"
        " valid_from"
    )
    assert [(row["target"], row["per"], row["kind"], row["tolerance"]) for row in rows] == [
        (100, None, "standing", None), (40, None, "exception", None), (5, "person_week", "standing", 1),
    ]  # fmt: skip


@pytest.mark.slow
def test_a_file_from_before_the_new_columns_still_works(make_warehouse: MakeWarehouse) -> None:
    warehouse = make_warehouse("2025-10-27T12:00:00", seeds={"goals": GOALS})
    assert "tolerance" not in GOALS
    warehouse.build("--select", "goals", "int_goals__rows", "--exclude-resource-type", "test")
    rows = warehouse.query("from intermediate.int_goals__rows")
    assert len(rows) == 5
    assert {(row["per"], row["kind"], row["tolerance"], row["band"]) for row in rows} == {
        (None, "standing", None, Decimal("0.1"))
    }
    # and the same warehouse goes on with a file that has them
    header, *goals = GOALS.splitlines()
    warehouse.seeds["goals"] = (
        "\n".join([header + ",per,kind,tolerance", goals[0] + ",day,,", *goals[1:]]) + "\n"
    )
    warehouse.build("--select", "goals", "int_goals__rows", "--exclude-resource-type", "test")
    assert [
        row["per"] for row in warehouse.query("from intermediate.int_goals__rows where per is not null")
    ] == ["day"]


@pytest.fixture(scope="module")
def refused(make_warehouse: MakeWarehouse) -> str:
    """What dbt says about goals that contradict each other or their line."""
    header, *goals = GOALS.splitlines()
    goals = [
        f"{header},per,kind,tolerance",
        *goals,
        "ops.billable,2025-10-06,2025-10-19,>=,9,,,two weeks,,exception,",
        "ops.billable,2025-10-13,2025-10-26,>=,9,,,overlaps,,exception,",
        "ops.total,2025-01-01,,>=,9,,0.10,band and tolerance,,,2",
        "ops.opened,2025-01-01,,>=,9,,,below 0,,,-1",
        "ops.closed,2025-01-01,,>=,9,,,open exception,,exception,",
        "hand.social,2025-01-01,,>=,9,,,monthly,month,,",
        "hand.dials,2025-01-01,,>=,9,,,kind,,once,",
        "outside.events,2025-10-07,2025-10-12,>=,9,,,between two Mondays,,exception,",
        "outside.mrr,2025-01-01,,>=,9,,,standing,,,",
        "outside.mrr,2025-10-06,2025-10-12,<=,9,,,other comparison,,exception,",
        "ops.same_business_day,2025-01-01,,>=,0.7,,,rate,day,,",
        "ops.non_billable,2025-01-01,,>=,9,,,nobody,person_day,,",
        "quarter.lost,2026-01-01,2026-03-31,>=,9,,,calendar quarter,,,",
    ]
    warehouse = make_warehouse(
        "2025-10-27T12:00:00",
        seeds={"goals": "\n".join(goals) + "\n", "scorecard_lines": LINES, "people": PEOPLE},
    )
    ran = warehouse.dbt(
        "build", "--select", "path:seeds", "int_goals__rows", "int_scorecard__metrics", "int_scorecard__line_people", "int_scorecard__lines",
        "int_calendar__days", "int_calendar__periods", "path:tests/goals", "--exclude", "path:tests/lines",
    )  # fmt: skip
    assert ran.returncode == 1, ran.stdout
    return " ".join(ran.stdout.split())


@pytest.mark.parametrize(
    "says",
    [
        "ops.billable: the exceptions from 2025-10-06 and from 2025-10-13 are in force at once",
        "ops.total from 2025-01-01: band and tolerance both say what is near",
        "ops.opened from 2025-01-01: tolerance must not be below 0",
        "ops.closed from 2025-01-01: an exception needs valid_to",
        "hand.social from 2025-01-01: per is month; use day, person_day, person_week",
        "hand.dials from 2025-01-01: kind is once; use exception",
        (
            "outside.events from 2025-10-07 to 2025-10-12: no week begins in this time, so it is never in"
            " force; the next week begins on"
        ),
        "outside.mrr from 2025-10-06: the exception says <= where the goal from 2025-01-01 says >=",
        (
            "ops.same_business_day from 2025-01-01: per day needs a metric that is a sum, this one is of kind"
            " ratio"
        ),
        "ops.non_billable from 2025-01-01: per person_day needs people in scorecard_lines.csv",
        (
            "quarter.lost from 2026-01-01 to 2026-03-31: it would hold for the quarter from 2026-03-30 to"
            " 2026-06-28, which is mostly"
        ),
    ],
)
def test_a_goal_that_cannot_hold_is_named(refused: str, says: str) -> None:
    assert says in refused
