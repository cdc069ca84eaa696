"""What a terminal shows and leaves behind: errors in a sentence, ports, children, progress, the doctor's report."""

from __future__ import annotations

import errno
import io
import json
import os
import re
import socket
import sqlite3
import stat
import subprocess
import sys
import time
from pathlib import Path

import click
import psutil  # type: ignore[import-untyped]
import pytest
from click.testing import CliRunner
from rich.console import Console

from dlt_pipelines.core.source import Finding
from dlt_pipelines.doctor import machine
from foundation.errors import ScorelineError, SettingsError
from foundation.progress import VARIABLE, tell
from foundation.settings import PROJECT_ROOT, Settings, load_company
from orchestration.cli import main
from orchestration.cli.children import end_group
from orchestration.cli.doctor import report
from orchestration.cli.errors import expected
from orchestration.cli.ports import free_port
from orchestration.cli.watch import Watch, watched

# ------------------------------------------------------------------ errors


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (SettingsError("company.toml: x"), "company.toml: x"),
        (LookupError("nothing is published yet"), "nothing is published yet"),
        (
            OSError(errno.ENOSPC, "No space left on device", "/home/x/raw.parquet"),
            "The disk with /home/x is full",
        ),
        (sqlite3.OperationalError("database or disk is full"), "the disk is full"),
        (sqlite3.OperationalError("disk I/O error"), "the disk is full or broken. Make room"),
        (OSError(errno.EROFS, "Read-only file system", "/media/cd/dlt"), "the file system is read-only"),
        (PermissionError(errno.EACCES, "Permission denied", "/root/x"), "this user lacks the permission"),
        (NotADirectoryError(errno.ENOTDIR, "Not a directory", "/tmp/f/dlt"), "a file is in its place"),
    ],
)
def test_what_a_person_can_do_something_about_is_a_sentence(home: Path, error: Exception, says: str) -> None:
    text = expected(error)
    assert text and says in text
    try:
        raise RuntimeError("of a library") from error
    except RuntimeError as outer:
        assert expected(outer) == text, "whatever a library wraps around it"


@pytest.mark.parametrize("error", [KeyError("a"), IndexError("b"), ValueError("c"), AssertionError()])
def test_a_fault_of_ours_is_not_taken_for_an_expected_error(home: Path, error: Exception) -> None:
    assert expected(error) is None


def test_a_fault_is_one_line_and_its_traceback_a_file_without_secrets(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = "pat-na1-0123456789abcdef"
    monkeypatch.setenv("ZENDESK_API_KEY", key)
    monkeypatch.setenv("SMTP_URL", "smtp://ann:correct-horse@127.0.0.1")

    def broken(*_: object) -> None:
        raise KeyError(f"in the middle of {key} and correct-horse")

    monkeypatch.setattr("orchestration.edited_files.check_seeds", broken)
    done = CliRunner().invoke(main, ["check"])
    assert done.exit_code == 1 and "Traceback" not in done.output
    said, details = done.output.strip().splitlines()
    assert said.startswith("Error: Unexpected error, please report it: KeyError") and "***" in said
    log = Path(details.removeprefix("Details: "))
    assert "in broken" in log.read_text() and stat.S_IMODE(log.stat().st_mode) == 0o600
    for text in (done.output, log.read_text()):
        assert key not in text and "correct-horse" not in text
    assert "in broken" in CliRunner().invoke(main, ["check", "--verbose"]).output


@pytest.mark.parametrize("command", [["run", "refresh"], ["demo", "--sandbox-port", "0"]])
def test_a_home_that_is_a_file_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: list[str]
) -> None:
    file = tmp_path / "home"
    file.write_text("x")
    monkeypatch.setenv("SCORELINE_HOME", str(file))
    kept = dict(os.environ)
    try:
        done = CliRunner().invoke(main, command)
    finally:
        os.environ.clear()
        os.environ.update(kept)
    assert done.exit_code == 1 and f"{file} is not a folder" in done.output
    assert "SCORELINE_HOME" in done.output and "Traceback" not in done.output
    assert "Details:" not in done.output, "an expected error says all itself"


def test_a_week_before_all_data_is_refused_by_name(home: Path) -> None:
    done = CliRunner().invoke(main, ["send", "--week", "2023-W10"])
    assert done.exit_code == 2 and "2023-W10" in done.output and "2024-W" in done.output


# ------------------------------------------------------------------ ports and children


def test_a_port_in_use_is_replaced_or_its_holder_named(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        found = free_port(port, "the sandbox", "--sandbox-port")
        assert found != port and f"Port {port} is in use by" in capsys.readouterr().err

        @click.command()
        @click.option("--sandbox-port", type=int)
        def serve(sandbox_port: int) -> None:
            free_port(sandbox_port, "the sandbox", "--sandbox-port")

        asked = CliRunner().invoke(serve, ["--sandbox-port", str(port)])
    assert asked.exit_code == 2 and f"(process {os.getpid()})" in asked.output
    assert free_port(0, "the sandbox", "--sandbox-port") > 0


def test_nothing_is_left_running_after_a_stop(tmp_path: Path) -> None:
    """As `dagster dev`: the parent does not pass SIGTERM on, a child ignores it, another has lost its parent."""
    pids = tmp_path / "pids"
    script = f"trap '' TERM; (sleep 300 & echo $! >>{pids}); sleep 300 & echo $! >>{pids}; exec sleep 300"
    process = subprocess.Popen(["bash", "-c", script], start_new_session=True)
    until = time.monotonic() + 30
    while len(pids.read_text().split() if pids.exists() else ()) < 2 and time.monotonic() < until:
        time.sleep(0.02)
    started = [process.pid, *map(int, pids.read_text().split())]
    end_group(process.pid, patience=0.2)
    process.wait()
    assert [
        pid for pid in started if psutil.pid_exists(pid) and psutil.Process(pid).status() != "zombie"
    ] == []


# ------------------------------------------------------------------ progress


DBT = """\
Running with dbt=1.11.16
1 of 3 START sql table model marts.dim_lines ................ [RUN]
1 of 3 OK created sql table model marts.dim_lines ........... [OK in 0.46s]
2 of 3 FAIL 3 unique_dim_lines_line_id ...................... [FAIL 3 in 0.10s]
3 of 3 PASS not_null_dim_lines_line_id ...................... [PASS in 0.10s]
"""
MESSAGES = """\
   HubSpot: 61,570 rows into 22 tables, 223 requests, 0:00:44 waited for rate limits
   Smartlead: not connected (no credentials); its tables exist and are empty
   waited 2.1 s for the warehouse
 ! late.csv, line 3: unknown metric
 ! late.csv, line 3: unknown metric
"""


def test_messages_stay_lines_and_dbt_s_lines_stay_in_the_log() -> None:
    shown, log = io.StringIO(), io.StringIO()
    watch = Watch(Console(file=shown, width=40), log, verbose=False)
    with watch.job("refresh"):
        watch.succeeded = False
        for line in (DBT + MESSAGES).splitlines():
            watch.line(line)
    assert log.getvalue() == DBT + MESSAGES
    *lines, summary = shown.getvalue().splitlines()
    assert lines == [
        " ! dbt unique_dim_lines_line_id: FAIL 3 in 0.10s",
        "   HubSpot: 61,570 rows into 22 tables, 223 requests, 0:00:44 waited for rate limits",
        "   Smartlead: not connected (no credentials); its tables exist and are empty",
        " ! late.csv, line 3: unknown metric",
    ]
    assert summary.startswith(
        "   refresh: failed, 1 source, 61,570 rows, 1 model or test failed, 1 warning, "
    )


def test_verbose_shows_every_line() -> None:
    shown = io.StringIO()
    watch = Watch(Console(file=shown, width=200), io.StringIO(), verbose=True)
    with watch.job("build"):
        for line in DBT.splitlines():
            watch.line(line)
    assert DBT in shown.getvalue()


def test_what_child_processes_write_is_in_the_log_and_their_progress_is_not(
    home: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    code = "from foundation.progress import tell; tell('pages', 7); print(' ! from a child', flush=True)"
    with watched("refresh") as watch, watch.job("refresh"):
        subprocess.run([sys.executable, "-c", code], check=True)
        print("a line of a library")
    (log,) = (home / "logs").glob("refresh-*.log")
    assert log.read_text() == " ! from a child\na line of a library\n"
    said = capfd.readouterr().err
    assert " ! from a child" in said and "a line of a library" not in said and log.name in said
    assert VARIABLE not in os.environ
    tell("pages", 7)  # nobody listens
    monkeypatch.setenv(VARIABLE, str(home / "gone"))
    tell("pages", 7)
    assert capfd.readouterr().err == ""


def test_a_terminal_shows_how_far_the_work_is(home: Path) -> None:
    shown = io.StringIO()
    watch = Watch(Console(file=shown, width=80, force_terminal=True), io.StringIO(), verbose=False)
    with watch.job("refresh", sources=2):
        watch.told("HubSpot requests", 112)
        watch.line("   Zendesk: 5 rows into 2 tables, 3 requests, 0:00:00 waited for rate limits")
        watch.line("1 of 9 OK created sql view model staging.stg_x [OK in 0.1s]")
        watch.told("pages", 31)
        watch._progress.refresh()
    frames = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", shown.getvalue())
    assert "1/2" in frames and "requests: HubSpot 112" in frames
    assert "1/9" in frames and re.search(r"pages .* 31 ", frames)


def test_bars_end_with_their_job_and_count_everything(home: Path) -> None:
    shown = io.StringIO()
    watch = Watch(Console(file=shown, width=80, force_terminal=True), io.StringIO(), verbose=False)
    with watch.job("build"):
        watch.line("2 of 2 START test unique_x [RUN]")
        watch.line("1 of 2 NO-OP exposure scorecard_page [NO-OP in 0.00s]")
        watch.line("2 of 2 PASS unique_x [PASS in 0.1s]")
        watch.line("1 of 1 START hook: scoreline.on-run-end.0 [RUN]")
        watch.told("pages", 31)
        watch._progress.refresh()
    assert "2/2" in shown.getvalue()
    before = len(shown.getvalue())
    watch.say("mailing")
    with watch.job("weekly_scorecard"):
        watch.line("   2025-W43: sent to 3")
    assert "\x1b[1A" not in shown.getvalue()[before:], "it would erase the line above"


# ------------------------------------------------------------------ doctor


def test_the_doctor_begins_with_a_count_and_with_what_fails() -> None:
    findings = [
        Finding("zendesk", "credentials", "info", "not connected: ZENDESK_API_KEY not set", "set it"),
        Finding("hubspot", "connection", "ok", "Cedar Ridge"),
        Finding("autotask", "access", "fail", "refused\x1b[2J", "Give the user the role."),
        Finding("home", "backup", "warn", "old"),
    ]
    shown = io.StringIO()
    report(findings, Console(file=shown, width=60))
    lines = shown.getvalue().splitlines()
    assert lines[0] == "1 of 3 systems connected, 1 to fix, 1 to look at"
    heads = [line for line in lines if line and not line.startswith(" ")]
    assert heads[1:] == ["To fix", "To look at", "In order", "Not connected"]
    assert lines[lines.index("To fix") + 2] == "       -> Give the user the role."
    assert "\x1b" not in shown.getvalue(), "no colour where nobody looks, and none of a vendor's"
    narrow = io.StringIO()
    report(findings, Console(file=narrow, width=40, force_terminal=True, color_system=None))
    assert all(len(line) <= 40 for line in narrow.getvalue().splitlines())


def test_the_doctor_looks_at_mail_disk_seeds_and_address(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SMTP_URL", "smtp://127.0.0.1:1")
    done = CliRunner().invoke(main, ["doctor", "--json"])
    found = {(one["source"], one["check"]): one["level"] for one in json.loads(done.stdout)}
    assert found["mail", "server"] == "fail" and found["home", "disk"] in ("ok", "warn")
    assert found["settings", "seeds"] == "ok" and found["settings", "site address"] == "info"


def test_the_doctor_knows_the_webhooks_and_shows_none(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    company = home / "company.toml"
    text = (PROJECT_ROOT / "company.toml").read_text(encoding="utf-8")
    company.write_text(text.replace("# alerts_also_to", "alerts_also_to"), encoding="utf-8")
    monkeypatch.setenv("SCORELINE_COMPANY_FILE", str(company))

    def said() -> dict[str, str]:
        settings = Settings()
        found = machine.findings(settings, load_company(settings))
        return {one.check: f"{one.level} {one.detail}" for one in found if one.source == "mail"}

    assert "SLACK_WEBHOOK_URL is not set: messages become files" in said()["slack"] and "teams" not in said()
    for name in ("SLACK", "TEAMS"):
        monkeypatch.setenv(f"{name}_WEBHOOK_URL", "https://hooks.example/services/canary")
    found = said()
    assert found["slack"].startswith("ok ") and "company.toml sends nothing there" in found["teams"]
    assert "canary" not in str(found)


def test_expected_errors_share_a_base() -> None:
    from foundation.backup import BackupError
    from foundation.warehouse import WarehouseError
    from reports.pages import SiteError
    from reports.post.outcome import DeliveryFailed

    for kind in (SettingsError, WarehouseError, BackupError, SiteError, DeliveryFailed):
        assert issubclass(kind, ScorelineError)
