"""The shape of the dbt project, read from dbt's own manifest: an unknown name must fail, not pass."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
import yaml

from foundation.settings import Settings
from tests.dbt_project.conftest import MakeWarehouse
from tests.support.raw_warehouse import DBT_DIR, RawWarehouse, raw_tables

LAYERS = ("staging", "intermediate", "metrics", "marts")
SHORT = {"staging": "stg", "intermediate": "int"}
MAY_READ = {
    "staging": set(),
    "intermediate": {"staging", "intermediate", "seed"},
    "metrics": {"intermediate"},
    "marts": {"staging", "intermediate", "marts", "seed", "snapshot"},
}
EXCEPTIONS = {
    # the union of all metrics needs everything of the layer above; everything after it is about lines, not
    # about records
    ("int_scorecard__contributions", "metrics"): "gives each metric's contributions to its lines",
    # what is recorded as published has passed the tests of the marts, so it is built after them
    ("int_restatements__periods", "marts"): "what the snapshot of the facts records",
    ("int_restatements__receipts", "marts"): "what the snapshot of the receipts records",
    ("int_restatements__receipts", "snapshot"): "the receipts are recorded after the facts",
    ("int_restatements__definitions", "snapshot"): "and so is what defines them",
    ("int_restatements__changes", "snapshot"): "compares what was recorded",
    ("int_signals__points", "marts"): "what varies is the published value",
    ("fct_sales_activity", "metrics"): "what counts towards a goal is what the metric counts",
}


@pytest.fixture(scope="module")
def manifest(chicago: RawWarehouse) -> dict[str, Any]:
    return json.loads((chicago.target / "manifest.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def models(manifest: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {node["name"]: node for node in manifest["nodes"].values() if node["resource_type"] == "model"}


def layer(node: dict[str, Any]) -> str:
    return node["resource_type"] if node["resource_type"] in ("seed", "snapshot") else str(node["fqn"][1])


def test_every_model_is_named_for_its_layer_and_folder(models: dict[str, dict[str, Any]]) -> None:
    """`stg_<source>__<what>`, `int_<folder>__<what>`, `dim_` or `fct_`; a metric is called by its id."""
    assert {layer(node) for node in models.values()} == set(LAYERS)
    odd = []
    for name, node in models.items():
        folder = str(node["fqn"][2])
        if layer(node) == "marts":
            fits = name.startswith(("fct_", "dim_"))
        elif layer(node) == "metrics":
            fits = not name.startswith(("stg_", "int_", "fct_", "dim_"))
        else:
            fits = re.fullmatch(rf"{SHORT[layer(node)]}_{folder}__[a-z0-9_]+", name)
        if not fits or "__" in name.split("__", 1)[-1]:
            odd.append(node["original_file_path"])
    assert odd == []


def test_each_layer_reads_only_what_it_may(
    manifest: dict[str, Any], models: dict[str, dict[str, Any]]
) -> None:
    wrong = []
    for name, node in models.items():
        for parent in node["depends_on"]["nodes"]:
            if parent.startswith("source."):
                if layer(node) != "staging":
                    wrong.append(f"{name} reads {parent}; only staging reads sources")
                continue
            parent_layer = layer(manifest["nodes"][parent])
            allowed = parent_layer in MAY_READ[layer(node)] or (name, parent_layer) in EXCEPTIONS
            if not allowed:
                wrong.append(f"{name} ({layer(node)}) reads {parent} ({parent_layer})")
    assert wrong == []


def test_staging_has_one_model_per_raw_table(
    manifest: dict[str, Any], models: dict[str, dict[str, Any]]
) -> None:
    read = {
        name: set(node["depends_on"]["nodes"]) for name, node in models.items() if layer(node) == "staging"
    }
    assert set().union(*read.values()) == set(manifest["sources"])
    for source_id, source in manifest["sources"].items():
        if source["source_name"].startswith("raw_"):
            # a second model may unnest a list of the same table
            assert read[f"stg_{source['source_name'].removeprefix('raw_')}__{source['name']}"] == {source_id}
    raw = {
        (source["source_name"], source["name"])
        for source in manifest["sources"].values()
        if source["source_name"].startswith("raw_")
    }
    assert raw == {(f"raw_{source}", table) for source, tables in raw_tables().items() for table in tables}


def test_every_key_is_held(manifest: dict[str, Any], models: dict[str, dict[str, Any]]) -> None:
    """By the model's own build, or by a test that warns where a doubled row makes no number wrong."""
    tests = [
        node
        for node in manifest["nodes"].values()
        if node["resource_type"] == "test" and (node.get("test_metadata") or {}).get("name") == "is_key"
    ]
    warned = {test["attached_node"] for test in tests if test["config"]["severity"] == "warn"}
    held = {node["unique_id"] for node in models.values() if node["config"].get("unique_key")}
    assert not warned & held
    # metrics are held in their union, int_scorecard__contributions
    assert [
        name
        for name, node in models.items()
        if layer(node) != "metrics" and node["unique_id"] not in warned | held
    ] == []


def test_a_doubled_key_fails_its_model_and_leaves_what_was_there(make_warehouse: MakeWarehouse) -> None:
    warehouse = make_warehouse("2025-10-27T12:00:00")
    direct = {"day": "2025-10-20", "source": "direct", "sessions": 7}
    model = ("--select", "int_marketing__web_traffic")
    warehouse.add("hubspot.web_traffic", [direct])
    assert warehouse.dbt("run", *model).returncode == 0
    for wrong in (direct, {**direct, "source": None}):
        warehouse.change("delete from raw_hubspot.web_traffic")
        warehouse.add("hubspot.web_traffic", [{**direct, "sessions": 8}, wrong])
        failed = warehouse.dbt("run", *model)
        assert failed.returncode == 1
        assert "int_marketing__web_traffic: 1 values of its key (visit_day, traffic_source)" in failed.stdout
        found = warehouse.query("select sessions from intermediate.int_marketing__web_traffic")
        assert found == [{"sessions": 7}]


def test_everything_is_described(manifest: dict[str, Any], models: dict[str, dict[str, Any]]) -> None:
    assert [name for name, node in models.items() if not node["description"]] == []
    assert [source["name"] for source in manifest["sources"].values() if not source["description"]] == []
    seeds = [node for node in manifest["nodes"].values() if node["resource_type"] == "seed"]
    assert [node["name"] for node in seeds if not node["description"]] == []
    snapshots = [node for node in manifest["nodes"].values() if node["resource_type"] == "snapshot"]
    assert len(snapshots) == 3 and all(node["description"] for node in snapshots)
    blank = [
        f"{name}.{column}"
        for name, node in models.items()
        if layer(node) == "marts"
        for column, about in node["columns"].items()
        if not about["description"] or not about["data_type"]
    ]
    assert blank == []


def test_marts_are_under_contract(models: dict[str, dict[str, Any]]) -> None:
    assert [
        name
        for name, node in models.items()
        if layer(node) == "marts" and not node["config"]["contract"]["enforced"]
    ] == []


def test_pages_and_mail_name_every_mart(manifest: dict[str, Any], models: dict[str, dict[str, Any]]) -> None:
    marts = {node["unique_id"] for node in models.values() if layer(node) == "marts"}
    exposures = ("daily_digest_mail", "friday_preview_mail", "scorecard_page", "weekly_scorecard_mail")
    assert sorted(manifest["exposures"]) == [f"exposure.scoreline.{name}" for name in exposures]
    for exposure in manifest["exposures"].values():
        assert set(exposure["depends_on"]["nodes"]) == marts


def test_dbt_takes_no_more_memory_than_the_setting(
    chicago: RawWarehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    profile = yaml.safe_load((DBT_DIR / "profiles.yml").read_text(encoding="utf-8"))
    default = Settings.model_fields["memory"].default
    limit = profile["scoreline"]["outputs"]["warehouse"]["settings"]["memory_limit"]
    assert limit == f"{{{{ env_var('SCORELINE_MEMORY', '{default}') }}}}"
    monkeypatch.setenv("SCORELINE_MEMORY", "123MB")
    shown = chicago.dbt("show", "--inline", "select current_setting('memory_limit')")
    assert "117.3 MiB" in shown.stdout, shown.stdout
