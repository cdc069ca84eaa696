"""Dagster's own daemon, a turn at a time: schedules, sensors and run monitoring on a real instance. Runs are
real and end before the turn does."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import dagster as dg
from dagster._core.events import DagsterEvent, DagsterEventType
from dagster._core.remote_origin import InProcessCodeLocationOrigin
from dagster._core.test_utils import InProcessTestWorkspaceLoadTarget, freeze_time
from dagster._core.types.loadable_target_origin import LoadableTargetOrigin
from dagster._core.workspace.context import WorkspaceProcessContext
from dagster._daemon.monitoring.run_monitoring import execute_run_monitoring_iteration
from dagster._daemon.sensor import execute_sensor_iteration
from dagster._scheduler.scheduler import launch_scheduled_runs

from foundation.settings import PROJECT_ROOT, Settings
from orchestration.definitions import defs
from tests.support.published import PublishedFile

SITE = dg.AssetKey(["reports", "site"])
_LOG = logging.getLogger("tests.daemon")


@dataclass
class Daemon:
    """One daemon on a home. `at` sets the clock of Dagster and of Scoreline."""

    instance: dg.DagsterInstance
    workspace: WorkspaceProcessContext
    _seen: set[str] = field(default_factory=set)

    def turn(self, at: datetime) -> list[str]:
        """One turn of scheduler and sensors; returns what ran, as `weekly_scorecard 2025-10-20 SUCCESS`."""
        os.environ["SCORELINE_AS_OF"] = at.isoformat()
        with freeze_time(at):
            list(launch_scheduled_runs(self.workspace, _LOG, at, {}))
            list(execute_sensor_iteration(self.workspace, _LOG, None, None))
            return self.ran()

    def build(self, at: datetime, settings: Settings) -> None:
        """What a build leaves: the published database of that moment, and the event that the site was built
        from it. dbt has tests of its own."""
        with freeze_time(at):
            PublishedFile(settings.published_path, earlier=0, as_of=at).write()
            self.instance.report_runless_asset_event(dg.AssetMaterialization(SITE))

    def skipped(self, name: str) -> str | None:
        """Why the newest tick of a schedule or sensor asked for nothing."""
        (state,) = [state for state in self.instance.all_instigator_state() if state.instigator_name == name]
        (tick,) = self.instance.get_ticks(state.instigator_origin_id, state.selector_id, limit=1)
        assert not tick.error, tick.error
        return tick.skip_reason

    def started(self, job: str) -> dg.DagsterRun:
        """A run that the daemon launched and that no longer reports."""
        remote = (
            self.workspace.create_request_context()
            .get_code_location("scoreline")
            .get_repository("__repository__")
            .get_full_job(job)
        )
        definition = defs.resolve_job_def(job)
        run = self.instance.create_run_for_job(
            definition,
            tags=definition.tags,
            remote_job_origin=remote.get_remote_origin(),
            job_code_origin=remote.get_python_origin(),
        )
        event = DagsterEvent(DagsterEventType.RUN_START.value, job, message="started")
        self.instance.handle_new_event(
            dg.EventLogEntry(
                error_info=None,
                level="debug",
                user_message="",
                run_id=run.run_id,
                timestamp=time.time(),
                job_name=job,
                dagster_event=event,
            )
        )
        return run

    def status(self, run: dg.DagsterRun) -> str:
        """The state of a run."""
        found = self.instance.get_run_by_id(run.run_id)
        assert found is not None
        return found.status.value

    def monitor(self, at: datetime) -> None:
        """One turn of run monitoring."""
        with freeze_time(at):
            list(execute_run_monitoring_iteration(self.workspace, _LOG))

    def ran(self) -> list[str]:
        """What has run since this was asked last."""
        new = [run for run in reversed(list(self.instance.get_runs())) if run.run_id not in self._seen]
        self._seen |= {run.run_id for run in new}
        return [
            " ".join(filter(None, (run.job_name, run.tags.get("dagster/partition"), run.status.value)))
            for run in new
        ]


@contextmanager
def daemon(
    home: Path, sensors: Collection[str] = ("mails_due", "job_failed"), *, runs: bool = True
) -> Iterator[Daemon]:
    """The daemon of a home, with the project's own definitions and `dagster.yaml`, but runs in this process.

    Args:
        sensors: those that are evaluated.
        runs: what they ask for runs; otherwise it is queued.
    """
    folder = home / "dagster"
    folder.mkdir(exist_ok=True)
    settings = (PROJECT_ROOT / "orchestration" / "dagster.yaml").read_text(encoding="utf-8")
    places = {"run_launcher": ("launcher.sync_in_memory_run_launcher", "SyncInMemoryRunLauncher")}
    if runs:
        places["run_coordinator"] = ("run_coordinator", "DefaultRunCoordinator")
    for name, (module, kind) in places.items():
        settings += f"{name}:\n  module: dagster._core.{module}\n  class: {kind}\n"
    (folder / "dagster.yaml").write_text(settings, encoding="utf-8")
    origin = InProcessCodeLocationOrigin(
        LoadableTargetOrigin(module_name="orchestration.definitions"), location_name="scoreline"
    )
    with (
        dg.DagsterInstance.from_config(str(folder)) as instance,
        WorkspaceProcessContext(instance, InProcessTestWorkspaceLoadTarget(origin)) as workspace,
    ):
        # the refresh and the build that follows it have tests of their own; here they would take minutes
        repository = (
            workspace.create_request_context().get_code_location("scoreline").get_repository("__repository__")
        )
        refresh = repository.get_schedule("daily_refresh")
        instance.stop_schedule(refresh.get_remote_origin_id(), refresh.selector_id, refresh)
        for sensor in repository.get_sensors():
            if sensor.name not in sensors:
                instance.stop_sensor(sensor.get_remote_origin_id(), sensor.selector_id, sensor)
        yield Daemon(instance, workspace)
