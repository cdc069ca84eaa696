from datetime import date
from pathlib import Path

import pytest

from foundation.seeds import day_off, is_last_working_day, seed_rows
from foundation.settings import Settings, SettingsError


@pytest.mark.parametrize(
    ("day", "why"),
    [
        (date(2025, 11, 26), None),
        (date(2025, 11, 27), "Thanksgiving"),
        (date(2025, 11, 29), "Saturday"),
        (date(2025, 11, 30), "Sunday"),
        (date(2026, 7, 3), "Independence Day (observed)"),
    ],
)
def test_days_off(day: date, why: str | None) -> None:
    assert day_off(Settings(), day) == why


@pytest.mark.parametrize(
    ("day", "is_last"),
    [
        (date(2025, 10, 30), False),
        (date(2025, 10, 31), True),
        (date(2025, 11, 1), False),
        (date(2025, 11, 26), True),  # Thursday and Friday are off
        (date(2025, 11, 28), False),
    ],
)
def test_the_last_working_day_of_a_week(day: date, is_last: bool) -> None:
    assert is_last_working_day(Settings(), day) is is_last


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (None, "holidays.csv is missing; set SCORELINE_SEEDS_DIR"),
        ("day,name\n2025-12-25,Christmas\n", "has no column holiday"),
        ("holiday,name\n25 Dec,Christmas\n", "'25 Dec' is no day; write it like 2025-12-25"),
    ],
)
def test_a_wrong_file_is_named_with_the_way_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str | None, says: str) -> None:
    if text is not None:
        (tmp_path / "holidays.csv").write_text(text, encoding="utf-8")
    monkeypatch.setenv("SCORELINE_SEEDS_DIR", str(tmp_path))
    with pytest.raises(SettingsError, match="holidays.csv") as caught:
        day_off(Settings(), date(2025, 10, 27))
    assert says in str(caught.value)


def test_rows_are_as_they_are() -> None:
    assert seed_rows(Settings(), "holidays", "name")[0] == {"holiday": "2024-07-04", "name": "Independence Day"}
