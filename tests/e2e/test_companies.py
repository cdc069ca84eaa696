"""Two companies in one Dagster instance, served by the real web server, daemon and code locations: they load at
once, and a canary of one is in nothing of the other."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from foundation.settings import PROJECT_ROOT, Settings
from orchestration.cli.children import end_group
from portal.dagster import DagsterError, Run, launch, run_of

pytestmark = [pytest.mark.e2e, pytest.mark.slow]
NAMES = ("acme", "birch")
PATIENCE = 600
_TYPED = (
    "metric,person,week,value,note,entered_by,entered_at\n"
    "outside_sales.networking_events,maya_torres,2025-W41,{number},canary-{name},maya_torres,"
    "2025-10-10T15:12:00-05:00\n"
)


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """The companies, and the instance that serves them."""
    environment = {**os.environ, "SCORELINE_COMPANIES": str(tmp_path)}
    environment.pop("DAGSTER_HOME", None)
    for number, name in enumerate(NAMES):
        subprocess.run(["scoreline", "new", name, "--source", "hubspot"], env=environment, check=True)
        place = tmp_path / name
        (place / "manual_entries" / "numbers.csv").write_text(_TYPED.format(number=number + 7, name=name))
        file = place / ".env"
        # with the project's own seeds, dbt need not parse the project again for each
        kept = [line for line in file.read_text().splitlines() if "SEEDS_DIR" not in line]
        file.write_text("\n".join(kept))
    log = (tmp_path / "ui.log").open("w")
    ui = subprocess.Popen(
        ["scoreline", "ui", "--companies", "--port", "0"],
        env=environment,
        cwd=PROJECT_ROOT,
        stdout=log,
        stderr=log,
        start_new_session=True,
    )
    try:
        yield tmp_path
    finally:
        ui.send_signal(signal.SIGTERM)
        try:
            ui.wait(30)
        except subprocess.TimeoutExpired:
            end_group(ui.pid)


def settings_of(folder: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """What the company's own portal and commands read."""
    monkeypatch.setenv("SCORELINE_ENV_FILE", str(folder / name / ".env"))
    return Settings()


def launched(settings: Settings) -> str:
    """A refresh of the typed-in numbers, as the portal starts it; waits until the instance is up."""
    give_up = time.monotonic() + PATIENCE
    while True:
        try:
            return launch(settings, "refresh", [("manual", "entries")])
        except DagsterError:
            if time.monotonic() > give_up:
                raise
            time.sleep(2)


def over(settings: Settings, run_id: str) -> Run:
    give_up = time.monotonic() + PATIENCE
    while (run := run_of(settings, run_id)) is None or not run.is_over:
        assert time.monotonic() < give_up, run
        time.sleep(2)
    return run


def texts(file: Path) -> str:
    """Everything in the raw tables of a warehouse."""
    with duckdb.connect(str(file), read_only=True) as connection:
        tables = connection.execute(
            "select table_schema, table_name from information_schema.tables where table_schema = 'raw_manual'"
        ).fetchall()
        return "\n".join(
            str(connection.execute(f'from {schema}."{table}"').fetchall()) for schema, table in tables
        )


def test_a_canary_of_one_company_is_in_nothing_of_the_other(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    companies = {name: settings_of(folder, name, monkeypatch) for name in NAMES}
    runs = {name: launched(settings) for name, settings in companies.items()}
    for name, settings in companies.items():
        run = over(settings, runs[name])
        assert run.status == "SUCCESS", run
        found = texts(settings.warehouse_path)
        (other,) = set(NAMES) - {name}
        assert f"canary-{name}" in found and f"canary-{other}" not in found
        for file in (folder / name).rglob("*"):
            if file.is_file() and file.suffix not in (".duckdb", ".lock"):
                assert f"canary-{other}".encode() not in file.read_bytes(), file
    # in the one event log, each run tells of the keys of its own company alone
    import dagster as dg

    with dg.DagsterInstance.from_config(str(folder / ".dagster")) as instance:
        for name, run_id in runs.items():
            stored = instance.get_run_by_id(run_id)
            assert stored and stored.tags["scoreline/company"] == name
            keys = {
                event.asset_key.path[0]
                for event in (
                    record.dagster_event for record in instance.all_logs(run_id) if record.dagster_event
                )
                if event.asset_key
            }
            assert keys == {name}
