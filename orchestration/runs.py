"""Runs a job from the command line as a Dagster run. The instance in `var/dagster` records it, so the UI
shows it."""

from __future__ import annotations

import sys
from collections.abc import Collection, Mapping
from typing import Any

import dagster as dg
from dagster._core.definitions.reconstruct import ReconstructableJob
from dagster._core.definitions.repository_definition import SINGLETON_REPOSITORY_NAME
from dagster._core.execution.api import create_execution_plan, execute_run
from dagster._core.remote_origin import CodeLocationOrigin, RemoteJobOrigin, RemoteRepositoryOrigin
from dagster._core.snap import snapshot_from_execution_plan
from dagster._core.workspace.load import location_origin_from_module_name
from dagster._core.workspace.load_target import WorkspaceFileTarget

from foundation.settings import PROJECT_ROOT, Settings
from orchestration.companies import location_of
from orchestration.liveness import fail_dead_runs, hold, of_here
from orchestration.progress import reason


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
    tags = {**definition.run_tags, **of_here(Settings())}
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
