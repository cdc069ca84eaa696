"""The graph itself: it loads without settings and network, is complete, and changes only under review."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import dagster as dg
import pytest
from click.testing import CliRunner

from foundation.errors import SettingsError
from foundation.settings import PROJECT_ROOT
from tests.support.published import PublishedFile

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
    done = subprocess.run(
        [sys.executable, "-c", _OFFLINE], capture_output=True, text=True, env=kept, cwd=PROJECT_ROOT
    )
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


def test_every_raw_asset_has_a_freshness_policy_and_check(
    defs: dg.Definitions, specs: list[dg.AssetSpec]
) -> None:
    checked = {key.asset_key for key in defs.resolve_asset_graph().asset_check_keys if key.name == "fresh"}
    raw = [spec for spec in specs if spec.key.path[0] == "raw"]
    assert raw
    assert {spec.key for spec in raw} == checked
    assert all(spec.freshness_policy for spec in raw)


def test_every_raw_table_feeds_the_staging_of_its_source(defs: dg.Definitions) -> None:
    """dbt's sources and the tables that are loaded are the same assets, so that a click on "upstream" leads
    to the vendor."""
    graph = defs.resolve_asset_graph()
    staged = {
        key: graph.get(key).parent_keys for key in graph.get_all_asset_keys() if key.path[0] == "staging"
    }
    raw = {key for key in graph.get_all_asset_keys() if key.path[0] == "raw"}
    assert {key for parents in staged.values() for key in parents if key.path[0] == "raw"} == raw
    for key, parents in staged.items():
        source = key.path[1].removeprefix("stg_").split("__")[0]
        assert {parent.path[1] for parent in parents if parent.path[0] == "raw"} <= {source}, key


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


def test_a_refresh_of_the_command_line_is_the_job_of_the_ui_without_its_imports(defs: dg.Definitions) -> None:
    from orchestration.loading import defs as alone

    for name in ("refresh", "backfill"):
        snapshots = [one.resolve_job_def(name).get_job_snapshot_id() for one in (alone, defs)]
        assert snapshots[0] == snapshots[1], "Dagster would show it as a run of an older job"
    script = (
        "import sys; from orchestration.runs import job_by_name; job_by_name('refresh');"
        " print(sorted({'dagster_dbt', 'dbt', 'jinja2', 'pymongo', 'reports'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, cwd=PROJECT_ROOT)
    assert done.stdout == "[]\n", done.stderr[-2000:]


def test_schedules_run_in_the_company_s_zone(defs: dg.Definitions) -> None:
    assert {schedule.execution_timezone for schedule in defs.schedules or []} == {"America/Chicago"}


def test_the_monday_mail_is_for_the_week_that_has_just_ended(
    defs: dg.Definitions, monkeypatch: pytest.MonkeyPatch
) -> None:
    from orchestration.schedules import weekly_mail

    monkeypatch.setenv("SCORELINE_AS_OF", "2025-10-27T07:00:00-05:00")
    request = weekly_mail(dg.build_schedule_context(resources=defs.resources))
    assert isinstance(request, dg.RunRequest)
    assert request.partition_key == "2025-10-20"


@pytest.mark.parametrize(
    ("clock", "day"),
    [
        ("2025-10-27T07:30:00-05:00", "2025-10-27"),
        ("2025-10-28T03:00:00Z", "2025-10-27"),  # still Monday where the company is
        ("2025-10-28T06:00:00-05:00", None),  # Monday's tick, caught up with before the day's build
        ("2025-10-25T07:30:00-05:00", None),
        ("2025-11-27T07:30:00-06:00", None),
        ("2025-12-01T07:30:00-06:00", "2025-12-01"),
    ],
)
def test_the_digest_goes_out_on_working_days(
    defs: dg.Definitions, monkeypatch: pytest.MonkeyPatch, clock: str, day: str | None
) -> None:
    from orchestration.schedules import daily_digest_mail

    assert daily_digest_mail.cron_schedule == "30 7 * * 1-5"
    monkeypatch.setenv("SCORELINE_AS_OF", clock)
    answer = daily_digest_mail(dg.build_schedule_context(resources=defs.resources))
    if day is None:
        assert isinstance(answer, dg.SkipReason)
        why = {"2025-11-27": "Thanksgiving", "2025-10-25": "Saturday", "2025-10-28": "not due yet"}[
            clock[:10]
        ]
        assert why in str(answer.skip_message)
    else:
        assert isinstance(answer, dg.RunRequest)
        assert (answer.partition_key, answer.run_key) == (day, f"daily_digest-{day}")


@pytest.mark.parametrize(
    ("clock", "week"),
    [
        ("2025-10-31T12:00:00-05:00", "2025-10-27"),
        ("2025-10-30T12:00:00-05:00", None),
        ("2025-11-26T12:00:00-06:00", "2025-11-24"),  # Thursday and Friday are off
        ("2025-11-28T12:00:00-06:00", None),
        ("2025-07-03T12:00:00-05:00", "2025-06-30"),
        ("2026-01-02T12:00:00-06:00", "2025-12-29"),
    ],
)
def test_the_preview_goes_out_on_the_last_working_day(
    defs: dg.Definitions, monkeypatch: pytest.MonkeyPatch, clock: str, week: str | None
) -> None:
    from orchestration.schedules import friday_preview_mail

    assert friday_preview_mail.cron_schedule == "0 12 * * 1-5"
    monkeypatch.setenv("SCORELINE_AS_OF", clock)
    answer = friday_preview_mail(dg.build_schedule_context(resources=defs.resources))
    if week is None:
        assert isinstance(answer, dg.SkipReason) and "not the last working day" in str(answer.skip_message)
    else:
        assert isinstance(answer, dg.RunRequest)
        assert (answer.partition_key, answer.run_key) == (week, f"friday_preview-{week}")


def test_the_running_day_and_week_have_partitions() -> None:
    from orchestration.assets.reporting import DAYS, WEEKS, WEEKS_BEGUN

    at = datetime(2025, 10, 27, 7, 30, tzinfo=ZoneInfo("America/Chicago"))
    newest = [partitions.get_partition_keys(current_time=at)[-1] for partitions in (DAYS, WEEKS, WEEKS_BEGUN)]
    assert newest == ["2025-10-27", "2025-10-20", "2025-10-27"]


def test_the_digest_s_job_mails_a_day_once(
    defs: dg.Definitions, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SCORELINE_AS_OF", "2025-10-27T07:30:00-05:00")
    PublishedFile(home / "published" / "scoreline.duckdb", earlier=0).write()
    job = defs.resolve_job_def("daily_digest")

    def metadata(**config: Any) -> dict[str, Any]:
        run = job.execute_in_process(
            partition_key="2025-10-27", run_config={"ops": {"reports__daily_digest": {"config": config}}}
        )
        (event,) = run.asset_materializations_for_node("reports__daily_digest")
        return {name: value.value for name, value in event.metadata.items()}

    to = ["dana.whitfield@cedar-ridge.example", "sam.okafor@cedar-ridge.example"]
    assert metadata() == {
        "day": "2025-10-27", "gate": "green", "reasons": [], "sent": to, "already sent": [], "nothing to say": [], "pending": [],
        "uncertain": [],
    }  # fmt: skip
    again = metadata()
    assert (again["sent"], again["already sent"]) == ([], to)
    assert metadata(force=True, only=to[:1])["sent"] == to[:1]
    assert len(list((home / "outbox").iterdir())) == 3
    late = job.execute_in_process(partition_key="2025-10-28", raise_on_error=False)
    assert not late.success


def test_the_preview_s_job_mails_the_running_week_once(
    defs: dg.Definitions, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SCORELINE_AS_OF", "2025-10-31T12:00:00-05:00")
    PublishedFile(
        home / "published" / "scoreline.duckdb", earlier=0, as_of=datetime(2025, 10, 31, 11, tzinfo=UTC)
    ).write()
    job = defs.resolve_job_def("friday_preview")

    def metadata() -> dict[str, Any]:
        (event,) = job.execute_in_process(partition_key="2025-10-27").asset_materializations_for_node(
            "reports__friday_preview"
        )
        return {name: value.value for name, value in event.metadata.items()}

    to = ["dana.whitfield@cedar-ridge.example", "sam.okafor@cedar-ridge.example"]
    first, again = metadata(), metadata()
    assert (first["week"], first["sent"], first["already sent"]) == ("2025-W44", to, [])
    assert (again["sent"], again["already sent"]) == ([], to) and len(list((home / "outbox").iterdir())) == 2
    assert not job.execute_in_process(partition_key="2025-10-20", raise_on_error=False).success, (
        "that week is over"
    )


def test_a_digest_has_a_day_and_a_scorecard_a_week() -> None:
    from orchestration.cli import main

    for arguments, way_out in (
        (["--day", "2025-10-27"], "add --report daily_digest"),
        (["--report", "daily_digest", "--week", "2025-W43"], "use --day"),
        (["--report", "daily_digest", "--day", "yesterday"], "%Y-%m-%d"),
        (["--report", "friday_preview", "--day", "2025-10-27"], "add --report daily_digest"),
        (["--report", "friday_preview", "--week", "W44"], "expected 2025-W43"),
    ):
        done = CliRunner().invoke(main, ["send", *arguments])
        assert done.exit_code == 2 and way_out in done.output


def test_the_operator_hears_of_every_mail_that_fails(defs: dg.Definitions) -> None:
    from orchestration.sensors import _TOLD

    assert {job.name for job in _TOLD} == {job.name for job in defs.jobs or []} - {"refresh", "backfill"}


def test_a_build_of_any_origin_begins_with_the_whole_check(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from orchestration.assets.transformation import warehouse_config
    from orchestration.resources import Scoreline

    file, home = tmp_path / "company.toml", tmp_path / "home"
    own = (PROJECT_ROOT / "company.toml").read_text(encoding="utf-8")
    file.write_text(own.replace("\n[pages]\n", '\n[pages]\nenabled = ["scorecrd"]\n'), encoding="utf-8")
    monkeypatch.setenv("SCORELINE_COMPANY_FILE", str(file))
    monkeypatch.setenv("SCORELINE_HOME", str(home))
    with pytest.raises(SettingsError, match="'scorecrd'; did you mean 'scorecard'"):
        next(iter(warehouse_config(Scoreline())))
    assert not home.exists()
