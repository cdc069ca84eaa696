"""The graph itself: it loads without settings and network, is complete, and changes only under review."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import dagster as dg
import pytest

from foundation.settings import PROJECT_ROOT

_OFFLINE = """
import socket
def refuse(*_, **__):
    raise RuntimeError("network at import")
socket.socket.connect = refuse
from orchestration.definitions import defs
print(len(list(defs.resolve_all_asset_keys())))
"""


@pytest.fixture(scope="module")
def defs() -> dg.Definitions:
    from orchestration.definitions import defs

    return defs


@pytest.fixture(scope="module")
def specs(defs: dg.Definitions) -> list[dg.AssetSpec]:
    return list(defs.resolve_all_asset_specs())


def test_definitions_load_with_an_empty_environment_and_no_network() -> None:
    kept = {"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/"), "SCORELINE_ENV_FILE": os.devnull}
    done = subprocess.run([sys.executable, "-c", _OFFLINE], capture_output=True, text=True, env=kept, cwd=PROJECT_ROOT)
    assert done.returncode == 0, done.stderr[-2000:]
    assert int(done.stdout.split()[-1]) > 50


def test_every_asset_is_described_grouped_owned_and_has_a_kind(specs: list[dg.AssetSpec]) -> None:
    def gaps(spec: dg.AssetSpec) -> list[str]:
        has = {
            "description": spec.description,
            "group": spec.group_name not in (None, "default"),
            "owner": spec.owners,
            "kind": spec.kinds,
        }
        return [name for name, value in has.items() if not value]

    assert {spec.key.to_user_string(): gaps(spec) for spec in specs if gaps(spec)} == {}


def test_every_asset_can_be_materialised_by_a_click(defs: dg.Definitions) -> None:
    graph = defs.resolve_asset_graph()
    assert graph.get_all_asset_keys() - graph.executable_asset_keys == set()


def test_every_raw_asset_has_a_freshness_policy_and_check(defs: dg.Definitions, specs: list[dg.AssetSpec]) -> None:
    checked = {key.asset_key for key in defs.resolve_asset_graph().asset_check_keys if key.name == "fresh"}
    raw = [spec for spec in specs if spec.key.path[0] == "raw"]
    assert raw
    assert {spec.key for spec in raw} == checked
    assert all(spec.freshness_policy for spec in raw)


def test_keys_jobs_schedules_and_sensors_equal_the_reviewed_list(defs: dg.Definitions) -> None:
    """When the change is meant, take the left side over into graph.txt."""
    found = sorted(
        [f"asset {key.to_user_string()}" for key in defs.resolve_asset_graph().get_all_asset_keys()]
        + [f"job {job.name}" for job in defs.jobs or []]
        + [f"schedule {schedule.name}" for schedule in defs.schedules or []]
        + [f"sensor {sensor.name}" for sensor in defs.sensors or []]
    )
    reviewed = (Path(__file__).parent / "graph.txt").read_text(encoding="utf-8").split("\n")[:-1]
    assert found == reviewed


def test_schedules_run_in_the_company_s_zone(defs: dg.Definitions) -> None:
    assert {schedule.execution_timezone for schedule in defs.schedules or []} == {"America/Chicago"}


def test_the_monday_mail_is_for_the_week_that_has_just_ended(defs: dg.Definitions, monkeypatch: pytest.MonkeyPatch) -> None:
    from orchestration.schedules import weekly_mail

    monkeypatch.setenv("SCORELINE_AS_OF", "2025-10-27T07:00:00-05:00")
    request = weekly_mail(dg.build_schedule_context(resources=defs.resources))
    assert isinstance(request, dg.RunRequest)
    assert request.partition_key == "2025-10-20"
