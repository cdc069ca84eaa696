"""Three machines with separate homes share a lake and nothing else: they load different sources at once and are
killed at random, one builds, another mails. What they leave is what one machine leaves in its file."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

from foundation.settings import PROJECT_ROOT, Settings
from foundation.warehouse import open_warehouse
from sandbox import Sandbox
from tests.e2e.conftest import MONDAY
from tests.support.homes import contents
from tests.support.lake import new_lake, running_s3
from tests.support.postgres import Postgres

pytestmark = [pytest.mark.e2e, pytest.mark.slow]
SOURCES = {"one": ("hubspot", "manual"), "two": ("autotask", "zendesk"), "three": ("intercom", "justcall")}
KILLS = 6
PATIENCE = 1800
_LOADS = """
import sys
from dlt_pipelines.core.load import load
from foundation.settings import Settings, load_company
settings = Settings()
for source in sys.argv[1:]:
    load(source, settings, load_company(settings))
"""
_MARTS = ("fct_scorecard_weekly", "fct_contributions", "fct_pace", "dim_lines")


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
    )


def done(process: subprocess.Popen[str]) -> None:
    said = process.communicate(timeout=PATIENCE)[0]
    assert process.returncode == 0, said[-4000:]


def environment_of(sandbox: Sandbox, home: Path, kind: str, more: dict[str, str]) -> dict[str, str]:
    """All that a machine gets."""
    home.mkdir(parents=True)
    company = home / "company.toml"
    text = (PROJECT_ROOT / "company.toml").read_text(encoding="utf-8")
    company.write_text(text.replace('# kind = "file"', f'kind = "{kind}" #'), encoding="utf-8")
    return {
        **os.environ,
        **sandbox.environment,
        "SCORELINE_ENV_FILE": os.devnull,
        "SCORELINE_AS_OF": MONDAY.isoformat(),
        "SCORELINE_HOME": str(home),
        "SCORELINE_COMPANY_FILE": str(company),
        **more,
    }


def rows(path: Path, mart: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(path), read_only=True) as connection:
        return connection.execute(f"select * from marts.{mart} order by all").fetchall()


def test_three_machines_leave_what_one_leaves(
    unlimited_sandbox: Sandbox,
    tmp_path: Path,
    postgres_server: Postgres,
    s3: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    unlimited_sandbox.set_clock(MONDAY)
    lake = new_lake(postgres_server, s3)
    lake |= dict.fromkeys(("STORE_URL", "DAGSTER_STORAGE_URL"), lake["WAREHOUSE_CATALOG_URL"])
    machines = {
        name: environment_of(unlimited_sandbox, tmp_path / name, "ducklake", lake)
        for name in (*SOURCES, "mailer")
    }
    alone = environment_of(unlimited_sandbox, tmp_path / "alone", "file", {})

    def loads(environment: dict[str, str], names: tuple[str, ...]) -> subprocess.Popen[str]:
        return started(environment, sys.executable, "-W", "ignore", "-c", _LOADS, *names)

    running = {name: loads(machines[name], sources) for name, sources in SOURCES.items()}
    chance = random.Random(14)
    for _ in range(KILLS):
        time.sleep(chance.uniform(1, 8))
        name = chance.choice(list(running))
        running[name].send_signal(signal.SIGKILL)
        running[name].communicate()
        running[name] = loads(machines[name], SOURCES[name])
    for process in running.values():
        done(process)
    done(loads(alone, tuple(name for names in SOURCES.values() for name in names)))

    # the one who builds dies on the way; another takes over, and a third that has never been there mails
    first = started(machines["one"], "scoreline", "run", "build")
    time.sleep(60)
    first.send_signal(signal.SIGKILL)
    first.communicate()
    done(started(machines["two"], "scoreline", "run", "build"))
    done(started(machines["mailer"], "scoreline", "send"))
    assert list((tmp_path / "mailer" / "outbox").glob("*.eml"))
    done(started(alone, "scoreline", "run", "build"))

    published = [tmp_path / name / "published" / "scoreline.duckdb" for name in ("mailer", "alone")]
    for mart in _MARTS:
        assert rows(published[0], mart) == rows(published[1], mart), mart
    for name, value in machines["three"].items():
        monkeypatch.setenv(name, value)
    settings = Settings()
    with open_warehouse(settings).building("test"):
        pass
    for source in (name for names in SOURCES.values() for name in names):
        expected = contents(Settings(SCORELINE_HOME=tmp_path / "alone"), source)
        assert contents(settings, source) == expected, source
