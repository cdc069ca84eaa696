"""dbt: from raw tables to marts, in one step that holds the warehouse's write lock. dbt tests become asset
checks."""

import os
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from functools import cached_property
from importlib import metadata
from pathlib import Path
from typing import Any

import dagster as dg
from dagster_dbt import (
    DagsterDbtTranslator,
    DagsterDbtTranslatorSettings,
    DbtCliResource,
    DbtProject,
    dbt_assets,
)
from dagster_dbt.core.dbt_cli_event import DbtCliEventMessage
from dagster_dbt.errors import DagsterDbtCliRuntimeError
from packaging.version import Version

from dlt_pipelines.core.load import ensure_tables
from dlt_pipelines.registry import SOURCES
from foundation.warehouse import no_room
from orchestration.assets.ingestion import OWNERS, raw_key
from orchestration.dbt_manifest import DBT_PROJECT, dbt_environment
from orchestration.edited_files import checked
from orchestration.resources import Scoreline
from orchestration.settings_at_import import LOCATION, asset_key, layer

POOL = "_".join(filter(None, ("warehouse", LOCATION)))
"""Runs with an op in this pool run one at a time (`dagster.yaml`): builds, and the mails that follow."""
DAILY = dg.FreshnessPolicy.time_window(fail_window=timedelta(hours=30))
"""A day plus six hours, as for the sources."""

_CONFIG_TABLES = {
    ("config", "clock"): "The instant that every layer uses as now: SCORELINE_AS_OF, or the current time.",
    ("config", "settings"): "company.toml as rows (name, value); a list has one row per item.",
    ("config", "sources"): "The registered sources with cadence and freshness limit.",
    ("config", "goals"): "Goals that were set in the portal; goals.csv has the others.",
    ("config", "normals"): "New normals that somebody confirmed, by line and week.",
    ("config", "notes"): "Notes that somebody wrote about a line's period.",
    ("config", "actions"): "Actions in their present state.",
    ("config", "api_versions"): "The versions of the vendors' APIs in use, with the last day of each.",
    (
        "ledger",
        "loads",
    ): (
        "One row per source, table and run: status, rows, requests, waits, complete through. Written by every"
        " load."
    ),
    (
        "ledger",
        "unread",
    ): "Values that a load could not store, of rows that it did store. Written by every load.",
}


class Translator(DagsterDbtTranslator):
    """Sets groups, owners, tags and freshness; maps dbt's sources `raw_<source>` to the asset keys of raw
    tables."""

    def get_asset_key(self, dbt_resource_props: Mapping[str, Any]) -> dg.AssetKey:
        source = str(dbt_resource_props.get("source_name", ""))
        if dbt_resource_props["resource_type"] == "source" and source.startswith("raw_"):
            return raw_key(source.removeprefix("raw_"), dbt_resource_props["name"])
        return asset_key(*super().get_asset_key(dbt_resource_props).path)

    def get_asset_spec(
        self, manifest: Mapping[str, Any], unique_id: str, project: DbtProject | None
    ) -> dg.AssetSpec:
        spec = super().get_asset_spec(manifest, unique_id, project)
        return spec.replace_attributes(freshness_policy=DAILY) if layer(spec.key) == "marts" else spec

    def get_metadata(self, dbt_resource_props: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return dbt's metadata, with the key that the model's build checks
        (`macros/materializations.sql`)."""
        key = dbt_resource_props.get("config", {}).get("unique_key") or []
        shown = {"unique key": ", ".join([key] if isinstance(key, str) else key)} if key else {}
        return {**super().get_metadata(dbt_resource_props), **shown}

    def get_group_name(self, dbt_resource_props: Mapping[str, Any]) -> str | None:
        """Return the group: one per vendor for its raw tables and models, one per section for metrics."""
        kind, (layer, folder) = dbt_resource_props["resource_type"], _place(dbt_resource_props)
        if kind in ("seed", "snapshot"):
            return f"{kind}s"
        if folder in SOURCES and layer in ("staging", "intermediate"):
            return folder
        if layer in ("metrics", "marts"):
            return f"{layer}_{folder}"
        return "config" if layer == "staging" else layer

    def get_tags(self, dbt_resource_props: Mapping[str, Any]) -> Mapping[str, str]:
        tags = dict(super().get_tags(dbt_resource_props))
        if domain := dbt_resource_props.get("config", {}).get("meta", {}).get("domain"):
            tags["domain"] = domain
        if (vendor := _place(dbt_resource_props)[1]) in SOURCES:
            tags["vendor"] = vendor
        return tags

    def get_owners(self, dbt_resource_props: Mapping[str, Any]) -> list[str]:
        """Return the owners that `meta: dagster: owners` in a yml names, else the data team."""
        return list(super().get_owners(dbt_resource_props) or OWNERS)


def _place(dbt_resource_props: Mapping[str, Any]) -> tuple[str, str]:
    """Return layer and folder of a model: `("metrics", "inside_sales")`."""
    _, layer, *folders = dbt_resource_props["fqn"]
    return str(layer), str(folders[0]) if folders else ""


@dg.multi_asset(
    name="warehouse_config",
    pool=POOL,
    specs=[
        dg.AssetSpec(asset_key(*key), description=text, group_name="config", owners=OWNERS, kinds={"duckdb"})
        for key, text in _CONFIG_TABLES.items()
    ],
)
def warehouse_config(scoreline: Scoreline) -> Iterator[dg.MaterializeResult[None]]:
    """Checks the files that people edit, as `scoreline check` does, creates every missing raw table, and
    writes clock and settings, so that dbt can always build."""
    settings = scoreline.settings()
    checked(settings)
    ensure_tables(settings, scoreline.company())
    for key in _CONFIG_TABLES:
        yield dg.MaterializeResult(
            asset_key=asset_key(*key), metadata={"as of": dg.MetadataValue.timestamp(settings.now())}
        )


class Dbt(DbtCliResource):
    """dbt, started once per build. dagster-dbt would start it a second time to ask for its version, and load
    it into this process to query models for metadata that the build's own log has."""

    @cached_property
    def _cli_version(self) -> Version:
        return Version(metadata.version("dbt-core"))

    def _initialize_dbt_core_adapter(self, args: Sequence[str]) -> Any:
        return None


# this environment's dbt, even if the environment is not activated
_DBT = Dbt(
    project_dir=str(DBT_PROJECT.project_dir),
    profiles_dir=str(DBT_PROJECT.profiles_dir),
    dbt_executable=str(Path(sys.executable).with_name("dbt")),
)
_TRANSLATOR = Translator(DagsterDbtTranslatorSettings(enable_code_references=True))


@dbt_assets(
    manifest=DBT_PROJECT.manifest_path,
    project=DBT_PROJECT,
    dagster_dbt_translator=_TRANSLATOR,
    name="dbt_models",
    pool=POOL,
)
def dbt_models(context: dg.AssetExecutionContext, scoreline: Scoreline) -> Iterator[Any]:
    """`dbt build`: models, then their tests. A failed test stops the models that depend on it, so that a
    wrong number is never published."""
    settings = scoreline.settings()
    # Dagster asks for them per model, and walks through every model each time
    step = context.get_step_execution_context()
    models = step.get_output_asset_keys()
    step.get_output_asset_keys = lambda: models
    os.environ.update(dbt_environment(settings))  # dagster-dbt passes this process's environment to dbt
    with scoreline.warehouse().building(f"dbt build, run {context.run_id}"):
        # one folder instead of one per run: the lock is held, and dbt's logs belong in the home
        build = _DBT.cli(["build"], context=context, target_path=settings.home / "dbt")
        try:
            for message in build.stream_raw_events():
                for event in message.to_default_asset_events(
                    build.manifest, _TRANSLATOR, context, build.target_path, DBT_PROJECT
                ):
                    rows = _rows(message)
                    if rows is not None and isinstance(event, dg.Output):
                        event = event.with_metadata({**event.metadata, "dagster/row_count": rows})
                    yield event
        except DagsterDbtCliRuntimeError as error:
            if lack := no_room(str(error), settings):
                raise dg.Failure(str(lack), allow_retries=False) from None
            raise


def _rows(message: DbtCliEventMessage) -> int | None:
    """Return how many rows a table or seed has, by its line in dbt's log; None for a view or a test."""
    found = re.fullmatch(r"([\d,]+) rows|INSERT (\d+)", str(message.raw_event["data"].get("status")))
    return int((found[1] or found[2]).replace(",", "")) if found else None


assets = [warehouse_config, dbt_models]
