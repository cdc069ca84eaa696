"""Both invented companies in one Dagster instance, each with its own sandbox: they load, build and mail at
the same time, each has the numbers that it has alone, and nothing of one is in the other's files."""

from __future__ import annotations

import csv
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import dagster as dg
import duckdb
import pytest

from foundation.settings import PROJECT_ROOT
from orchestration.cli.demo_home import DEMO_AS_OF, DEMO_COMPANIES
from sandbox import running_sandbox
from tests.e2e.test_golden_weeks import GOLDEN

pytestmark = [pytest.mark.e2e, pytest.mark.slow]
_SCORELINE = (sys.executable, "-W", "ignore", "-m", "orchestration.cli")
OWN = {"cedar": ("Cedar Ridge", "cedar-ridge"), "sales": ("Brightwater", "brightwater")}
"""Company -> how its name and the domain of its addresses begin."""


@dataclass(frozen=True)
class Company:
    """One of the two, in its folder."""

    name: str
    folder: Path

    def start(self, *command: str) -> subprocess.Popen[str]:
        """Run a command in the company."""
        environment = {**os.environ, "SCORELINE_ENV_FILE": str(self.folder / ".env")}
        for taken in ("DAGSTER_HOME", "SCORELINE_HOME"):
            environment.pop(taken, None)
        return subprocess.Popen(
            [*_SCORELINE, *command],
            env=environment,
            cwd=PROJECT_ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def rows(self, sql: str) -> list[tuple[object, ...]]:
        file = self.folder / "home" / "published" / "scoreline.duckdb"
        with duckdb.connect(str(file), read_only=True) as connection:
            return connection.execute(sql).fetchall()

    def marks(self) -> set[str]:
        """What only this company has: its name, its domain, its people's addresses."""
        with (self.folder / "seeds" / "people.csv").open(encoding="utf-8", newline="") as file:
            addresses = {row["email"] for row in csv.DictReader(file)} - {""}
        return {*OWN[self.name], *addresses}


@pytest.fixture(scope="module")
def companies(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Company]]:
    parent = tmp_path_factory.mktemp("companies")
    with ExitStack() as stack, pytest.MonkeyPatch.context() as patch:
        patch.setenv("SCORELINE_COMPANIES", str(parent))
        patch.setenv("DBT_EXCLUDE_RESOURCE_TYPES", "unit_test test")
        found = []
        for name, folder in DEMO_COMPANIES.items():
            subprocess.run([*_SCORELINE, "new", name], cwd=PROJECT_ROOT, check=True)
            place = parent / name
            files = folder or PROJECT_ROOT
            seeds = files / "seeds" if folder else files / "dbt_project" / "seeds"
            shutil.copy(files / "company.toml", place / "company.toml")
            for seed in (place / "seeds").iterdir():
                shutil.copy(seeds / seed.name, seed)
            if not folder:
                for typed in ("manual_entries", "ad_spend"):
                    shutil.copytree(PROJECT_ROOT / typed, place / typed, dirs_exist_ok=True)
            sandbox = stack.enter_context(running_sandbox(as_of=DEMO_AS_OF, company=name, limits=False))
            lines = [f"{key}={value}" for key, value in sandbox.environment.items()]
            with (place / ".env").open("a", encoding="utf-8") as file:
                file.write("\n".join(["", *lines, f"SCORELINE_AS_OF={DEMO_AS_OF.isoformat()}", ""]))
            found.append(Company(name, place))
        for command in (["run", "refresh"], ["run", "build"], ["send"]):
            at_once(found, command)
        yield found


def at_once(companies: Sequence[Company], command: Sequence[str]) -> None:
    """Run a command in both companies at the same time."""
    running = [company.start(*command) for company in companies]
    for company, process in zip(companies, running, strict=True):
        said, _ = process.communicate(timeout=1500)
        assert process.returncode == 0, f"{company.name}: {said}"


def test_each_has_its_own_numbers(companies: list[Company]) -> None:
    cedar, sales = companies
    week = "select line_id, value from marts.fct_scorecard_weekly where week_label = '2025-W43'"
    values = dict(cedar.rows(week))
    assert {line: values[line] for line in GOLDEN} == {line: weeks[3] for line, weeks in GOLDEN.items()}
    kpis = (
        "select measure, numerator from marts.fct_sales_kpis where owner_key = 'all' and period_key = 'all'"
        " and measure in ('contacts', 'companies')"
    )
    assert dict(sales.rows(kpis)) == {"contacts": 44_602, "companies": 17_781}
    connected = "select count(*) from marts.dim_sources where state <> 'not_connected'"
    assert (cedar.rows(connected), sales.rows(connected)) == ([(20,)], [(3,)])


def test_nothing_of_one_is_in_anything_of_the_other(companies: list[Company]) -> None:
    for company, other in (companies, companies[::-1]):
        foreign = {mark.encode() for mark in other.marks()}
        own = {mark.encode() for mark in company.marks()}
        texts = {
            file: file.read_bytes()
            for file in (company.folder / "home").rglob("*")
            if file.is_file() and file.suffix != ".duckdb" and "dbt_project" not in file.parts
        }
        assert {file: mark for file, text in texts.items() for mark in foreign if mark in text} == {}
        assert any(mark in text for text in texts.values() for mark in own)
        assert [file for file in texts if file.suffix == ".eml"]
        for database in (company.folder / "home").rglob("*.duckdb"):
            assert places_of({mark.decode() for mark in foreign}, database) == []


def places_of(marks: set[str], database: Path) -> list[tuple[str, str]]:
    """(table, column) of texts that hold one of the marks."""
    found = []
    with duckdb.connect(str(database), read_only=True) as connection:
        columns = connection.execute(
            "select table_schema, table_name, column_name from information_schema.columns join"
            " information_schema.tables using (table_catalog, table_schema, table_name)"
            " where table_type = 'BASE TABLE' and data_type = 'VARCHAR'"
        ).fetchall()
        for schema, table, column in columns:
            hits = f'select 1 from "{schema}"."{table}" where ' + " or ".join(
                f"contains(\"{column}\", '{mark}')" for mark in sorted(marks)
            )
            if connection.execute(f"{hits} limit 1").fetchone():
                found.append((f"{schema}.{table}", column))
    return found


def test_the_instance_keeps_their_runs_apart(companies: list[Company]) -> None:
    with dg.DagsterInstance.from_config(str(companies[0].folder.parent / ".dagster")) as instance:
        for company in companies:
            runs = instance.get_runs(dg.RunsFilter(tags={"scoreline/company": company.name}))
            assert {run.job_name for run in runs} >= {"refresh", "build"}
            assert {run.status for run in runs} == {dg.DagsterRunStatus.SUCCESS}
            for run in runs:
                keys = {
                    entry.dagster_event.asset_key.path[0]
                    for entry in instance.all_logs(run.run_id)
                    if entry.dagster_event and entry.dagster_event.asset_key
                }
                assert keys <= {company.name}
