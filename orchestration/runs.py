"""Run a job from the command line as a Dagster run. The instance in `var/dagster` records it, so the UI shows
it."""

from __future__ import annotations

import logging
import os
import shutil
import sys
from collections.abc import Mapping, Sequence
from typing import Any

import dagster as dg
import psutil  # type: ignore[import-untyped]

from foundation.settings import PROJECT_ROOT, Settings


@dg.logger({}, description="Prints one short line per message, for a terminal.")
def progress_logger(_: dg.InitLoggerContext) -> logging.Logger:
    logger = logging.Logger("scoreline.progress", level=logging.INFO)
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Short())
    logger.addHandler(handler)
    return logger


class _Short(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        meta = getattr(record, "dagster_meta", {})
        message = meta.get("orig_message") or record.getMessage()
        event = meta.get("dagster_event")
        if event is not None and event.is_step_failure:
            message = f"{event.step_key}: {_reason(event.step_failure_data)}"
        mark = "!" if record.levelno >= logging.WARNING else " "
        return f" {mark} {message}"


def _reason(data: Any) -> str:
    """Why a step failed: the text of our own failure, or the innermost error. No stack trace: the UI shows
    it."""
    if data.user_failure_data and data.user_failure_data.description:
        return str(data.user_failure_data.description)
    error = data.error
    while error is not None and error.cause is not None:
        error = error.cause
    return str(error.message).strip() if error is not None else "no reason given"


def prepare_instance(settings: Settings) -> None:
    """Create the instance's folder with the project's `dagster.yaml`, and point Dagster to it."""
    settings.dagster_home.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(PROJECT_ROOT / "dagster.yaml", settings.dagster_home / "dagster.yaml")
    os.environ["DAGSTER_HOME"] = str(settings.dagster_home)


def fail_dead_runs(settings: Settings) -> list[str]:
    """Mark runs as failed if their process is gone: it was killed, or the machine went down. Dagster would
    wait until their maximum runtime.

    Whatever reacts to a failed run then does: the build after a refresh, the operator's alert.

    Returns:
        The ids of these runs.
    """
    prepare_instance(settings)
    dead = []
    with dg.DagsterInstance.get() as instance:
        for run in instance.get_runs(
            dg.RunsFilter(statuses=[dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.CANCELING])
        ):
            if _is_dead(instance, run.run_id):
                instance.report_run_failed(
                    run, "The process of this run is gone: it was killed, or the machine went down."
                )
                dead.append(run.run_id)
    return dead


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
    from orchestration.definitions import defs

    return defs.resolve_job_def(name)


def run_job(
    settings: Settings,
    name: str,
    *,
    partition_key: str | None = None,
    ops: Mapping[str, Any] | None = None,
    asset_keys: Sequence[dg.AssetKey] | None = None,
) -> bool:
    """Execute a job with its own executor and return whether it succeeded. `ops`: run config per op.

    Unlike a schedule, it does not retry after some minutes: a person waits for the result.
    """
    fail_dead_runs(settings)
    job = dg.build_reconstructable_job("orchestration.runs", "job_by_name", (name,), {})
    config: dict[str, Any] = {"loggers": {"progress": {"config": {}}}, "ops": dict(ops or {})}
    if name in ("refresh", "backfill"):
        config["execution"] = {"config": {"retry": False}}
    with dg.DagsterInstance.get() as instance:
        result = dg.execute_job(
            job,
            instance=instance,
            run_config=config,
            tags={"dagster/partition": partition_key} if partition_key else None,
            asset_selection=list(asset_keys) if asset_keys else None,
            raise_on_error=False,
        )
        # a step's last message may be lost: its process ends before Dagster has passed it on
        for event in result.filter_events(lambda event: event.is_step_failure):
            print(f" ! {event.step_key}: {_reason(event.step_failure_data)}", file=sys.stderr)
        return result.success
