"""Dagster's runs and events in a Postgres that holds the store too, for several machines."""

import os
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import dagster as dg
import psycopg
import pytest

from foundation.errors import SettingsError
from foundation.postgres import in_schema, lock_session
from foundation.settings import PROJECT_ROOT, Settings
from foundation.store import read
from foundation.store.changes import typed_so_far
from orchestration.instance import prepare_instance
from orchestration.jobs import all_jobs
from orchestration.liveness import HOLDS, ONE_PROCESS, fail_dead, fail_dead_runs, gone
from orchestration.resources import Scoreline
from orchestration.sensors import ended_runs
from tests.support.postgres import PASSWORD, Postgres


def test_two_machines_see_one_instance_beside_the_store(
    postgres_server: Postgres, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = postgres_server.new_database()
    for name in ("STORE_URL", "DAGSTER_STORAGE_URL"):
        monkeypatch.setenv(name, url)
    for name in ("DAGSTER_HOME", "SCORELINE_DAGSTER_STORAGE", "DAGSTER_EVENT_BATCH_SIZE"):
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)
    key = dg.AssetKey(["reports", "site"])
    for machine in ("one", "two"):
        monkeypatch.setenv("SCORELINE_HOME", str(tmp_path / machine))
        settings = Settings()
        prepare_instance(settings)
        assert PASSWORD not in (settings.dagster_home / "dagster.yaml").read_text()
        with read(settings) as connection:
            typed_so_far(connection)  # both bring their tables up to date, in either order
        with dg.DagsterInstance.get() as instance:
            if machine == "one":
                instance.report_runless_asset_event(dg.AssetMaterialization(key))
                run = instance.create_run_for_job(_nothing, status=dg.DagsterRunStatus.STARTED)
                continue
            assert instance.get_latest_materialization_event(key)
            assert [found.run_id for found in instance.get_runs()] == [run.run_id]
            assert fail_dead_runs(settings) == [], "the run may live on the other machine"
            assert instance.get_concurrency_config().pool_config.default_pool_limit == 1
    with psycopg.connect(url) as connection:
        schemas = connection.execute(
            "select table_schema from information_schema.tables where table_name = 'alembic_version'"
        ).fetchall()
    assert sorted(schemas) == [("dagster",), ("public",)]
    os.environ.pop("DAGSTER_HOME", None)


_WORKS = """
import sys, time, dagster as dg
from foundation.settings import Settings
from orchestration.liveness import hold
with dg.DagsterInstance.get() as instance:
    hold(instance, sys.argv[1], Settings())
    print("works", flush=True)
    time.sleep(60)
"""


def test_the_run_of_a_machine_that_is_gone_ends_on_another_one(
    postgres_server: Postgres, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It kept its place in the queue until its maximum runtime."""
    url = postgres_server.new_database()
    monkeypatch.setenv("DAGSTER_STORAGE_URL", url)
    monkeypatch.setenv("SCORELINE_HOME", str(tmp_path))
    for name in ("DAGSTER_HOME", "SCORELINE_DAGSTER_STORAGE", "DAGSTER_EVENT_BATCH_SIZE"):
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)
    settings = Settings()
    prepare_instance(settings)
    with dg.DagsterInstance.get() as instance:
        run = instance.create_run_for_job(_nothing, status=dg.DagsterRunStatus.STARTED)
        other = subprocess.Popen(
            [sys.executable, "-c", _WORKS, run.run_id], stdout=subprocess.PIPE, text=True, cwd=PROJECT_ROOT
        )
        assert other.stdout is not None and other.stdout.readline() == "works\n"
        assert fail_dead(instance, settings) == [], "it lives"
        other.kill()
        other.wait()
        with dg.build_sensor_context(instance=instance, resources={"scoreline": Scoreline()}) as context:
            while "lives" in str(said := ended_runs(context)):  # Postgres notices a moment later
                time.sleep(0.1)
        assert f"Marked as failed: {run.run_id}." in str(said)
        found = instance.get_run_by_id(run.run_id)
        assert found is not None and found.status == dg.DagsterRunStatus.FAILURE
        assert fail_dead(instance, settings) == []
        # a build or a mail holds its lock from its first step to its last, whatever started it
        seen = _looks.execute_in_process(instance=instance, tags=ONE_PROCESS).output_for_node("_look")
        assert seen == ["started", []]
    with closing(lock_session(url, "test")) as session:
        assert session.execute("show tcp_keepalives_idle").fetchone() == ("30",)
    os.environ.pop("DAGSTER_HOME", None)


def test_every_job_of_one_process_says_so() -> None:
    alone = {job.name for job in all_jobs if job.executor_def is dg.in_process_executor}
    assert alone == {job.name for job in all_jobs if ONE_PROCESS.items() <= (job.tags or {}).items()}
    assert {"build", "weekly_scorecard"} <= alone


def test_a_server_that_is_not_there_is_named_without_its_password() -> None:
    with pytest.raises(
        SettingsError, match=r"^DAGSTER_STORAGE_URL: Postgres on 127.0.0.1 can't be used"
    ) as no:
        in_schema("postgresql://somebody:secret@127.0.0.1:1/runs", "dagster", "DAGSTER_STORAGE_URL")
    assert "secret" not in str(no.value) and no.value.__suppress_context__


@dg.job
def _nothing() -> None: ...


@dg.op
def _look(context: dg.OpExecutionContext, scoreline: Scoreline) -> list[object]:
    """Whether somebody who looks for dead runs takes this one for dead."""
    run = context.instance.get_run_by_id(context.run_id)
    assert run is not None
    return [
        run.status.value.lower(),
        gone([run], scoreline.settings()),
        *([] if run.tags.get(HOLDS) == run.run_id else ["no"]),
    ]


@dg.job(resource_defs={"scoreline": Scoreline()})
def _looks() -> None:
    _look()
