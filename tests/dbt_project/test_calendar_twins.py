"""The calendar in SQL is the calendar in Python."""

from __future__ import annotations

from datetime import date, timedelta

from foundation import calendar
from tests.support.raw_warehouse import RawWarehouse


def test_macros_equal_python_for_3000_days(auckland: RawWarehouse) -> None:
    """2019 to 2027: two years of 53 weeks, every kind of year edge."""
    days = auckland.query(
        "select * from intermediate.int_calendar__days where day between '2019-01-01' and '2027-03-19' order"
        " by day"
    )
    assert len(days) == 3000
    for row in days:
        day: date = row["day"]
        assert row["week_start"] == calendar.week_start(day)
        assert row["week_label"] == calendar.week_label(day)
        assert row["quarter_label"] == calendar.quarter_label(day)
        assert row["quarter_start"] <= day <= row["quarter_end"]
        # the bounds are the first and last day with this label
        for inside in (row["quarter_start"], row["quarter_end"]):
            assert calendar.quarter_label(inside) == row["quarter_label"]
        for outside in (row["quarter_start"] - timedelta(days=1), row["quarter_end"] + timedelta(days=1)):
            assert calendar.quarter_label(outside) != row["quarter_label"]


def test_business_days_skip_weekends_and_holidays(chicago: RawWarehouse) -> None:
    rows = chicago.query(
        "select day, is_business_day, next_business_day from intermediate.int_calendar__days "
        "where day in ('2025-11-26', '2025-11-27', '2025-11-28', '2025-11-29', '2025-12-01') order by day"
    )
    assert [(row["day"].day, row["is_business_day"], row["next_business_day"].day) for row in rows] == [
        (26, True, 1),  # Thanksgiving and the day after are holidays, then comes the weekend
        (27, False, 1),
        (28, False, 1),
        (29, False, 1),
        (1, True, 2),
    ]
