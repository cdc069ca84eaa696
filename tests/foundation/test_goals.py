"""Goals of goals.csv and of the portal: one list in Python and in SQL, judged before they are taken."""

from __future__ import annotations

import csv
import io
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from foundation.cells import Rejected
from foundation.goals import (
    DatedGoal,
    checked_end,
    checked_goal,
    goals,
    goals_csv,
    merged,
    overruled,
)
from foundation.settings import PROJECT_ROOT, Company, Settings, load_company
from foundation.store import begin
from foundation.store.for_dbt import rows_for_dbt
from foundation.store.goals import NO_GOAL, StoredGoal, add_goal

NOW = datetime(2025, 10, 29, 12, tzinfo=UTC)
"""A Wednesday."""
MODEL = PROJECT_ROOT / "dbt_project/models/intermediate/goals/int_goals__rows.sql"
DIALS = "inside_sales.dials"


def form(**cells: str) -> dict[str, str]:
    return {
        "line_id": DIALS, "valid_from": "2025-10-27", "operator": ">=", "target": "130", "band": "0.10", "reason": "new list",
    } | cells  # fmt: skip


@pytest.fixture
def here(home: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setenv("SCORELINE_AS_OF", NOW.isoformat())
    return Settings()


@pytest.fixture
def company(here: Settings) -> Company:
    return load_company(here)


def set_goal(here: Settings, company: Company, key: str, **cells: str) -> None:
    checked = checked_goal(here, company, **form(**cells))
    with begin(here) as connection:
        add_goal(connection, **checked, entered_at=here.now(), entered_by="dana", idempotency_key=key)


def spans(here: Settings, line: str = DIALS) -> list[tuple[str, str | None, str]]:
    return [(str(g.valid_from), g.valid_to and str(g.valid_to), f"{g.target:f}") for g in goals(here, line)]


def test_a_new_goal_ends_the_standing_one_the_day_before(here: Settings, company: Company) -> None:
    before = [("2024-07-01", "2025-06-29", "100")]
    assert spans(here) == [*before, ("2025-06-30", None, "125")]
    set_goal(here, company, "a")
    set_goal(here, company, "b", valid_from="2025-11-10", target="140")
    first = [*before, ("2025-06-30", "2025-10-26", "125")]
    assert spans(here) == [*first, ("2025-10-27", "2025-11-09", "130"), ("2025-11-10", None, "140")]
    set_goal(here, company, "c", target="128")  # on second thoughts
    assert spans(here) == [*first, ("2025-10-27", "2025-11-09", "128"), ("2025-11-10", None, "140")]


def test_the_list_is_written_as_a_goals_csv_that_means_the_same(
    here: Settings, company: Company, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_goal(here, company, "a")
    text = goals_csv(here)
    (row,) = [row for row in csv.DictReader(io.StringIO(text)) if row["target"] == "130"]
    assert row["valid_from"] == "2025-10-27" and row["reason"] == "new list" and row["kind"] == ""
    listed = goals(here)
    seeds = tmp_path / "seeds"
    seeds.mkdir()
    for file in here.seeds_dir.glob("*.csv"):
        (seeds / file.name).write_bytes(file.read_bytes())
    (seeds / "goals.csv").write_text(text)
    monkeypatch.setenv("SCORELINE_SEEDS_DIR", str(seeds))
    assert goals(Settings()) == listed, "with the goal of the portal in both"
    monkeypatch.setenv("SCORELINE_HOME", str(tmp_path / "other"))
    assert [vars(goal) | {"set_by": None} for goal in listed] == [vars(goal) for goal in goals(Settings())]


def end_goal(here: Settings, company: Company, key: str, **cells: str) -> None:
    given = {"line_id": DIALS, "valid_from": "2025-11-10", "reason": "the list is closed"} | cells
    checked = checked_end(here, company, **given)
    with begin(here) as connection:
        add_goal(connection, **checked, entered_at=here.now(), entered_by="dana", idempotency_key=key)


def test_a_goal_ends_without_another(here: Settings, company: Company) -> None:
    first = ("2024-07-01", "2025-06-29", "100")
    end_goal(here, company, "a")
    assert spans(here) == [first, ("2025-06-30", "2025-11-09", "125")]
    exported = [row for row in csv.DictReader(io.StringIO(goals_csv(here))) if row["line_id"] == DIALS]
    assert [row["valid_to"] for row in exported] == ["2025-06-29", "2025-11-09"]
    with pytest.raises(Rejected, match="has no goal on 2025-11-10 that could end"):
        end_goal(here, company, "b")
    set_goal(here, company, "c", valid_from="2025-12-01", target="140")  # later another one
    assert spans(here)[1:] == [("2025-06-30", "2025-11-09", "125"), ("2025-12-01", None, "140")]


@pytest.mark.parametrize(
    ("cells", "sentence"),
    [
        ({"valid_from": "2025-10-26"}, "2025-10-26 is before the running week"),
        ({"valid_from": ""}, "the first day is blank"),
        ({"reason": " "}, "reason is blank; say why it ends"),
        ({"line_id": "a.b"}, "a.b is not a line of scorecard_lines.csv"),
        ({"line_id": "marketing.website_traffic"}, "marketing.website_traffic has no goal on 2025-11-10"),
    ],
)
def test_an_end_that_cannot_be_is_refused(
    here: Settings, company: Company, cells: dict[str, str], sentence: str
) -> None:
    with pytest.raises(Rejected) as caught:
        end_goal(here, company, "a", **cells)
    assert str(caught.value).startswith(sentence)


def test_a_row_of_the_file_that_the_portal_overrules_is_told(
    here: Settings, company: Company, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert overruled(here, DIALS) == []
    set_goal(here, company, "a")
    seeds = tmp_path / "seeds"
    seeds.mkdir()
    for file in here.seeds_dir.glob("*.csv"):
        (seeds / file.name).write_bytes(file.read_bytes())
    exported = goals_csv(here)
    monkeypatch.setenv("SCORELINE_SEEDS_DIR", str(seeds))
    (seeds / "goals.csv").write_text(exported)
    assert overruled(Settings(), DIALS) == [], "both say the same"
    (seeds / "goals.csv").write_text(exported.replace(",130,", ",150,"))
    (row,) = overruled(Settings(), DIALS)
    assert (row.target, row.valid_from) == (150, date(2025, 10, 27))
    assert spans(Settings())[-1] == ("2025-10-27", None, "130")


def test_a_reason_is_no_formula_in_a_spreadsheet(here: Settings, company: Company) -> None:
    set_goal(here, company, "a", reason='=HYPERLINK("https://evil.example","x")', operator="=")
    (row,) = [row for row in csv.DictReader(io.StringIO(goals_csv(here))) if row["target"] == "130"]
    assert row["reason"].startswith("'=HYPERLINK") and row["operator"] == "=", "the file means the same"


@pytest.mark.parametrize(
    ("cells", "sentence"),
    [
        ({"valid_from": "2025-10-26"}, "2025-10-26 is before the running week; the first day may be 2025-10-27"),
        ({"valid_from": "27.10.2025"}, "valid_from: '27.10.2025' is not a valid date, expected YYYY-MM-DD"),
        ({"valid_from": ""}, "the first day is blank"),
        ({"line_id": "inside_sales.dails"}, "inside_sales.dails is not a line of scorecard_lines.csv"),
        ({"operator": "=>"}, "operator: '=>' is not valid, expected one of >=, >, <=, <, =, between, outside"),
        ({"operator": "between"}, "between needs a second bound, at or above the first"),
        ({"operator": "between", "target_2": "120"}, "between needs a second bound"),
        ({"target_2": "140"}, ">= takes no second bound"),
        ({"target": ""}, "target is blank"),
        ({"target": "1,250"}, "target: '1,250' is not a valid number, expected digits such as 1250.5"),
        ({"target": "9" * 19}, "target: "),
        ({"band": "10"}, "band must be a fraction from 0 to below 1, such as 0.10"),
        ({"tolerance": "2"}, "band and tolerance both say what is close; keep one of them"),
        ({"reason": ""}, "reason is blank"),
        ({"reason": "\u202ecsv"}, "reason: contains the invisible character U+202E"),
        ({"per": "month"}, "per: 'month' is not valid, expected one of day, person_day, person_week"),
        (
            {"line_id": "reactive_ops.same_day_close_rate", "per": "person_day", "target": "1"},
            "per person_day needs people in scorecard_lines.csv",
        ),
    ],
)  # fmt: skip
def test_a_goal_that_goals_csv_could_not_hold_is_refused(
    here: Settings, company: Company, cells: dict[str, str], sentence: str
) -> None:
    with pytest.raises(Rejected) as caught:
        checked_goal(here, company, **form(**cells))
    assert str(caught.value).startswith(sentence)


def test_a_reason_is_exported_as_text(here: Settings, company: Company) -> None:
    set_goal(here, company, "a", reason='=HYPERLINK("x")')
    assert list(csv.DictReader(io.StringIO(goals_csv(here))))[-1]["reason"] != '=HYPERLINK("x")'
    assert "\"'=HYPERLINK" in goals_csv(here)


def test_without_the_store_dbt_keeps_the_goals_it_has(here: Settings, company: Company) -> None:
    set_goal(here, company, "a")
    read = rows_for_dbt(here)
    assert read and read["goals"] == [
        (1, DIALS, date(2025, 10, 27), ">=", Decimal(130), None, Decimal("0.10"), None, None, "new list")
    ]
    here.store_path.write_bytes(b"damaged" * 100)
    assert rows_for_dbt(here) is None


FIRST = date(2025, 9, 29)
days = st.integers(0, 8).map(lambda n: FIRST + timedelta(days=5 * n))


@st.composite
def file_rows(draw: st.DrawFn) -> list[DatedGoal]:
    """Rows of a file that do not overlap, and exceptions."""
    starts = sorted(draw(st.sets(days, max_size=3)))
    rows = []
    for start, end in zip(starts, [*starts[1:], None], strict=False):
        gap = draw(st.integers(1, 3))
        ends = end - timedelta(days=gap) if end else draw(st.sampled_from([None, FIRST + timedelta(days=50)]))
        rows.append(dated(start, ends, len(rows), "standing"))
    for start in draw(st.sets(days, max_size=1)):
        rows.append(dated(start, start + timedelta(days=6), 90, "exception"))
    return rows


def dated(start: date, ends: date | None, target: int, kind: str) -> DatedGoal:
    return DatedGoal("a.b", start, ends, ">=", Decimal(target), None, None, "x", None, kind, None)


@settings(max_examples=60)
@given(file_rows(), st.lists(st.tuples(days, st.sampled_from([">=", ">=", NO_GOAL])), max_size=4))
def test_the_list_is_the_same_in_sql(rows: list[DatedGoal], portal: list[tuple[date, str]]) -> None:
    stored = [
        StoredGoal(n, "a.b", day, operator, Decimal(50 + n), None, None, "y", None, None, NOW, "dana", str(n))
        for n, (day, operator) in enumerate(portal, 1)
    ]
    with duckdb.connect() as connection:
        connection.execute(
            "create table goals (line_id text, valid_from date, valid_to date, operator text, target decimal(18,6), target_2"
            " decimal(18,6), band decimal(9,6), reason text, per text, kind text, tolerance decimal(18,6));"
            "create table stg (sequence bigint, line_id text, valid_from date, operator text, target decimal(18,6), target_2"
            " decimal(18,6), band decimal(9,6), tolerance decimal(18,6), per text, reason text)"
        )
        for row in rows:
            insert(connection, "goals", vars(row), "set_by")
        for goal in stored:
            insert(connection, "stg", vars(goal), "entered_at", "entered_by", "idempotency_key")
        sql = MODEL.read_text().replace("{{ ref('goals') }}", "goals")
        sql = sql.replace("{{ ref('stg_scoreline__goals') }}", "stg")
        found = connection.execute(f"select valid_from, valid_to, target, kind from ({sql})").fetchall()
    assert sorted(found, key=str) == sorted(
        ((goal.valid_from, goal.valid_to, goal.target, goal.kind) for goal in merged(rows, stored)), key=str
    )


def insert(connection: duckdb.DuckDBPyConnection, table: str, row: dict[str, Any], *without: str) -> None:
    row = {name: value for name, value in row.items() if name not in without}
    marks = ", ".join("?" * len(row))
    connection.execute(f"insert into {table} ({', '.join(row)}) values ({marks})", list(row.values()))
