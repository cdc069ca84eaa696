"""Weeks and quarters, in Python. `dbt_project/macros/calendar.sql` has the same in SQL; a test compares them.

A week is an ISO week (Monday to Sunday) of the company's time zone, keyed by its Monday and labelled
`2025-W43`. A scorecard quarter is 13 ISO weeks: W1-13, W14-26, W27-39, W40-52 (or 53).
"""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

_LABEL = re.compile(r"(\d{4})-W(\d{2})\Z", re.ASCII)
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}\Z", re.ASCII)


def week_start(day: date) -> date:
    """The Monday of the week that holds `day`."""
    return day - timedelta(days=day.weekday())


def week_label(day: date) -> str:
    """`2025-W43`: ISO year and week of `day`; the ISO year differs from the calendar year at the edges."""
    year, week, _ = day.isocalendar()
    return f"{year}-W{week:02d}"


def parse_week(text: str) -> date:
    """The Monday of a week given as `2025-W43` or as any of its days (`2025-10-22`).

    Raises:
        ValueError: neither form, or a week that the year does not have.
    """
    if match := _LABEL.match(text.strip()):
        return date.fromisocalendar(int(match[1]), int(match[2]), 1)
    return week_start(parse_day(text))


def parse_day(text: str) -> date:
    """A date written as `2025-10-22`. `date.fromisoformat` would take `20251022` and weeks too.

    Raises:
        ValueError: another form, or a day that the month does not have.
    """
    if not _DAY.match(text.strip()):
        raise ValueError(f"'{text}' is not a valid date, expected YYYY-MM-DD")
    return date.fromisoformat(text.strip())


def quarter_label(day: date) -> str:
    """`2025-Q4`: the block of 13 weeks that holds `day`; week 53 belongs to the fourth."""
    year, week, _ = day.isocalendar()
    return f"{year}-Q{min((week - 1) // 13 + 1, 4)}"


def local_date(instant: datetime, zone: ZoneInfo) -> date:
    """The company's day of an instant. Converted through the zone, never by adding hours."""
    return instant.astimezone(zone).date()


def last_finished_week(instant: datetime, zone: ZoneInfo) -> date:
    """The Monday of the newest week that has ended at `instant`."""
    return week_start(local_date(instant, zone)) - timedelta(days=7)


def week_end_instant(monday: date, zone: ZoneInfo) -> datetime:
    """The first instant after the week: local midnight of the next Monday (a week has 167, 168 or 169
    hours)."""
    return datetime.combine(monday + timedelta(days=7), time(), tzinfo=zone)
