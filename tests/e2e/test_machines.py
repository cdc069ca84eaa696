"""Machines with separate homes share a lake and nothing else: they load different sources at once and are killed
at random, and others take over. What they leave is what one machine leaves in its file."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import duckdb
import pytest

from foundation.settings import PROJECT_ROOT, Settings
from foundation.warehouse import open_warehouse
from sandbox import Sandbox
from tests.e2e.conftest import MONDAY
from tests.support import smtp
from tests.support.homes import contents
from tests.support.lake import new_lake, running_s3
from tests.support.postgres import Postgres

pytestmark = [pytest.mark.e2e, pytest.mark.slow]
SOURCES = {"one": ("zendesk", "manual"), "two": ("intercom",), "three": ("justcall",)}
KILLS = 5
PATIENCE = 900
_LOADS = """
import sys
from dlt_pipelines.core.load import load
from foundation.settings import Settings, load_company
settings = Settings()
for source in sys.argv[1:]:
    load(source, settings, load_company(settings))
"""


@pytest.fixture(scope="module")
def s3() -> Iterator[str]:
    with running_s3() as address:
        yield address


def started(environment: dict[str, str], *command: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        command,
        env=environment,
        cwd=PROJECT_ROOT,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )


def killed(process: subprocess.Popen[str]) -> None:
    """End a command and all its children, as a machine that goes down does."""
    assert process.poll() is None, f"it ended before it was killed: {process.communicate()[0][-4000:]}"
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()


def done(process: subprocess.Popen[str]) -> None:
    said = process.communicate(timeout=PATIENCE)[0]
    assert process.returncode == 0, said[-4000:]


def environment_of(sandbox: Sandbox, home: Path, kind: str, more: dict[str, str]) -> dict[str, str]:
    """All that a machine gets."""
    home.mkdir(parents=True)
    company = home / "company.toml"
    text = (PROJECT_ROOT / "company.toml").read_text(encoding="utf-8")
    text = text.replace('# kind = "file"', f'kind = "{kind}" #')
    company.write_text(text.replace("[pages]\n", "[pages]\nhistory_weeks = 3\n"), encoding="utf-8")
    return {
        **os.environ,
        **sandbox.environment,
        "SCORELINE_ENV_FILE": os.devnull,
        "SCORELINE_AS_OF": MONDAY.isoformat(),
        "SCORELINE_HOME": str(home),
        "SCORELINE_COMPANY_FILE": str(company),
        **more,
    }


def test_machines_leave_what_one_leaves(
    unlimited_sandbox: Sandbox,
    tmp_path: Path,
    postgres_server: Postgres,
    s3: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    unlimited_sandbox.set_clock(MONDAY)
    lake = new_lake(postgres_server, s3)
    machines = {
        name: environment_of(unlimited_sandbox, tmp_path / name, "ducklake", lake)
        for name in (*SOURCES, "late")
    }
    alone = environment_of(unlimited_sandbox, tmp_path / "alone", "file", {})

    def loads(environment: dict[str, str], names: tuple[str, ...]) -> subprocess.Popen[str]:
        return started(environment, sys.executable, "-W", "ignore", "-c", _LOADS, *names)

    running = {name: loads(machines[name], sources) for name, sources in SOURCES.items()}
    chance = random.Random(14)
    for _ in range(KILLS):
        time.sleep(chance.uniform(3, 10))
        name = chance.choice(list(running))
        if running[name].poll() is None:
            killed(running[name])
        # the same machine begins again, or one that has never been there takes over
        takes_over = machines["late"] if chance.random() < 0.5 else machines[name]
        running[name] = loads(takes_over, SOURCES[name])
    for process in running.values():
        done(process)
    sources = tuple(name for names in SOURCES.values() for name in names)
    done(loads(alone, sources))

    for name, value in machines["two"].items():
        monkeypatch.setenv(name, value)
    settings = Settings()
    with open_warehouse(settings).building("test"):
        pass  # takes what the lake has
    for source in sources:
        expected = contents(Settings(SCORELINE_HOME=tmp_path / "alone"), source)
        assert sum(map(len, expected.values())), source
        assert contents(settings, source) == expected, source


# ---- the whole job ----

_SCORELINE = (sys.executable, "-W", "ignore", "-m", "orchestration.cli")
_LOADED = {"one": ("hubspot", "manual"), "two": ("autotask", "zendesk"), "three": ("intercom", "justcall")}
_RECIPIENTS = ("dana.whitfield", "sam.okafor", "maya.torres")


def published(home: Path) -> dict[str, list[tuple[Any, ...]]]:
    """Every mart that readers open, row for row."""
    with duckdb.connect(str(home / "published" / "scoreline.duckdb"), read_only=True) as connection:
        marts = connection.execute(
            "select table_name from information_schema.tables where table_schema = 'marts'"
        ).fetchall()
        # how long a load waited is of its machine
        seen = "select columns(c -> c <> 'waited_seconds') from marts"
        return {mart: connection.execute(f"{seen}.{mart} order by all").fetchall() for (mart,) in marts}


def mail_text(content: bytes) -> str:
    mail = message_from_bytes(content, policy=policy.default)
    assert isinstance(mail, EmailMessage)
    part = mail.get_body(("plain",))
    assert part is not None
    return part.get_content()


def test_the_whole_job_survives_kills_and_leaves_what_one_machine_leaves(
    unlimited_sandbox: Sandbox, tmp_path: Path, postgres_server: Postgres, s3: str
) -> None:
    """Loads, builds and mails of three machines, each killed at a moment of its own."""
    unlimited_sandbox.set_clock(MONDAY)
    chance = random.Random(1407)
    with smtp.running() as server, smtp.running() as server_alone:
        shared = new_lake(postgres_server, s3) | {
            "STORE_URL": postgres_server.new_database(),
            "DAGSTER_STORAGE_URL": postgres_server.new_database(),
            "SMTP_URL": server.url,  # type: ignore[attr-defined]
        }
        more = {"DBT_EXCLUDE_RESOURCE_TYPES": "unit_test test"}
        machines = {
            name: environment_of(unlimited_sandbox, tmp_path / name, "ducklake", shared | more)
            for name in ("one", "two", "three")
        }
        own = {"SMTP_URL": server_alone.url}  # type: ignore[attr-defined]
        alone = environment_of(unlimited_sandbox, tmp_path / "alone", "file", own | more)

        # loads: each machine has sources of its own, is killed, and the next one takes over
        def loads(machine: str, sources: tuple[str, ...]) -> subprocess.Popen[str]:
            return started(machines[machine], sys.executable, "-W", "ignore", "-c", _LOADS, *sources)

        running = {name: loads(name, sources) for name, sources in _LOADED.items()}
        for name, takes_over in (("one", "two"), ("three", "one")):
            time.sleep(chance.uniform(3, 10))
            if running[name].poll() is None:
                killed(running[name])
            running[name] = loads(takes_over, _LOADED[name])
        for process in running.values():
            done(process)

        # builds: two die while dbt works, the third ends
        for machine in ("one", "two"):
            build = started(machines[machine], *_SCORELINE, "run", "build")
            wait_for(lambda home=tmp_path / machine: (home / "dbt" / "dbt.log").exists(), build)  # type: ignore[misc]
            time.sleep(chance.uniform(2, 12))
            killed(build)
        done(started(machines["three"], *_SCORELINE, "run", "build"))

        # mails: the machine that sends dies when the first one is on its way, another one goes on
        sending = started(machines["one"], *_SCORELINE, "send")
        wait_for(lambda: bool(server.got), sending)
        os.killpg(sending.pid, signal.SIGKILL)
        sending.communicate()
        last = started(machines["two"], *_SCORELINE, "send")
        said = last.communicate(timeout=PATIENCE)[0]

        done(started(alone, sys.executable, "-W", "ignore", "-c", _LOADS, *sum(_LOADED.values(), ())))
        done(started(alone, *_SCORELINE, "run", "build"))
        done(started(alone, *_SCORELINE, "send"))

    theirs, ours = published(tmp_path / "alone"), published(tmp_path / "three")
    assert theirs.keys() == ours.keys() and sum(map(len, theirs.values())) > 10_000
    assert [mart for mart in theirs if theirs[mart] != ours[mart]] == []
    # whoever was killed while one was on its way cannot know whether it arrived: nobody gets it twice
    got, expected = Counter(server.to()), Counter(server_alone.to())
    assert max(got.values()) == 1 and len(expected) == len(_RECIPIENTS)
    assert set(got) == set(expected) or (last.returncode and "uncertain" in said), said[-4000:]
    assert {mail_text(content) for _, content in server.got} <= {
        mail_text(content) for _, content in server_alone.got
    }


def wait_for(happened: Callable[[], bool], process: subprocess.Popen[str]) -> None:
    """Until something has happened while a command runs."""
    give_up = time.monotonic() + PATIENCE
    while not happened():
        assert process.poll() is None, process.communicate()[0][-4000:]
        assert time.monotonic() < give_up
        time.sleep(0.05)
