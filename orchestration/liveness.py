"""Which runs live, where several machines share Dagster's Postgres.

A run holds one of Postgres' advisory locks while its process lives. Nobody can ask a machine that is gone,
but everybody can see that the lock is free: Postgres frees it however the process or its machine ends.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from typing import TYPE_CHECKING, Any

import dagster as dg

from foundation.postgres import lock_key, lock_session
from foundation.settings import Settings

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


def _is_free(session: psycopg.Connection[Any], run_id: str) -> bool:
    key = lock_key(run_id)
    found = session.execute("select pg_try_advisory_lock(%s)", [key]).fetchone()
    if found == (True,):
        session.execute("select pg_advisory_unlock(%s)", [key])
    return found == (True,)
