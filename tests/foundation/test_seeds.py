import re
import shutil
from datetime import date
from pathlib import Path

import pytest

from foundation.seeds import MOST_FAULTS, Person, check_seeds, seed_rows
from foundation.settings import PROJECT_ROOT, Settings, SettingsError
from foundation.working_days import day_off, is_last_working_day


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


@pytest.fixture
def seeds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the project's seeds that a test may spoil."""
    folder = tmp_path / "seeds"
    shutil.copytree(Settings().seeds_dir, folder)
    monkeypatch.setenv("SCORELINE_SEEDS_DIR", str(folder))
    return folder


def test_the_seeds_of_both_invented_companies_have_no_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    check_seeds(Settings())
    monkeypatch.setenv(
        "SCORELINE_SEEDS_DIR", str(PROJECT_ROOT / "sandbox" / "companies" / "brightwater" / "seeds")
    )
    check_seeds(Settings())


GOALS = "line_id,valid_from,valid_to,operator,target,target_2,band,reason,per,kind,tolerance"


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("holidays", None, "holidays.csv does not exist. Create it, or set SCORELINE_SEEDS_DIR"),
        ("goals", b"", "goals.csv is empty, expected a first line with the columns line_id,valid_from"),
        ("goals", b"\n  \n", "goals.csv is empty"),
        (
            "goals",
            GOALS.replace(",per,", ",pre,") + "\n",
            "goals.csv, line 1: unknown column 'pre'. Did you mean 'per'?",
        ),
        (
            "goals",
            GOALS.replace(",per,", ", per,") + "\n",
            "goals.csv, line 1: unknown column ' per'. Did you mean 'per'?",
        ),
        (
            "goals",
            GOALS + ",colour\n",
            "goals.csv, line 1: unknown column 'colour'. Expected the columns line_id,",
        ),
        ("goals", GOALS.replace("operator,", "") + "\n", "goals.csv, line 1: missing column 'operator'."),
        ("goals", GOALS + ",per\n", "goals.csv, line 1: column 'per' appears more than once."),
        (
            "goals",
            GOALS.replace(",", ";") + "\n",
            "goals.csv, line 1: the columns are separated by semicolons",
        ),
        ("goals", GOALS.replace(",", "\t") + "\n", "goals.csv, line 1: the columns are separated by tabs"),
        ("goals", (GOALS + "\n").encode("utf-16"), "goals.csv: the encoding is UTF-16"),
        (
            "goals",
            GOALS + "\na,01.01.2025,,>=,1,,,x,,,\n",
            "goals.csv, line 2, column valid_from: '01.01.2025' is not a valid date",
        ),
        (
            "goals",
            GOALS + "\na,20250101,,>=,1,,,x,,,\n",
            "column valid_from: '20250101' is not a valid date, expected YYYY-MM-DD.",
        ),
        (
            "goals",
            GOALS + '\na,2025-01-01,,>=,"1,250",,,x,,,\n',
            "line 2, column target: '1,250' is not a valid number",
        ),
        (
            "goals",
            GOALS + "\na,2025-01-01,,>=,1e99,,,x,,,\n",
            "line 2, column target: '1e99' is not a valid number",
        ),
        (
            "goals",
            GOALS + "\na,2025-01-01,,=>,1,,,x,,,\n",
            "line 2, column operator: '=>' is not valid, expected one of >=, >, <=, <, =, between, outside.",
        ),
        (
            "goals",
            GOALS + "\na,2025-01-01,,>=,1,,,x,person_dya,,\n",
            "column per: 'person_dya' is not valid, expected one of day, person_day, person_week.",
        ),
        (
            "goals",
            GOALS + "\na,2025-01-01,,>=,1,,,x,,odd,\n",
            "column kind: 'odd' is not valid, expected one of standing, exception.",
        ),
        ("goals", GOALS + f"\na,2025-01-01,,>=,{10**20},,,x,,,\n", "line 2, column target: "),
        ("goals", GOALS + "\na,2025-01-01,,>=,1,,,twenty, then more,,,\n", "line 2: 12 cells, expected 11."),
        ("goals", GOALS + "\na,2025-01-01,,>=\n", "line 2: 4 cells, expected 11."),
        ("goals", GOALS + "\n\n,2025-01-01,,>=,1,,,x,,,\n", "line 3, column line_id: is blank."),
        ("goals", GOALS + '\na,2025-01-01,,>=,1,,,"never closed\n', "goals.csv, line 2: not valid CSV"),
        (
            "goals",
            GOALS + "\na,2025-01-01,,>=,1,,,per \u202eday,,,\n",
            "column reason: contains the invisible character U+202E; delete it.",
        ),
        (
            "goals",
            GOALS + f"\n{'a' * 3000},2025-01-01,,>=,1,,,x,,,\n",
            "column line_id: string should have at most 120 characters.",
        ),
        (
            "people",
            "person_key,full_name,email\n",
            "people.csv, line 1: missing column 'team', 'weekly_hours', 'active_from', 'active_to'",
        ),
        (
            "holidays",
            "holiday,name\n25 Dec,Christmas\n",
            "holidays.csv, line 2, column holiday: '25 Dec' is not a valid date",
        ),
        ("holidays", "day,name\n2025-12-25,Christmas\n", "holidays.csv, line 1: unknown column 'day'."),
        (
            "approved_offers",
            "vendor,approved_on,ended_on,note\nA,soon,,\n",
            "approved_offers.csv, line 2, column approved_on: 'soon'",
        ),
    ],
)
def test_a_fault_is_named_with_file_line_and_column(
    seeds: Path, name: str, text: str | bytes | None, says: str
) -> None:
    path = seeds / f"{name}.csv"
    path.unlink()
    if text is not None:
        path.write_bytes(text.encode() if isinstance(text, str) else text)
    with pytest.raises(SettingsError) as caught:
        check_seeds(Settings())
    assert says in str(caught.value)
    assert str(path) in str(caught.value)


def test_rows_that_end_before_the_optional_columns_are_complete(seeds: Path) -> None:
    (seeds / "goals.csv").write_text(
        GOALS + "\na,2025-01-01,,>=,125.5,,0.10,first goal\n", encoding="utf-8-sig"
    )
    check_seeds(Settings())
    (seeds / "goals.csv").write_text(
        GOALS.removesuffix(",per,kind,tolerance") + "\na,2025-01-01,,>=,1,,0.10,x\n"
    )
    check_seeds(Settings())


def test_every_fault_is_named_at_once(seeds: Path) -> None:
    (seeds / "goals.csv").write_text(GOALS + "\n" + "a,never,,>=,much,,,x,,,\n" * 30)
    (seeds / "holidays.csv").unlink()
    with pytest.raises(SettingsError) as caught:
        check_seeds(Settings())
    lines = str(caught.value).splitlines()
    assert len(lines) == MOST_FAULTS + 1
    assert lines[-1] == "... and 41 more."


def test_a_wrong_holiday_is_named_where_days_off_are_asked_for(seeds: Path) -> None:
    (seeds / "holidays.csv").write_text("holiday,name\n25 Dec,Christmas\n")
    with pytest.raises(SettingsError, match="line 2, column holiday"):
        day_off(Settings(), date(2025, 10, 27))


def test_rows_are_as_they_are() -> None:
    assert seed_rows(Settings(), "holidays", "name")[0] == {
        "holiday": "2024-05-27",
        "name": "Memorial Day",
    }


def test_every_tool_that_has_people_has_its_column_of_people_csv() -> None:
    """The doctor tells people to fill in the column, and dbt matches by it."""
    columns = {name.removesuffix("_email") for name in Person.model_fields if name.endswith("_email")}
    code = PROJECT_ROOT / "dlt_pipelines" / "sources"
    asks = {
        path.relative_to(code).parts[0].removesuffix(".py")
        for path in code.rglob("*.py")
        if " people_missing(" in path.read_text(encoding="utf-8")
    }
    model = PROJECT_ROOT / "dbt_project" / "models" / "intermediate" / "people" / "int_people__addresses.sql"
    listed = re.search(r"set tools = \[(.+?)\]", model.read_text(encoding="utf-8"))
    assert listed and columns == asks == set(re.findall(r"\w+", listed[1]))
