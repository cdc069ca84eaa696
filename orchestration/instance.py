"""The Dagster instance of a home: its `dagster.yaml`, and its files or its schema in Postgres."""

from __future__ import annotations

import os
from pathlib import Path

import dagster as dg
from filelock import FileLock

from foundation.atomic import write_atomically
from foundation.postgres import in_schema
from foundation.settings import PROJECT_ROOT, Settings
from orchestration.event_log import BATCH

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
