"""Runs a job from the command line as a Dagster run. The instance in `var/dagster` records it, so the UI
shows it."""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import dagster as dg
import psutil  # type: ignore[import-untyped]
from dagster._core.definitions.reconstruct import ReconstructableJob
from dagster._core.definitions.repository_definition import SINGLETON_REPOSITORY_NAME
from dagster._core.execution.api import create_execution_plan, execute_run
from dagster._core.remote_origin import CodeLocationOrigin, RemoteJobOrigin, RemoteRepositoryOrigin
from dagster._core.snap import snapshot_from_execution_plan
from dagster._core.workspace.load import location_origin_from_module_name
from dagster._core.workspace.load_target import WorkspaceFileTarget
from filelock import FileLock

from foundation.atomic import write_atomically
from foundation.postgres import in_schema
from foundation.settings import PROJECT_ROOT, Settings
from orchestration.companies import location_of
from orchestration.event_log import BATCH
from orchestration.liveness import gone, hold
from orchestration.progress import reason

_SQLITE = "event_log_storage:\n  module: orchestration.event_log\n  class: EventLog\n"
_STORAGE = "SCORELINE_DAGSTER_STORAGE"
"""The environment variable in which Dagster's processes find the address of Postgres, with its password."""
_POSTGRES = f"storage:\n  postgres:\n    postgres_url:\n      env: {_STORAGE}\n"


def prepare_instance(settings: Settings) -> None:
    """Create the instance's folder with the project's `dagster.yaml`, and point Dagster to it."""
    settings.dagster_home.mkdir(parents=True, exist_ok=True)
    text = (PROJECT_ROOT / "orchestration" / "dagster.yaml").read_text(encoding="utf-8")
    if url := settings.dagster_storage_url:
        text = text.replace(_SQLITE, _POSTGRES)
        # the store may be in the same database, and both have a table `alembic_version`
        place = in_schema(url.get_secret_value(), "dagster", "DAGSTER_STORAGE_URL")
        place = place.set(drivername="postgresql+psycopg2")  # Dagster's driver
        os.environ[_STORAGE] = place.render_as_string(hide_password=False)
    write_atomically(settings.dagster_home / "dagster.yaml", text.encode())
    os.environ["DAGSTER_HOME"] = str(settings.dagster_home)
    os.environ.setdefault("DAGSTER_EVENT_BATCH_SIZE", str(BATCH))
    if not settings.dagster_storage_url:
        _make_files(settings.dagster_home)


def _make_files(dagster_home: Path) -> None:
    """Make the instance's SQLite files, one process at a time: two that made them at once would both note
    the version of the tables, and Dagster refuses an instance with two."""
    with FileLock(dagster_home / "instance.lock"):
        if not (dagster_home / "history" / "runs.db").exists():
            with dg.DagsterInstance.get():
                pass


def fail_dead_runs(settings: Settings) -> list[str]:
    """Mark runs as failed if their process is gone: it was killed, or the machine went down. Dagster would
    wait until their maximum runtime.

    Whatever reacts to a failed run then runs: the build after a refresh, the operator's alert.

    Returns:
        The ids of these runs.
    """
    prepare_instance(settings)
    with dg.DagsterInstance.get() as instance:
        return fail_dead(instance, settings)


def fail_dead(instance: dg.DagsterInstance, settings: Settings, tags: Mapping[str, str] = {}) -> list[str]:
    """As `fail_dead_runs`, of the runs with these tags in an instance that is open."""
    at_work = [dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.CANCELING]
    runs, here = instance.get_runs(dg.RunsFilter(statuses=at_work, tags=tags)), _of_here(settings).items()
    dead = {run.run_id: run for run in gone(runs, settings)}
    for run in runs:
        if here <= run.tags.items() and _is_dead(instance, run.run_id):
            dead[run.run_id] = run
    for run in dead.values():
        instance.report_run_failed(
            run, "The process of this run is gone: it was killed, or the machine went down."
        )
    return list(dead)


def _of_here(settings: Settings) -> dict[str, str]:
    """Return the tag of runs from this machine's command line, if several machines share the instance. Only
    this machine can look for their process."""
    return {"scoreline/host": socket.gethostname()} if settings.dagster_storage_url else {}


def _is_dead(instance: dg.DagsterInstance, run_id: str) -> bool:
    """Whether the main process of the run (the first to log its pid) has ended. Another process may have the
    pid by now."""
    for entry in instance.all_logs(run_id, of_type=dg.DagsterEventType.ENGINE_EVENT):
        data = entry.get_dagster_event().event_specific_data
        if pid := getattr(data, "metadata", {}).get("pid"):
            try:
                return bool(psutil.Process(int(str(pid.value))).create_time() > entry.timestamp)
            except psutil.NoSuchProcess:
                return True
    return False  # just started


def job_by_name(name: str) -> dg.JobDefinition:
    if name in ("refresh", "backfill"):
        from orchestration.loading import defs
    else:
        from orchestration.definitions import defs

    return defs.resolve_job_def(name)


def _origin(name: str) -> RemoteJobOrigin:
    """Return the job as the UI knows it. The UI then lists a run from the command line with the job's other
    runs, and sensors follow it."""
    if company := Settings().location:
        target = location_of(company)["python_module"]
        location: CodeLocationOrigin = location_origin_from_module_name(**target, working_directory=None)
    else:
        (location,) = WorkspaceFileTarget([str(PROJECT_ROOT / "workspace.yaml")]).create_origins()
    return RemoteJobOrigin(RemoteRepositoryOrigin(location, SINGLETON_REPOSITORY_NAME), name)


def _created(
    instance: dg.DagsterInstance,
    job: ReconstructableJob,
    config: Mapping[str, Any],
    partition_key: str | None,
    asset_keys: frozenset[dg.AssetKey],
) -> dg.DagsterRun:
    """Create a run as `dg.execute_job` does, but with the job's origin. Leaves out the checks of selected
    tables: they read what the next build publishes."""
    definition, no_checks = job.get_definition(), frozenset[dg.AssetCheckKey]()
    tags = {**definition.run_tags, **_of_here(Settings())}
    tags |= {"dagster/partition": partition_key} if partition_key else {}
    if asset_keys:
        definition = definition.get_subset(asset_selection=asset_keys, asset_check_selection=no_checks)
    plan = create_execution_plan(definition, config, instance_ref=instance.get_ref(), tags=tags)
    return instance.create_run(
        job_name=definition.name,
        run_id=None,
        run_config=config,
        status=None,
        tags=tags,
        root_run_id=None,
        parent_run_id=None,
        step_keys_to_execute=plan.step_keys_to_execute,
        execution_plan_snapshot=snapshot_from_execution_plan(plan, definition.get_job_snapshot_id()),
        job_snapshot=definition.get_job_snapshot(),
        parent_job_snapshot=definition.get_parent_job_snapshot(),
        asset_selection=asset_keys or None,
        asset_check_selection=no_checks if asset_keys else None,
        resolved_op_selection=None,
        op_selection=None,
        remote_job_origin=_origin(definition.name),
        job_code_origin=job.get_python_origin(),
        asset_graph=definition.asset_layer.asset_graph,
    )


def run_job(
    settings: Settings,
    name: str,
    *,
    partition_key: str | None = None,
    ops: Mapping[str, Any] | None = None,
    window: Mapping[str, Any] | None = None,
    asset_keys: Collection[dg.AssetKey] | None = None,
) -> bool:
    """Execute a job with its own executor and return whether it succeeded.

    Unlike a schedule, it does not retry after some minutes, because a person waits for the result.

    Args:
        ops: run config per op.
        window: the window that a backfill pulls again.
        asset_keys: the tables to load. None: a refresh reads the connected sources.
    """
    from orchestration.assets.ingestion import connected_tables

    fail_dead_runs(settings)
    config: dict[str, Any] = {"loggers": {"progress": {"config": {}}}, "ops": dict(ops or {})}
    if window:
        config["resources"] = {"window": {"config": dict(window)}}
    if name in ("refresh", "backfill"):
        config["execution"] = {"config": {"retry": False}}
    if name == "refresh" and asset_keys is None:
        asset_keys = connected_tables()
    job = dg.build_reconstructable_job("orchestration.runs", "job_by_name", (name,), {})
    with dg.DagsterInstance.get() as instance:
        run = _created(instance, job, config, partition_key, frozenset(asset_keys or ()))
        hold(instance, run.run_id, settings)
        result = execute_run(job, run, instance, raise_on_error=False)
        # a step's last message may be lost: its process ends before Dagster has passed it on
        for event in result.filter_events(lambda event: event.is_step_failure):
            print(f" ! {event.step_key}: {reason(event.step_failure_data)}", file=sys.stderr)
        return result.success
