"""Two companies in one Dagster instance, served by the real web server, daemon and code locations: they load,
build and mail at once, and no canary of one is in the other's files: home, pages, mails, logs, portal, API,
assistants."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import dagster as dg
import duckdb
import pytest

from foundation.settings import PROJECT_ROOT, Settings
from orchestration.cli.children import end_group
from portal.app import create_app
from portal.dagster import DagsterError, Run, launch, run_of
from tests.portal.conftest import ADDRESS, Browser, listening
from tests.portal.test_api import token_for
from tests.portal.test_assistants import Ask, ask, over_http
from tests.support import smtp

pytestmark = [pytest.mark.e2e, pytest.mark.slow]
NAMES = ("acme", "birch")
_SCORELINE = (sys.executable, "-W", "ignore", "-m", "orchestration.cli")
PATIENCE = 1500
AS_OF = "2025-10-13T12:00:00Z"
_TYPED = (
    "metric,person,week,value,note,entered_by,entered_at\n"
    "outside_sales.networking_events,{key},2025-W41,{figure},canary-note-{name},{key},2025-10-10T15:12:00-05:00\n"
)
_SEEDS = {
    "people": "{key},Canary Name {name},{address},,,outside_sales,40,2024-01-08,",
    "scorecard_lines": "outside_sales.networking_events,outside_sales,Outside sales,230,networking_events,,{key},{key},,2025-09-01,",
    "goals": "outside_sales.networking_events,2025-09-01,,>=,{goal},,0.10,canary-reason-{name},,,",
}
_ACCESS = """
confidential = ["outside_sales"]
[[access.roles]]
name = "leadership"
people = ["{key}"]
sections = ["*", "outside_sales"]
"""
_MAIL = """
[[mail.subscriptions]]
report = "weekly_scorecard"
to = ["{address}"]
sections = ["outside_sales"]

[access]
"""


def values_of(number: int, name: str) -> dict[str, str]:
    """What only this company has: names, addresses, a confidential figure, a goal."""
    return {
        "name": name,
        "key": f"canary_person_{name}",
        "address": f"canary.{name}@{name}-canary.example",
        "figure": f"7{number}31{number}4477",
        "goal": f"9{number}57{number}8866",
        "secret": f"canary-secret-{name}",
    }


def canaries(number: int, name: str) -> set[str]:
    values = values_of(number, name)
    return {
        f"canary-note-{name}", f"canary-reason-{name}", f"Canary Name {name}", f"Canary {name} Ltd",
        *(values[key] for key in ("key", "address", "figure", "goal", "secret")),
        f"{int(values['figure']):,}", f"{int(values['goal']):,}",
    }  # fmt: skip


@pytest.fixture
def mail_server() -> Iterator[smtp.Server]:
    with smtp.running([values_of(0, name)["secret"] for name in NAMES]) as server:
        yield server


@pytest.fixture
def folder(tmp_path: Path, mail_server: smtp.Server) -> Iterator[Path]:
    """The companies, and the instance that serves them."""
    environment = {**os.environ, "SCORELINE_COMPANIES": str(tmp_path)}
    environment["DBT_EXCLUDE_RESOURCE_TYPES"] = "unit_test test"
    environment.pop("DAGSTER_HOME", None)
    for number, name in enumerate(NAMES):
        values = values_of(number, name)
        arguments = ["--label", f"Canary {name} Ltd", "--operator", f"ops.{values['address']}"]
        subprocess.run([*_SCORELINE, "new", name, *arguments], env=environment, check=True)
        place = tmp_path / name
        (place / "manual_entries" / "numbers.csv").write_text(_TYPED.format(**values))
        for seed, row in _SEEDS.items():
            file = place / "seeds" / f"{seed}.csv"
            header = file.read_text().splitlines()[0]
            file.write_text(f"{header}\n{row.format(**values)}\n")
        company = place / "company.toml"
        text = company.read_text().replace("\n[access]\n", _MAIL.format(**values))
        company.write_text(text + _ACCESS.format(**values))
        file = place / ".env"
        kept = [line for line in file.read_text().splitlines() if not line.startswith("SMTP_URL=")]
        mail = f"SMTP_URL=smtp://scoreline:{values['secret']}@127.0.0.1:{mail_server.port}"
        file.write_text("\n".join([*kept, mail, f"SCORELINE_AS_OF={AS_OF}", ""]))
    log = (tmp_path / "ui.log").open("w")
    ui = subprocess.Popen(
        [*_SCORELINE, "ui", "--companies", "--port", "0"],
        env=environment,
        cwd=PROJECT_ROOT,
        stdout=log,
        stderr=log,
        start_new_session=True,
    )
    try:
        yield tmp_path
    finally:
        ui.send_signal(signal.SIGTERM)
        try:
            ui.wait(30)
        except subprocess.TimeoutExpired:
            end_group(ui.pid)


def settings_of(folder: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """What the company's own portal and commands read."""
    monkeypatch.setenv("SCORELINE_ENV_FILE", str(folder / name / ".env"))
    return Settings()


def launched(settings: Settings) -> str:
    """A refresh of the typed-in numbers, as the portal starts it; waits until the instance is up."""
    give_up = time.monotonic() + PATIENCE
    while True:
        try:
            return launch(settings, "refresh", [("manual", "entries")])
        except DagsterError:
            if time.monotonic() > give_up:
                raise
            time.sleep(2)


def over(settings: Settings, run_id: str) -> Run:
    give_up = time.monotonic() + PATIENCE
    while (run := run_of(settings, run_id)) is None or not run.is_over:
        assert time.monotonic() < give_up, run
        time.sleep(2)
    return run


def built(folder: Path, name: str) -> dg.DagsterRun:
    """The build that followed the refresh automatically, once it is over."""
    give_up = time.monotonic() + PATIENCE
    tags = {"scoreline/company": name}
    while True:
        with dg.DagsterInstance.from_config(str(folder / ".dagster")) as instance:
            runs = instance.get_runs(dg.RunsFilter(job_name="build", tags=tags))
        if runs and runs[0].is_finished:
            return runs[0]
        assert time.monotonic() < give_up, runs
        time.sleep(3)


def rows_of(file: Path) -> str:
    """Everything in a database of DuckDB, as text."""
    with duckdb.connect(str(file), read_only=True) as connection:
        tables = connection.execute(
            "select table_schema, table_name from information_schema.tables where table_type = 'BASE TABLE'"
        ).fetchall()
        return "\n".join(
            str(connection.execute(f'from {schema}."{table}"').fetchall()) for schema, table in tables
        )


def written(folder: Path) -> dict[str, str]:
    """Every file of a company, as text; of databases what is in them."""
    found = {}
    for file in folder.rglob("*"):
        if file.suffix == ".duckdb":
            found[str(file)] = rows_of(file)
        elif file.is_file() and file.suffix != ".lock":
            found[str(file)] = file.read_bytes().decode("utf-8", "replace")
    return found


def mail_text(content: bytes) -> str:
    """A mail's text and HTML."""
    mail = message_from_bytes(content, policy=policy.default)
    assert isinstance(mail, EmailMessage)
    return "\n".join(part.get_content() for part in mail.walk() if part.get_content_maintype() == "text")


def told(settings: Settings, address: str) -> dict[str, str]:
    """What the company's portal shows its leader: pages, PDF's facts, the API, and what assistants are told."""
    settings = settings.model_copy(update={"smtp_url": None})  # the link to sign in lands in the outbox
    browser = Browser(create_app(settings, ADDRESS), ADDRESS).sign_in(address)
    line = "outside_sales.networking_events"
    paths = [
        "/scorecard.html", "/review.html", "/weeks.html", "/definitions.html", "/data_health.html",
        "/receipts/2025-W41.html", "/lines", f"/lines/{line}", "/numbers", "/week", "/notes", "/goals", "/account",
        *(f"/api/v1/{name}" for name in ("scorecard/weekly", "lines", "goals", "notes", "sources", "restatements", "metrics")),
        f"/api/v1/contributions?line={line}&week=2025-W41", "/api/v1/scorecard/weekly.csv?weeks=8",
    ]  # fmt: skip
    found = {path: browser.get(path) for path in paths}
    assert {path: one.status_code for path, one in found.items() if one.status_code != 200} == {}
    texts = {path: one.text for path, one in found.items()}
    _, header = token_for(settings, "leadership")

    async def talk(call: Ask) -> None:
        for tool, given in (
            ("list_lines", {}), ("get_week", {}), ("what_is_missing", {}), ("search_notes", {}), ("search_definitions", {"words": ""}),
            ("get_history", {"line": line}), ("get_contributions", {"line": line, "period": "2025-W41"}), ("why_it_moved", {"line": line}),
        ):  # fmt: skip
            texts[tool] = json.dumps(await call(tool, **given))

    with listening(settings) as url:
        ask(over_http(url, header), talk)
    return texts


def test_no_canary_of_one_company_is_in_anything_of_the_other(
    folder: Path, mail_server: smtp.Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    marks = {name: canaries(number, name) for number, name in enumerate(NAMES)}
    values = {name: values_of(number, name) for number, name in enumerate(NAMES)}
    other_of = {name: next(one for one in NAMES if one != name) for name in NAMES}
    companies = {name: settings_of(folder, name, monkeypatch) for name in NAMES}
    runs = {name: launched(settings) for name, settings in companies.items()}
    for name, settings in companies.items():
        run = over(settings, runs[name])
        assert run.status == "SUCCESS", run
    builds = {name: built(folder, name) for name in NAMES}
    assert {run.status for run in builds.values()} == {dg.DagsterRunStatus.SUCCESS}

    # a mail that was due has followed the build; else it goes out now
    for name in NAMES:
        environment = {**os.environ, "SCORELINE_ENV_FILE": str(folder / name / ".env")}
        subprocess.run([*_SCORELINE, "send"], env=environment, cwd=PROJECT_ROOT, check=True, timeout=PATIENCE)
    assert sorted(mail_server.to()) == sorted(values[name]["address"] for name in NAMES)
    mails = {to: mail_text(content) for to, content in mail_server.got}

    for name in NAMES:
        monkeypatch.setenv("SCORELINE_ENV_FILE", str(folder / name / ".env"))
        settings, own, foreign = Settings(), marks[name], marks[other_of[name]]
        texts = written(folder / name) | told(settings, values[name]["address"])
        texts["mail"] = mails[values[name]["address"]]
        leaks = {(place, mark) for place, text in texts.items() for mark in foreign if mark in text}
        assert leaks == set()
        # the canaries are where they belong: the figure on its page, in the mail, for its assistant
        figure = f"{int(values[name]['figure']):,}"
        assert figure in texts["/scorecard.html"] and figure in texts["mail"]
        assert (
            f"Canary Name {name}" in texts["/scorecard.html"] and values[name]["figure"] in texts["get_week"]
        )
        assert any(mark in text for mark in own for text in texts.values())
        # its own secret is in its `.env` alone
        secret = values[name]["secret"]
        assert [place for place, text in texts.items() if secret in text] == [str(folder / name / ".env")]

    # in the one instance, each run tells of its own company alone, and no log has a secret of either
    with dg.DagsterInstance.from_config(str(folder / ".dagster")) as instance:
        for name in NAMES:
            for stored in instance.get_runs(dg.RunsFilter(tags={"scoreline/company": name})):
                events = instance.all_logs(stored.run_id)
                keys = {
                    entry.dagster_event.asset_key.path[0]
                    for entry in events
                    if entry.dagster_event and entry.dagster_event.asset_key
                }
                assert keys <= {name}
                text = "\n".join(map(str, events))
                assert [mark for mark in marks[other_of[name]] if mark in text] == []
    shared = [folder / "ui.log", *(file for file in (folder / ".dagster").rglob("*") if file.is_file())]
    secrets = [values[name]["secret"].encode() for name in NAMES]
    assert [str(file) for file in shared if any(one in file.read_bytes() for one in secrets)] == []
