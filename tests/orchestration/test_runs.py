"""Runs that died: what marks them, and what follows then."""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from multiprocessing.synchronize import Barrier
from pathlib import Path

import dagster as dg
import pytest

from dlt_pipelines.registry import SOURCES
from foundation.settings import PROJECT_ROOT, Settings
from orchestration.assets.ingestion import raw_key, step_of
from orchestration.instance import prepare_instance
from orchestration.liveness import fail_dead_runs
from orchestration.runs import run_job
from reports.post.alerts import remember
from reports.post.ledger import sending_lock
from tests.support.daemon import Daemon, daemon
from tests.support.published import PublishedFile

_RUN = (
    "from foundation.settings import Settings; from orchestration.runs import run_job; run_job(Settings(),"
    " 'operator_alerts')"
)


def _prepare(start: Barrier) -> None:
    start.wait()
    prepare_instance(Settings())
    with dg.DagsterInstance.get() as instance:
        instance.get_runs(limit=1)
    os._exit(0)


def test_the_first_commands_of_an_instance_may_start_at_once(home: Path) -> None:
    """As those of two companies that share it."""
    at_once = multiprocessing.get_context("fork")
    start = at_once.Barrier(4)
    commands = [at_once.Process(target=_prepare, args=(start,)) for _ in range(4)]
    for command in commands:
        command.start()
    for command in commands:
        command.join()
    assert [command.exitcode for command in commands] == [0] * 4


def test_a_run_whose_process_was_killed_is_marked_at_the_next_start(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SCORELINE_AS_OF", "2025-10-27T12:00:00Z")
    monkeypatch.setenv("DAGSTER_HOME", str(home / "dagster"))
    settings = Settings()
    PublishedFile(settings.published_path, earlier=0).write()
    remember(settings, {"x": "Something is wrong."}, "test")
    prepare_instance(settings)
    with sending_lock(settings), dg.DagsterInstance.get() as instance:  # the run waits for it
        process = subprocess.Popen(
            [sys.executable, "-c", _RUN], env={**os.environ, "PYTHONPATH": str(PROJECT_ROOT)}
        )
        while not (runs := instance.get_runs()) or not instance.all_logs(
            runs[0].run_id, of_type=dg.DagsterEventType.STEP_START
        ):
            assert process.poll() is None
            time.sleep(0.2)
        assert fail_dead_runs(settings) == [], "it lives"
        process.kill()
        process.wait()
        assert fail_dead_runs(settings) == [runs[0].run_id]
        run = instance.get_run_by_id(runs[0].run_id)
        assert run is not None and run.status == dg.DagsterRunStatus.FAILURE
        # the job's page and the timeline list it
        assert instance.get_runs(dg.RunsFilter(tags={".dagster/repository": "__repository__@scoreline"})) == [
            run
        ]
        assert run.remote_job_origin is not None and run.remote_job_origin.location_name == "scoreline"


@pytest.fixture
def on(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Daemon]:
    monkeypatch.setenv("SCORELINE_AS_OF", "2025-10-27T10:30:00Z")
    sensors = ["build_after_refresh", "build_after_failed_refresh", "build_after_canceled_refresh"]
    with daemon(home, sensors, runs=False) as on:
        on.turn(datetime(2025, 10, 27, 10, 30, tzinfo=UTC))
        yield on


@pytest.mark.parametrize("how", ["canceled", "too long"])
def test_the_build_follows_a_refresh_that_never_ends_by_itself(on: Daemon, how: str) -> None:
    refresh = on.started("refresh")
    if how == "canceled":
        on.instance.report_run_canceled(refresh)
    else:
        on.monitor(datetime.now(UTC) + timedelta(hours=5))
        assert on.status(refresh) == "STARTED"
        on.monitor(datetime.now(UTC) + timedelta(hours=7))
        assert on.status(refresh) == "FAILURE"
    on.ran()
    assert on.turn(datetime(2025, 10, 27, 10, 40, tzinfo=UTC)) == ["build QUEUED"]


@pytest.mark.parametrize("connected", [True, False])
def test_a_process_is_started_only_where_several_sources_wait_for_vendors(
    home: Path, monkeypatch: pytest.MonkeyPatch, connected: bool
) -> None:
    """Sources with a part of their credentials are read, and say directly what is missing."""
    monkeypatch.setenv("SCORELINE_AS_OF", "2025-10-27T12:00:00Z")
    monkeypatch.setenv("DAGSTER_HOME", str(home / "dagster"))
    if connected:
        monkeypatch.setenv("ZENDESK_SUBDOMAIN", "cedar")
        monkeypatch.setenv("DATTO_RMM_API_KEY", "a-key")
    settings = Settings()
    sources = ["zendesk", "datto_rmm", "ad_spend_csv"]
    keys = [raw_key(source, table) for source in sources for table in SOURCES[source].tables]
    assert run_job(settings, "refresh", asset_keys=keys) is not connected
    with dg.DagsterInstance.get() as instance:
        (run,) = instance.get_runs()
        events = instance.all_logs(run.run_id)
        started = {
            entry.step_key: entry.get_dagster_event().message
            for entry in events
            if entry.dagster_event_type == dg.DagsterEventType.STEP_WORKER_STARTING
        }
        done = {
            entry.step_key for entry in events if entry.dagster_event_type == dg.DagsterEventType.STEP_SUCCESS
        }
    assert set(started) == ({step_of("zendesk"), step_of("datto_rmm")} if connected else set())
    assert done == {step_of(source) for source in sources} - set(started)


def test_every_job_has_a_longest_time() -> None:
    from orchestration.definitions import defs

    tags = {
        job.name: defs.resolve_job_def(job.name).tags.get("dagster/max_runtime") for job in defs.jobs or []
    }
    assert {name for name, tag in tags.items() if not tag} == set()
