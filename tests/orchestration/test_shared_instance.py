"""Dagster's runs and events in a Postgres that holds the store too, for several machines."""

from __future__ import annotations

import os
from pathlib import Path

import dagster as dg
import psycopg
import pytest

from foundation.errors import SettingsError
from foundation.postgres import in_schema
from foundation.settings import Settings
from foundation.store import read
from foundation.store.changes import typed_so_far
from orchestration.runs import fail_dead_runs, prepare_instance
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


def test_a_server_that_is_not_there_is_named_without_its_password() -> None:
    with pytest.raises(
        SettingsError, match=r"^DAGSTER_STORAGE_URL: Postgres on 127.0.0.1 can't be used"
    ) as no:
        in_schema("postgresql://somebody:secret@127.0.0.1:1/runs", "dagster", "DAGSTER_STORAGE_URL")
    assert "secret" not in str(no.value) and no.value.__suppress_context__


@dg.job
def _nothing() -> None: ...
