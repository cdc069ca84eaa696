"""dbt: from raw tables to marts, in one step that holds the warehouse's write lock. dbt tests become asset
checks."""

import os
from collections.abc import Iterator, Mapping
from typing import Any

import dagster as dg
from dagster_dbt import DagsterDbtTranslator, DbtCliResource, dbt_assets
from dagster_dbt.errors import DagsterDbtCliRuntimeError

from dlt_pipelines.core.load import ensure_tables
from foundation.warehouse import disk_full
from orchestration.assets.ingestion import OWNERS, raw_key
from orchestration.dbt_manifest import DBT_PROJECT, dbt_environment
from orchestration.resources import Scoreline

_CONFIG_TABLES = {
    ("config", "clock"): "The instant that every layer uses as now: SCORELINE_AS_OF, or the current time.",
    ("config", "settings"): "company.toml as rows (name, value); a list has one row per item.",
    ("config", "sources"): "The registered sources with cadence and freshness limit.",
    ("config", "goals"): "Goals that were set in the portal; goals.csv has the others.",
    ("config", "api_versions"): "The versions of the vendors' APIs in use, with the last day of each.",
    (
        "ledger",
        "loads",
    ): (
        "One row per source, table and run: status, rows, requests, waits, complete through. Written by every"
        " load."
    ),
}


class Translator(DagsterDbtTranslator):
    """Sets groups by layer and owners; maps dbt's sources `raw_<source>` to the asset keys of raw tables."""

    def get_asset_key(self, dbt_resource_props: Mapping[str, Any]) -> dg.AssetKey:
        source = str(dbt_resource_props.get("source_name", ""))
        if dbt_resource_props["resource_type"] == "source" and source.startswith("raw_"):
            return raw_key(source.removeprefix("raw_"), dbt_resource_props["name"])
        return super().get_asset_key(dbt_resource_props)

    def get_group_name(self, dbt_resource_props: Mapping[str, Any]) -> str | None:
        groups = {"seed": "seeds", "snapshot": "snapshots"}
        return groups.get(dbt_resource_props["resource_type"], str(dbt_resource_props["fqn"][1]))

    def get_owners(self, dbt_resource_props: Mapping[str, Any]) -> list[str]:
        return OWNERS


@dg.multi_asset(
    name="warehouse_config",
    specs=[
        dg.AssetSpec(list(key), description=text, group_name="config", owners=OWNERS, kinds={"duckdb"})
        for key, text in _CONFIG_TABLES.items()
    ],
)
def warehouse_config(scoreline: Scoreline) -> Iterator[dg.MaterializeResult[None]]:
    """Creates every missing raw table and writes clock and settings, so that dbt can always build."""
    settings = scoreline.settings()
    ensure_tables(settings, scoreline.company())
    for key in _CONFIG_TABLES:
        yield dg.MaterializeResult(
            asset_key=dg.AssetKey(list(key)), metadata={"as of": dg.MetadataValue.timestamp(settings.now())}
        )


@dbt_assets(
    manifest=DBT_PROJECT.manifest_path,
    project=DBT_PROJECT,
    dagster_dbt_translator=Translator(),
    name="dbt_models",
)
def dbt_models(context: dg.AssetExecutionContext, dbt: DbtCliResource, scoreline: Scoreline) -> Iterator[Any]:
    """`dbt build`: models, then their tests. A failed test stops the models that depend on it, so that a
    wrong number is never published."""
    settings = scoreline.settings()
    os.environ.update(dbt_environment(settings))  # dagster-dbt passes this process's environment to dbt
    with scoreline.warehouse().write_lock(f"dbt build, run {context.run_id}"):
        # one folder instead of one per run: the lock is held, and dbt's logs stay in the home
        try:
            yield from dbt.cli(["build"], context=context, target_path=settings.home / "dbt").stream()
        except DagsterDbtCliRuntimeError as error:
            if full := disk_full(str(error), settings):
                raise dg.Failure(str(full), allow_retries=False) from None
            raise


assets = [warehouse_config, dbt_models]
