"""The seed files, read as they are: before and without a build."""

from __future__ import annotations

import csv
from datetime import date, timedelta

from foundation.settings import Settings, SettingsError


def seed_rows(settings: Settings, name: str, *columns: str) -> list[dict[str, str]]:
    """Rows of `<name>.csv` in the folder of the seeds, checked to have `columns`.

    Raises:
        SettingsError: the file is missing or lacks a column.
    """
    path = settings.seeds_dir / f"{name}.csv"
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            rows = list(reader)
    except FileNotFoundError:
        raise SettingsError(f"{path} is missing; set SCORELINE_SEEDS_DIR to the folder of the seed files") from None
    if missing := [column for column in columns if column not in (reader.fieldnames or ())]:
        raise SettingsError(f"{path} has no column {', '.join(missing)}")
    return rows


def holidays(settings: Settings) -> dict[date, str]:
    """The company's days off and their names.

    Raises:
        SettingsError: holidays.csv is missing, lacks a column, or a day is none.
    """
    out = {}
    for row in seed_rows(settings, "holidays", "holiday", "name"):
        try:
            out[date.fromisoformat((row["holiday"] or "").strip())] = row["name"]
        except ValueError:
            path = settings.seeds_dir / "holidays.csv"
            raise SettingsError(f"{path}: {row['holiday']!r} is no day; write it like 2025-12-25") from None
    return out


def is_last_working_day(settings: Settings, day: date) -> bool:
    """Nobody works on the days of its week that follow: a Friday, or the Wednesday of a long Thanksgiving.

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
