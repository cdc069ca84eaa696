"""The company's working days: Monday to Friday without the days of holidays.csv."""

from __future__ import annotations

from datetime import date, timedelta

from foundation.errors import SettingsError
from foundation.seeds import seed_faults, seed_rows
from foundation.settings import Settings


def holidays(settings: Settings) -> dict[date, str]:
    """The company's days off and their names.

    Raises:
        SettingsError: holidays.csv is missing, lacks a column, or a cell is not a date.
    """
    if faults := seed_faults(settings, "holidays"):
        raise SettingsError(faults[0])
    return {
        date.fromisoformat(row["holiday"].strip()): row["name"]
        for row in seed_rows(settings, "holidays", "holiday", "name")
    }


def is_last_working_day(settings: Settings, day: date) -> bool:
    """Whether `day` is the last working day of its week: a Friday, or the Wednesday before Thanksgiving.

    Raises:
        SettingsError: holidays.csv can't be read.
    """
    later = (day + timedelta(days=i) for i in range(1, 7 - day.weekday()))
    return day_off(settings, day) is None and all(day_off(settings, other) for other in later)


def day_off(settings: Settings, day: date) -> str | None:
    """Why nobody works on a day: `Thanksgiving`, `Saturday`; None on a working day.

    Raises:
        SettingsError: holidays.csv can't be read.
    """
    return holidays(settings).get(day) or {5: "Saturday", 6: "Sunday"}.get(day.weekday())
