"""Files that people or tools write: the generated list of metrics, a metric's meta, and the seeds with their
mistakes."""

from __future__ import annotations

import re
import shutil
from datetime import date
from pathlib import Path

import duckdb
import pytest

from foundation.dbt_files import DuplicateMetric, metric_models_text, write_metric_models
from foundation.project_check import metric_faults
from tests.dbt_project.conftest import GOALS, LINES, PEOPLE, MakeWarehouse
from tests.support.raw_warehouse import DBT_DIR, at
from tests.support.rows import OWNERS, call


def test_the_committed_list_of_metrics_is_in_sync() -> None:
    committed = (DBT_DIR / "macros" / "metric_models.sql").read_text(encoding="utf-8")
    assert committed == metric_models_text(DBT_DIR), "run: python -m foundation.dbt_files"


def test_the_list_is_rewritten_only_when_it_changes(tmp_path: Path) -> None:
    section = tmp_path / "models" / "metrics" / "inside"
    section.mkdir(parents=True)
    (tmp_path / "macros").mkdir()
    (section / "dials.sql").write_text("select 1")
    assert write_metric_models(tmp_path)
    written = (tmp_path / "macros" / "metric_models.sql").stat()
    assert not write_metric_models(tmp_path)
    assert (tmp_path / "macros" / "metric_models.sql").stat() == written
    (section / "calls.sql").write_text("select 1")
    assert write_metric_models(tmp_path)
    text = (tmp_path / "macros" / "metric_models.sql").read_text()
    assert text.index("'calls'") < text.index("'dials'")
    (section / "calls.sql").unlink()
    assert write_metric_models(tmp_path)
    assert "calls" not in (tmp_path / "macros" / "metric_models.sql").read_text()


def test_two_files_with_one_name_are_refused(tmp_path: Path) -> None:
    for section in ("inside", "outside"):
        (tmp_path / "models" / "metrics" / section).mkdir(parents=True)
        (tmp_path / "models" / "metrics" / section / "dials.sql").write_text("select 1")
    with pytest.raises(DuplicateMetric, match=r"inside/dials\.sql.*outside/dials\.sql"):
        write_metric_models(tmp_path)


@pytest.fixture(scope="module")
def mistakes(make_warehouse: MakeWarehouse) -> str:
    """What dbt says about seeds with one mistake of each kind."""
    goals = (
        GOALS + "inside.dials,2025-10-20,,>=,4,,0.10,overlaps\n"
        "inside.conversations,2025-01-01,,=>,4,,0.10,unknown operator\n"
        "inside.ftas_set,2025-01-01,,>=,,,0.10,no target\n"
        "outside.mrr,2025-01-01,,between,4,,0.10,no upper bound\n"
        "outside.events,2025-01-01,,>=,4,5,0.10,upper bound too many\n"
        "ops.billable,2025-01-01,,>=,4,,10,band in percent\n"
        "ops.total,2025-01-01,2024-01-01,>=,4,,0.10,ends before it begins\n"
        "nowhere.dials,2025-01-01,,>=,4,,0.10,no such line\n"
    )
    lines = (
        LINES
        + "inside.sales,inside,Inside,900,sales,,maya,maya,,2025-01-01,\ninside.leads2,inside,Inside,910,leads_generated,,nobody,maya;noone,,2025-01-01,\ninside.leads3,inside,Inside,920,leads_generated,,maya,,hand,2025-01-01,\ninside.leads4,inside,Inside,930,leads_generated,,,maya"
        " until 2025-10-19; maya from"
        " 2025-10-19,,2025-01-01,\ninside.leads5,inside,Inside,940,leads_generated,,,maya from 2025-10-20"
        " until 2025-10-19;victor since May,,2025-01-01,\n"
    )
    people = PEOPLE + "maya2,Maya Again,maya@test.example,,,inside,40,2024-01-01,\n"
    warehouse = make_warehouse(
        "2025-10-27T12:00:00", seeds={"goals": goals, "scorecard_lines": lines, "people": people}
    )
    ran = warehouse.dbt(
        "build",
        "--select",
        "path:seeds",
        "int_goals__rows",
        "int_people__addresses",
        "int_scorecard__metrics",
        "int_scorecard__line_people",
        "stg_scoreline__sources",
        "path:tests/goals",
        "path:tests/lines",
    )
    assert ran.returncode == 1, ran.stdout
    return " ".join(ran.stdout.split())


@pytest.mark.parametrize(
    "says",
    [
        "goals.csv: inside.dials: the goals from 2025-10-13 and from 2025-10-20 are in force at once",
        "inside.conversations from 2025-01-01: operator => is unknown",
        "inside.ftas_set from 2025-01-01: target is blank",
        "outside.mrr from 2025-01-01: between needs target_2",
        "outside.events from 2025-01-01: >= takes no target_2",
        "ops.billable from 2025-01-01: band must be a fraction",
        "ops.total from 2025-01-01: valid_from is blank or after valid_to",
        "goals.csv: nowhere.dials is not a line of scorecard_lines.csv",
        "scorecard_lines.csv: inside.leads3: feed is hand",
        "inside.sales: there is no model for the metric sales",
        "inside.leads2: owners names nobody, who is not in people.csv",
        "inside.leads2: people names noone, who is not in people.csv",
        "inside.leads4: people names maya twice for the same days",
        "inside.leads5: people has maya from 2025-10-20 until 2025-10-19",
        "inside.leads5: people names victor since May, who is not in people.csv",
        "people.csv: maya, maya2 have one address in Autotask (maya@test.example)",
    ],
)
def test_a_mistake_in_a_seed_is_named(mistakes: str, says: str) -> None:
    assert says in mistakes


ENTRY = """\
models:
  - name: any_calls
    description: Any call.
    config:
      meta:
        label: Any calls
        unit: count
        aggregation: sum
        direction: up
        cadence: week
        sources: [hubspot]
        distinct_for_team: false
        definition: Any call.
        calculation: Count.
        benchmark: No outside benchmark.
        edge_cases: None.
"""


@pytest.mark.slow
def test_a_metric_is_one_file_one_entry_one_line_and_one_goal(make_warehouse: MakeWarehouse) -> None:
    """Add a metric to a copy of the project: first with an entry that lacks `why`, then complete."""
    lines = LINES + "inside.any_calls,inside,Inside,15,any_calls,,maya,maya,,2025-10-20,\n"
    goals = GOALS + "inside.any_calls,2025-10-20,,>=,2,,0.10,new\n"
    warehouse = make_warehouse(
        "2025-10-27T12:00:00", seeds={"people": PEOPLE, "scorecard_lines": lines, "goals": goals}, whole=True
    )
    project = warehouse.project()
    for part in ("models", "macros"):
        (project / part).unlink()
        shutil.copytree(DBT_DIR / part, project / part)
    section = project / "models" / "metrics" / "inside_sales"
    dials = (section / "dials.sql").read_text(encoding="utf-8")
    (section / "any_calls.sql").write_text(
        dials.replace("'dials'", "'any_calls'").replace("'OUTBOUND'", "direction"), encoding="utf-8"
    )
    (section / "any_calls.yml").write_text(ENTRY, encoding="utf-8")
    assert write_metric_models(project)
    assert list(metric_faults(project)) == [
        f"{section / 'any_calls.yml'}, line 2, metric any_calls: the key 'why' is missing"
    ]

    (section / "any_calls.yml").write_text(ENTRY + "        why: Because.\n", encoding="utf-8")
    warehouse.add("hubspot.owners", OWNERS)
    warehouse.add(
        "hubspot.calls",
        [call("in", "2025-10-21T15:00:00", direction="INBOUND"), call("out", "2025-10-22T15:00:00")],
    )
    warehouse.loaded("hubspot", through=at("2025-10-27T11:55:00"))
    warehouse.build("--select", "+fct_scorecard_weekly", "--exclude-resource-type", "test", "unit_test")
    rows = warehouse.query(
        "select value, status from marts.fct_scorecard_weekly where line_id = 'inside.any_calls' and"
        " week_start = '2025-10-20'"
    )
    assert rows == [{"value": 2, "status": "met"}]


@pytest.mark.slow
def test_only_other_sql_is_another_definition(make_warehouse: MakeWarehouse) -> None:
    """Charts mark changed SQL: SQL that computes the same must not be marked, whatever its names."""
    warehouse = make_warehouse(
        "2025-10-27T12:00:00", seeds={"people": PEOPLE, "scorecard_lines": LINES, "goals": GOALS}
    )
    project = warehouse.project()
    for part in ("models", "macros"):
        (project / part).unlink()
        shutil.copytree(DBT_DIR / part, project / part)
    dials = project / "models" / "metrics" / "inside_sales" / "dials.sql"
    manual = project / "macros" / "metrics.sql"

    def fingerprints() -> dict[str, tuple[str, str]]:
        warehouse.build("--select", "int_scorecard__metrics", "--exclude-resource-type", "test", "unit_test")
        rows = warehouse.query(
            "select metric_id, sql_fingerprint, fingerprint from intermediate.int_scorecard__metrics"
        )
        return {row["metric_id"]: (row["sql_fingerprint"], row["fingerprint"]) for row in rows}

    def edit(file: Path, was: str, now: str) -> None:
        text = file.read_text(encoding="utf-8")
        assert was in text
        file.write_text(text.replace(was, now), encoding="utf-8")

    first = fingerprints()
    assert len(set(first.values())) == len(first)

    # a comment, line breaks, another config, a new person, and other names of a model, a staging model and a macro
    edit(dials, "select\n", "{{ config(materialized='table') }}\n-- new\n{# comments,\ntwo #}\nselect\n\n")
    warehouse.seeds["people"] = PEOPLE + "zed,Zed Zorn,zed@test.example,,,inside,40,2024-01-01,\n"
    rename(project, "int_hubspot__calls", "int_every__call")
    rename(project, "stg_hubspot__account", "stg_hubspot__portal")
    rename(project, "typed_contributions", "contributions_by_hand")
    second = fingerprints()
    assert {name: told[0] for name, told in second.items()} == {name: told[0] for name, told in first.items()}
    # who is counted is part of the definition, and people.csv has one more
    assert second["dials"][1] != first["dials"][1]
    assert second["expenses"] == first["expenses"]

    edit(dials, "'OUTBOUND'", "'INBOUND'")
    edit(
        manual, "where metric_id = '{{ metric_id }}'", "where metric_id = '{{ metric_id }}' and numerator > 0"
    )
    typed = {"dials", "networking_events", "social_engagement"}
    assert {name for name, told in fingerprints().items() if told[0] != second[name][0]} == typed


def test_only_settings_that_a_metric_depends_on_define_it(make_warehouse: MakeWarehouse) -> None:
    warehouse = make_warehouse(
        "2025-10-27T12:00:00", seeds={"people": PEOPLE, "scorecard_lines": LINES, "goals": GOALS}
    )

    def fingerprints(**hubspot: object) -> dict[str, str]:
        section = before.hubspot.model_copy(update=hubspot)
        warehouse.company = before.model_copy(update={"hubspot": section})
        warehouse.prepare()
        warehouse.build("--select", "int_scorecard__metrics", "--exclude-resource-type", "test", "unit_test")
        rows = warehouse.query(
            "select metric_id, settings_fingerprint from intermediate.int_scorecard__metrics"
        )
        return {row["metric_id"]: row["settings_fingerprint"] for row in rows}

    before = warehouse.company
    first = fingerprints()

    def other(**hubspot: object) -> set[str]:
        return {name for name, told in fingerprints(**hubspot).items() if told != first[name]}

    # what says what is loaded concerns every metric of HubSpot; a version concerns none
    assert {"dials", "conversations_dm"} <= (
        loaded := other(start_date=date(2025, 1, 1), api_version="2026-03")
    )
    assert "conversations_dm" in (
        deciders := other(decision_maker_values=["CHAMPION"], api_version="2026-03")
    )
    assert deciders < loaded and not {"open_tickets", "expenses"} & loaded


def rename(project: Path, was: str, now: str) -> None:
    """Give a model or macro another name in every file that names it."""
    for part in ("models", "macros"):
        for file in (project / part).rglob("*.*"):
            text = file.read_text(encoding="utf-8")
            if was in text:
                file.write_text(re.sub(rf"\b{was}\b", now, text), encoding="utf-8")
            if file.stem == was:
                file.rename(file.with_stem(now))


def test_a_missing_setting_is_named(make_warehouse: MakeWarehouse) -> None:
    warehouse = make_warehouse("2025-10-27T12:00:00")
    with duckdb.connect(str(warehouse.settings.warehouse_path)) as connection:
        connection.execute("delete from config.settings where name = 'company.time_zone'")
    ran = warehouse.dbt("build", "--select", "stg_hubspot__calls")
    assert ran.returncode == 1
    assert "config.settings has no value for 'company.time_zone'" in ran.stdout
