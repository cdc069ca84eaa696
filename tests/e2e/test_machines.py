"""Machines with separate homes share a lake and nothing else: they load different sources at once and are killed
at random, and others take over. What they leave is what one machine leaves in its file."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from foundation.settings import PROJECT_ROOT, Settings
from foundation.warehouse import open_warehouse
from sandbox import Sandbox
from tests.e2e.conftest import MONDAY
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
        running[name].send_signal(signal.SIGKILL)
        running[name].communicate()
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
