"""kill -9 at any moment of a load, and the next load ends with the same tables as one that nobody disturbed."""

from __future__ import annotations

import multiprocessing
import os
import shutil
import signal
from pathlib import Path
from typing import Any

import pytest

from dlt_pipelines.load import load
from dlt_pipelines.sandbox import Sandbox
from dlt_pipelines.sources import hubspot
from foundation.settings import Company, Settings
from tests.dlt_pipelines.conftest import at, query
from tests.dlt_pipelines.killed_load import MOMENTS, run

FIRST, SECOND = "2025-10-20T12:00:00Z", "2025-10-22T12:00:00Z"


@pytest.fixture(autouse=True)
def unhurried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hubspot, "BURST", (10_000, 10.0))
    monkeypatch.setattr(hubspot, "SEARCHES", (1_000, 1.0))


def contents(settings: Settings) -> dict[str, list[tuple[Any, ...]]]:
    """Every raw table of HubSpot without dlt's own columns, sorted."""
    tables = query(
        settings,
        "select table_name, string_agg(column_name, ', ' order by column_name) from information_schema.columns "
        "where table_schema = 'raw_hubspot' and not starts_with(column_name, '_dlt') and not starts_with(table_name, '_dlt') group by 1",
    )
    return {table: query(settings, f"select {columns} from raw_hubspot.{table} order by all") for table, columns in tables}


@pytest.fixture(scope="module")
def homes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Homes made once: `first` after the first load, `undisturbed` after both."""
    return tmp_path_factory.mktemp("homes")


@pytest.fixture
def expected(homes: Path, sandbox: Sandbox, company: Company, monkeypatch: pytest.MonkeyPatch) -> dict[str, list[tuple[Any, ...]]]:
    if not (homes / "undisturbed").exists():
        monkeypatch.setenv("SCORELINE_HOME", str(homes / "first"))
        load("hubspot", at(monkeypatch, sandbox, FIRST), company)
        shutil.copytree(homes / "first", homes / "undisturbed")
        monkeypatch.setenv("SCORELINE_HOME", str(homes / "undisturbed"))
        load("hubspot", at(monkeypatch, sandbox, SECOND), company)
    monkeypatch.setenv("SCORELINE_HOME", str(homes / "undisturbed"))
    return contents(Settings())


def started(source: str, moment: str | None = None) -> Any:
    """A load in a process of its own, with this test's environment."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.dlt_pipelines.killed_load", "dlt.destinations.impl.duckdb.duck", "pandas"])
    ours = ("SCORELINE_", "SANDBOX_", "HUBSPOT_", "AUTOTASK_")
    environment = {name: value for name, value in os.environ.items() if name.startswith(ours)}
    process = context.Process(target=run, args=(source, moment, environment))
    process.start()
    return process


def killed(moment: str) -> None:
    process = started("hubspot", moment)
    process.join()
    assert process.exitcode == -signal.SIGKILL, f"the load was not killed {moment}"


@pytest.mark.slow
@pytest.mark.parametrize("moment", MOMENTS)
def test_a_killed_load_loses_and_doubles_nothing(
    moment: str,
    homes: Path,
    expected: dict[str, list[tuple[Any, ...]]],
    sandbox: Sandbox,
    company: Company,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    home = tmp_path / "killed"
    shutil.copytree(homes / "first", home)
    monkeypatch.setenv("SCORELINE_HOME", str(home))
    settings = at(monkeypatch, sandbox, SECOND)
    killed(moment)
    report = load("hubspot", settings, company)
    assert report.status == "ok"
    found = contents(settings)
    assert {table: len(rows) for table, rows in found.items()} == {table: len(rows) for table, rows in expected.items()}
    assert found == expected


def test_a_killed_first_load_is_finished_by_the_next(
    expected: dict[str, list[tuple[Any, ...]]], sandbox: Sandbox, company: Company, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("SCORELINE_HOME", str(tmp_path / "new"))
    settings = at(monkeypatch, sandbox, FIRST)
    killed("between a file's commit and its mark")
    load("hubspot", settings, company)
    settings = at(monkeypatch, sandbox, SECOND)
    load("hubspot", settings, company)
    assert contents(settings) == expected


def test_a_spoiled_working_folder_is_fetched_again(
    homes: Path,
    expected: dict[str, list[tuple[Any, ...]]],
    sandbox: Sandbox,
    company: Company,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    home = tmp_path / "spoiled"
    shutil.copytree(homes / "first", home)
    monkeypatch.setenv("SCORELINE_HOME", str(home))
    settings = at(monkeypatch, sandbox, SECOND)
    killed("after fetching")
    packages = list((home / "dlt" / "hubspot" / "normalize").rglob("*.parquet"))
    assert packages
    for package in packages:
        package.write_bytes(b"half a fi")
    load("hubspot", settings, company)
    assert contents(settings) == expected


@pytest.mark.slow  # tests/foundation has writers of many processes wait for each other
def test_two_loads_at_once_take_turns(
    sandbox: Sandbox, company: Company, homes: Path, expected: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "both"
    shutil.copytree(homes / "first", home)
    monkeypatch.setenv("SCORELINE_HOME", str(home))
    settings = at(monkeypatch, sandbox, SECOND)
    running = [started(source) for source in ("hubspot", "hubspot", "autotask", "manual")]
    for process in running:
        process.join()
        assert process.exitcode == 0
    assert contents(settings) == expected
    assert query(settings, "select count(distinct load_id) from ledger.loads where source = 'hubspot' and status = 'ok'") == [(3,)]
    assert query(settings, "select count(*) from raw_autotask.tickets")[0][0] > 0
