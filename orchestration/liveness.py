"""Which runs live, on this machine and, where several machines share Dagster's Postgres, on all of them.

A run holds one of Postgres' advisory locks while its process lives. Nobody can ask a machine that is gone,
but everybody can see that the lock is free: Postgres frees it however the process or its machine ends.
"""

from __future__ import annotations

import socket
from collections.abc import Mapping, Sequence
from contextlib import closing
from typing import TYPE_CHECKING, Any

import dagster as dg
import psutil  # type: ignore[import-untyped]

from foundation.postgres import lock_key, lock_session
from foundation.settings import Settings
from orchestration.instance import prepare_instance

if TYPE_CHECKING:
    import psycopg

ONE_PROCESS = {"scoreline/process": "one"}
"""Tag of jobs whose run is one process, from its first step to its last."""
HOLDS = "scoreline/holds"
"""Tag of a run that holds its lock, with its own id, because a run that is started again has the tags of the
first one. Without it, a free lock says nothing."""
_sessions: dict[str, psycopg.Connection[Any]] = {}
"""Run -> what holds its lock, until this process ends."""


def hold(instance: dg.DagsterInstance, run_id: str, settings: Settings) -> None:
    """Hold the lock of a run until this process ends: call it in the one that lasts as long as the run. On
    SQLite there is one machine, which can look for the process."""
    if settings.dagster_storage_url is None or run_id in _sessions:
        return
    session = lock_session(settings.dagster_storage_url.get_secret_value(), f"run {run_id}")
    session.execute("select pg_advisory_lock(%s)", [lock_key(run_id)])
    _sessions[run_id] = session
    instance.add_run_tags(run_id, {HOLDS: run_id})


def gone(runs: Sequence[dg.DagsterRun], settings: Settings) -> list[dg.DagsterRun]:
    """Those of the runs whose process is gone, on whichever machine it was, of those that hold a lock."""
    holding = [run for run in runs if run.tags.get(HOLDS) == run.run_id]
    if settings.dagster_storage_url is None or not holding:
        return []
    with closing(lock_session(settings.dagster_storage_url.get_secret_value(), "look for runs")) as session:
        return [run for run in holding if _is_free(session, run.run_id)]


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
    runs, here = instance.get_runs(dg.RunsFilter(statuses=at_work, tags=tags)), of_here(settings).items()
    dead = {run.run_id: run for run in gone(runs, settings)}
    for run in runs:
        if here <= run.tags.items() and _is_dead(instance, run.run_id):
            dead[run.run_id] = run
    for run in dead.values():
        instance.report_run_failed(
            run, "The process of this run is gone: it was killed, or the machine went down."
        )
    return list(dead)


def of_here(settings: Settings) -> dict[str, str]:
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


def _is_free(session: psycopg.Connection[Any], run_id: str) -> bool:
    key = lock_key(run_id)
    found = session.execute("select pg_try_advisory_lock(%s)", [key]).fetchone()
    if found == (True,):
        session.execute("select pg_advisory_unlock(%s)", [key])
    return found == (True,)
