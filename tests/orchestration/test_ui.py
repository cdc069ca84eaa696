"""What people see in the Dagster UI: groups, owners, columns, links, freshness; what a click starts, and what
follows it."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from dlt_pipelines.registry import SOURCES
from foundation.settings import PROJECT_ROOT
from orchestration import code_links
from orchestration.assets import reporting
from orchestration.assets.ingestion import connected_tables, raw_key
from orchestration.assets.transformation import POOL
from orchestration.definitions import defs
from orchestration.schedules import daily_refresh
from orchestration.sensors import all_sensors


@pytest.fixture(scope="module")
def specs() -> dict[str, dg.AssetSpec]:
    return {spec.key.to_user_string(): spec for spec in defs.resolve_all_asset_specs()}


@pytest.mark.parametrize(
    ("key", "group", "owner", "tags"),
    [
        ("raw/hubspot/calls", "hubspot", "team:data", {"vendor": "hubspot"}),
        ("staging/stg_hubspot__calls", "hubspot", "team:data", {"vendor": "hubspot"}),
        ("intermediate/int_hubspot__calls", "hubspot", "team:data", {"vendor": "hubspot"}),
        ("intermediate/int_crm__deals", "intermediate", "team:data", {}),
        ("staging/stg_scoreline__loads", "config", "team:data", {}),
        ("metrics/dials", "metrics_inside_sales", "team:sales", {"domain": "sales"}),
        ("metrics/cash_flow", "metrics_finance", "team:finance", {"domain": "finance"}),
        ("marts/fct_sales_kpis", "marts_sales", "team:data", {"domain": "sales"}),
        ("seeds/goals", "seeds", "team:data", {}),
    ],
)
def test_assets_are_grouped_by_vendor_and_section(
    specs: dict[str, dg.AssetSpec], key: str, group: str, owner: str, tags: dict[str, str]
) -> None:
    spec = specs[key]
    found = {name: value for name, value in spec.tags.items() if not name.startswith("dagster/")}
    assert (spec.group_name, list(spec.owners), found) == (group, [owner], tags)


def test_every_section_of_metrics_has_a_domain_and_an_owner(specs: dict[str, dg.AssetSpec]) -> None:
    """A new section is named in dbt_project.yml."""
    metrics = [spec for spec in specs.values() if spec.key.path[0] == "metrics"]
    assert {spec.group_name for spec in metrics if "domain" not in spec.tags} == set()
    assert {spec.group_name for spec in metrics if list(spec.owners) == ["team:data"]} == set()


def test_raw_tables_show_their_columns_and_every_asset_its_code(specs: dict[str, dg.AssetSpec]) -> None:
    columns = specs["raw/hubspot/calls"].metadata["dagster/column_schema"]
    assert {"id", "hs_timestamp"} <= {column.name for column in columns.columns}
    assert [column.name for column in columns.columns if not column.constraints.nullable] == ["id"]
    files = {
        key: [Path(one.file_path).relative_to(PROJECT_ROOT).as_posix() for one in references.code_references]
        for key, spec in specs.items()
        if (references := spec.metadata.get("dagster/code_references"))
    }
    assert files.keys() == specs.keys()
    assert files["raw/justcall/calls"][0] == "dlt_pipelines/sources/justcall.py"
    assert files["metrics/dials"][0] == "dbt_project/models/metrics/inside_sales/dials.sql"


@pytest.mark.parametrize(
    ("origin", "page"),
    [
        (
            "https://me:canary@github.com/acme/score.git",
            "https://github.com/acme/score/tree/abc/reports/x.py",
        ),
        ("git@gitlab.com:acme/deep/score.git", "https://gitlab.com/acme/deep/score/-/tree/abc/reports/x.py"),
        ("/srv/git/score.git", None),
        ("", None),
    ],
)
def test_code_links_lead_to_the_repository_of_the_clone(
    monkeypatch: pytest.MonkeyPatch, origin: str, page: str | None
) -> None:
    monkeypatch.setattr(code_links, "_git", lambda *what: {"remote": origin, "rev-parse": "abc"}[what[0]])
    file = dg.LocalFileCodeReference(file_path=str(PROJECT_ROOT / "reports" / "x.py"))

    @dg.asset(metadata={"dagster/code_references": dg.CodeReferencesMetadataValue(code_references=[file])})
    def one() -> None: ...

    (linked,) = code_links.with_code_links([one])
    (first, *_) = linked.metadata_by_key[one.key]["dagster/code_references"].code_references
    assert first == (dg.UrlCodeReference(url=page) if page else file)


def test_what_people_read_has_a_freshness_policy(specs: dict[str, dg.AssetSpec]) -> None:
    read = [spec for spec in specs.values() if spec.key.path[0] in ("marts", "published", "reports")]
    lacking = {spec.key for spec in read if spec.freshness_policy is None}
    assert lacking == {reporting.ALERTS}, "it says nothing as long as nothing is wrong"


def test_builds_and_mails_run_one_at_a_time_and_sources_side_by_side(tmp_path: Path) -> None:
    nodes = [node for job in defs.jobs or [] for node in defs.resolve_job_def(job.name).nodes]
    pools = {
        node.name: node.definition.pool for node in nodes if isinstance(node.definition, dg.OpDefinition)
    }
    assert {name for name, pool in pools.items() if not pool} == {
        "fresh",
        *(f"ingest_{name}" for name in SOURCES),
    }
    assert set(pools.values()) == {POOL, None}
    shutil.copy(PROJECT_ROOT / "orchestration" / "dagster.yaml", tmp_path)
    with dg.DagsterInstance.from_config(str(tmp_path)) as instance:
        limits = instance.get_concurrency_config().pool_config
    assert limits.pool_granularity is not None
    assert (limits.pool_granularity.value, limits.default_pool_limit) == ("run", 1)


def test_a_refresh_asks_for_the_connected_sources(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def sources() -> set[str]:
        return {key.path[1] for key in connected_tables()}

    assert sources() == {"manual", "ad_spend_csv"}
    monkeypatch.setenv("HUBSPOT_API_KEY", "pat-x")
    monkeypatch.setenv("WAREHOUSE_SOURCE_URL", "nonsense")  # its step says what is wrong with it
    assert sources() == {"manual", "ad_spend_csv", "hubspot", "company_warehouse"}
    request = daily_refresh()
    assert isinstance(request, dg.RunRequest) and request.asset_selection == connected_tables()
    assert request.asset_check_keys == [], "they read what the next build publishes"
    job = defs.resolve_job_def("refresh")
    assert {node.name for node in job.nodes} == {f"ingest_{name}" for name in SOURCES}, "a click has all"


def test_a_backfill_asks_for_one_window(home: Path) -> None:
    job = defs.resolve_job_def("backfill")
    asked: Any = job.run_config
    window = asked["resources"]["window"]["config"]
    assert datetime.fromisoformat(window["since"]) < datetime.now(UTC) and window["until"] is None
    window["since"] = None
    done = job.execute_in_process(
        run_config=asked, asset_selection=[raw_key("justcall", "users")], raise_on_error=False
    )
    (failed,) = done.filter_events(lambda event: event.is_step_failure)
    told = failed.step_failure_data.user_failure_data
    assert told is not None and "needs a window" in str(told.description)


@pytest.mark.parametrize(
    ("job", "tables", "follows"),
    [
        ("refresh", None, True),
        ("backfill", ["raw/hubspot/calls"], True),
        ("__ASSET_JOB", ["raw/hubspot/calls"], True),
        ("__ASSET_JOB", ["metrics/dials"], False),
        ("operator_alerts", None, False),
        ("build", None, False),
    ],
)
def test_a_build_follows_what_loads_raw_tables(job: str, tables: list[str] | None, follows: bool) -> None:
    sensor = next(one for one in all_sensors if one.name == "build_after_refresh")
    selection = {dg.AssetKey.from_user_string(key) for key in tables} if tables else None

    def ran(instance: dg.DagsterInstance, name: str) -> dg.DagsterRun:
        run = dg.DagsterRun(name, asset_selection=selection, status=dg.DagsterRunStatus.STARTED)
        instance.add_run(run)
        for event in (dg.DagsterEventType.RUN_START, dg.DagsterEventType.RUN_SUCCESS):
            instance.report_dagster_event(dg.DagsterEvent(event.value, name), run.run_id)
        return run

    with dg.instance_for_test() as instance:
        run = ran(instance, job)
        context = dg.build_run_status_sensor_context(
            sensor.name, dg.DagsterEvent(dg.DagsterEventType.RUN_SUCCESS.value, job), instance, run
        )
        answer = sensor(context)
        assert isinstance(answer, dg.RunRequest if follows else dg.SkipReason), answer
        ran(instance, "build")
        assert isinstance(sensor(context), dg.SkipReason), "it has taken the new rows in"
