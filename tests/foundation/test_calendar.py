from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from foundation import calendar

CHICAGO = ZoneInfo("America/Chicago")


@pytest.mark.parametrize(
    ("day", "label", "quarter"),
    [
        (date(2025, 10, 26), "2025-W43", "2025-Q4"),
        (
            date(2025, 9, 29),
            "2025-W40",
            "2025-Q4",
        ),  # a September Monday that already belongs to the fourth quarter
        (date(2025, 9, 28), "2025-W39", "2025-Q3"),
        (date(2024, 12, 30), "2025-W01", "2025-Q1"),  # the ISO year is not the calendar year
        (date(2027, 1, 3), "2026-W53", "2026-Q4"),  # week 53 stays in the fourth quarter
    ],
)
def test_labels_at_the_edges(day: date, label: str, quarter: str) -> None:
    assert calendar.week_label(day) == label
    assert calendar.quarter_label(day) == quarter


@pytest.mark.parametrize("text", ["2025-W43", "2025-10-20", "2025-10-26", " 2025-10-22 "])
def test_a_week_is_given_by_label_or_by_any_of_its_days(text: str) -> None:
    assert calendar.parse_week(text) == date(2025, 10, 20)


@pytest.mark.parametrize("text", ["2025-W53", "2025-W00", "W43", "20/10/2025", ""])
def test_what_is_no_week_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        calendar.parse_week(text)


def test_local_days_follow_the_zone_not_utc() -> None:
    late_sunday = datetime(2025, 10, 27, 4, 30, tzinfo=UTC)
    assert calendar.local_date(late_sunday, CHICAGO) == date(2025, 10, 26)
    assert calendar.local_date(late_sunday, ZoneInfo("Pacific/Auckland")) == date(2025, 10, 27)


def test_the_newest_finished_week_changes_at_local_midnight() -> None:
    before = datetime(2025, 10, 27, 4, 59, tzinfo=UTC)
    assert calendar.last_finished_week(before, CHICAGO) == date(2025, 10, 13)
    assert calendar.last_finished_week(before + timedelta(minutes=1), CHICAGO) == date(2025, 10, 20)


def test_a_week_in_which_the_clocks_change_has_169_hours() -> None:
    start = datetime(2025, 10, 27, tzinfo=CHICAGO).astimezone(UTC)
    assert calendar.week_end_instant(date(2025, 10, 27), CHICAGO).astimezone(UTC) - start == timedelta(
        hours=169
    )
