"""kill -9 at any moment of a load, and the next load ends with the same tables and ledger as one that nobody
disturbed."""

from __future__ import annotations

import multiprocessing
import os
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dlt_pipelines.core.load import load
from dlt_pipelines.registry import SOURCES
from foundation.settings import Company, Settings
from sandbox import Sandbox
from tests.dlt_pipelines.conftest import at, query
from tests.support.homes import FIRST, MARKING, SECOND, contents, plant_strangers, said, undisturbed
from tests.support.killed_load import IN_THE_MAIN_THREAD, MOMENTS, run, stopped

pytestmark = pytest.mark.usefixtures("unhurried", "recent")


def stop_and_go_on(
    source: str,
    moment: str,
    pairs: Path,
    sandbox: Sandbox,
    company: Company,
    monkeypatch: pytest.MonkeyPatch,
    home: Path,
) -> None:
    """Stop the second load of a source at a moment, load again, and find what an undisturbed home holds."""
    first, expected = undisturbed(source, pairs, sandbox, company, monkeypatch)
    shutil.copytree(first, home)
    monkeypatch.setenv("SCORELINE_HOME", str(home))
    settings = at(monkeypatch, sandbox, SECOND)
    stopped(source, moment, settings)
    load(source, settings, company)
    assert contents(settings, source) == contents(expected, source)
    assert said(settings) >= said(expected)


@pytest.mark.parametrize(
    "source", [name for name in MARKING if name != "hubspot"]
)  # HubSpot dies for real, below
def test_what_only_the_run_knew_is_settled_by_the_next(
    source: str,
    pairs: Path,
    sandbox: Sandbox,
    company: Company,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    stop_and_go_on(
        source,
        "after the load counts as complete",
        pairs,
        sandbox,
        company,
        monkeypatch,
        tmp_path / "stopped",
    )


def stops() -> Iterator[Any]:
    """(source, moment): every moment with one source, and with the others by turns. What happens at a moment is
    the same code for all of them; where they differ, in what only the run knows, is the test above."""
    yield from (("manual", moment) for moment in IN_THE_MAIN_THREAD)
    others = [name for name in SOURCES if name != "manual"]
    for place, source in enumerate(others):
        for step in (0, 3):
            moment = IN_THE_MAIN_THREAD[(place + step) % len(IN_THE_MAIN_THREAD)]
            yield pytest.param(source, moment, marks=pytest.mark.slow)


@pytest.mark.parametrize(("source", "moment"), stops())
def test_a_load_that_stops_at_any_moment_is_finished_by_the_next(
    source: str,
    moment: str,
    pairs: Path,
    sandbox: Sandbox,
    company: Company,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    stop_and_go_on(source, moment, pairs, sandbox, company, monkeypatch, tmp_path / "stopped")


@pytest.fixture
def homes(pairs: Path, sandbox: Sandbox, company: Company, monkeypatch: pytest.MonkeyPatch) -> Path:
    """HubSpot's homes: `first` after the first load, `both` after both."""
    return undisturbed("hubspot", pairs, sandbox, company, monkeypatch)[0].parent


@pytest.fixture
def expected(homes: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, list[tuple[Any, ...]]]:
    monkeypatch.setenv("SCORELINE_HOME", str(homes / "both"))
    return contents(Settings())


def started(source: str, moment: str | None = None) -> Any:
    """A load in a process of its own, with this test's environment."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(
        ["tests.support.killed_load", "dlt.destinations.impl.duckdb.duck", "pandas"]
    )
    ours = ("SCORELINE_", "SANDBOX_", "HUBSPOT_", "AUTOTASK_")
    environment = {name: value for name, value in os.environ.items() if name.startswith(ours)}
    process = context.Process(target=run, args=(source, moment, environment))
    process.start()
    return process


def killed(moment: str) -> None:
    process = started("hubspot", moment)
    process.join()
    assert process.exitcode == -signal.SIGKILL, f"the load was not killed {moment}"


@pytest.mark.parametrize(
    "moment",
    [
        (
            moment
            if moment == "after the load counts as complete"
            else pytest.param(moment, marks=pytest.mark.slow)
        )
        for moment in MOMENTS
    ],
)
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
    assert {table: len(rows) for table, rows in found.items()} == {
        table: len(rows) for table, rows in expected.items()
    }
    assert found == expected
    monkeypatch.setenv("SCORELINE_HOME", str(homes / "both"))
    assert said(settings) >= said(Settings())


def test_a_killed_first_load_is_finished_by_the_next(
    expected: dict[str, list[tuple[Any, ...]]],
    sandbox: Sandbox,
    company: Company,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    monkeypatch.setenv("SCORELINE_HOME", str(tmp_path / "new"))
    settings = at(monkeypatch, sandbox, FIRST)
    killed("between a file's commit and its mark")
    load("hubspot", settings, company)
    plant_strangers(settings, "hubspot")
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
    sandbox: Sandbox,
    company: Company,
    homes: Path,
    expected: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
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
    assert query(
        settings,
        "select count(distinct load_id) from ledger.loads where source = 'hubspot' and status = 'ok'",
    ) == [(3,)]
    assert query(settings, "select count(*) from raw_autotask.tickets")[0][0] > 0
