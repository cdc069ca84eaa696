"""The main job for real: the sandbox over HTTP, Dagster runs in processes of their own, dbt builds, pages,
mails.

Two homes are made once and copied by the tests: `thursday` (everything read on Thursday of 2025-W43) and
`monday` (what changed since then read on the following Monday, built and mailed). So the golden weeks are
reached through an incremental sync.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest

from foundation.settings import PROJECT_ROOT
from sandbox import SANDBOX_CREDENTIALS, Sandbox, running_sandbox
from tests.support.published import RTL, SCRIPT, SQL, TEMPLATE

THURSDAY = datetime(2025, 10, 23, 12, tzinfo=UTC)
MONDAY = datetime(2025, 10, 27, 12, tzinfo=UTC)


CREDENTIALS = {
    name: value for name, value in SANDBOX_CREDENTIALS.items() if name.startswith(("HUBSPOT_", "AUTOTASK_"))
}
"""What the golden weeks need. All sources together run in test_all_sources.py; here the others are not
connected."""

PATIENCE = 900
"""Seconds that a command may take. Builds on a busy machine are slow, but only one that hangs takes longer."""


def kill(process: subprocess.Popen[str]) -> None:
    """End a command of `Install.start` with every child."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait(timeout=30)


def output_of(process: subprocess.Popen[str]) -> str:
    """What a command said by its end."""
    try:
        return process.communicate(timeout=PATIENCE)[0]
    except subprocess.TimeoutExpired:
        kill(process)  # it would write into the home of the next test
        pytest.fail(
            f"{process.args} hangs: killed after {PATIENCE} seconds\n{process.communicate()[0][-6000:]}"
        )


@dataclass
class Install:
    """One home folder on one sandbox: runs `scoreline` as a person or a schedule would."""

    home: Path
    sandbox: Sandbox
    company: Path
    as_of: datetime = MONDAY
    extra: dict[str, str] = field(default_factory=dict)

    def environment(self) -> dict[str, str]:
        return {
            **os.environ,
            **CREDENTIALS,
            "SCORELINE_HOME": str(self.home),
            "SCORELINE_ENV_FILE": os.devnull,
            "SANDBOX_URL": self.sandbox.url,
            "SCORELINE_AS_OF": self.as_of.isoformat(),
            "DAGSTER_HOME": str(self.home / "dagster"),
            "SCORELINE_COMPANY_FILE": str(self.company),
            "DBT_EXCLUDE_RESOURCE_TYPES": (
                "unit_test test"
            ),  # the homes were built with all tests; here they would only take time
            **self.extra,
        }

    def at(self, instant: datetime) -> Install:
        self.as_of = instant
        self.sandbox.set_clock(instant)
        return self

    def start(self, *arguments: str, module: str = "orchestration.cli") -> subprocess.Popen[str]:
        """`scoreline ...` in a process group of its own, so that a kill reaches every child."""
        return self._start("-m", module, *arguments)

    def python(self, script: str) -> str:
        """What a script says that runs in this home."""
        process = self._start("-c", script)
        output = output_of(process)
        assert process.returncode == 0, output[-6000:]
        return output

    def _start(self, *arguments: str) -> subprocess.Popen[str]:
        command = [sys.executable, *arguments]
        return subprocess.Popen(
            command,
            env=self.environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def scoreline(self, *arguments: str, fails: bool = False, module: str = "orchestration.cli") -> str:
        process = self.start(*arguments, module=module)
        output = output_of(process)
        assert (process.returncode != 0) == fails, (
            f"{module} {' '.join(arguments)} -> {process.returncode}\n{output[-6000:]}"
        )
        return output

    def materialize(self, asset: str) -> str:
        """Materialise one asset alone, as a click in the UI does."""
        return self.scoreline(
            "asset",
            "materialize",
            "--select",
            f'key:"{asset}"',
            "-m",
            "orchestration.definitions",
            module="dagster",
        )

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        """Rows of the published database."""
        with duckdb.connect(str(self.home / "published" / "scoreline.duckdb"), read_only=True) as connection:
            return connection.execute(sql).fetchall()

    def facts(self) -> list[tuple[Any, ...]]:
        """Everything that readers see of the weekly facts and their receipts, but not when it was read."""
        return self.query(
            "select * exclude (as_of) from marts.fct_scorecard_weekly order by all"
        ) + self.query("select * from marts.fct_contributions order by all")

    def mails(self) -> list[Path]:
        return sorted((self.home / "outbox").glob("**/*.eml"))


@pytest.fixture(scope="session")
def sandbox() -> Iterator[Sandbox]:
    with running_sandbox(as_of=THURSDAY, limits=False) as running:
        yield running


def title_calls(sandbox: Sandbox) -> None:
    """From now on calls have titles that must be escaped wherever they are shown."""
    hostile = " ".join((SCRIPT, TEMPLATE, SQL, RTL))
    sandbox.fault("hubspot", "field_type", path="/calls", field="properties.hs_call_title", value=hostile)


@pytest.fixture(scope="session")
def made(sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Install]:
    """Both homes. Read them; to change something, take a copy with `install`."""
    place = tmp_path_factory.mktemp("homes")
    home = place / "home"
    company = place / "company.toml"
    text = (PROJECT_ROOT / "company.toml").read_text(encoding="utf-8")
    # the facts hold all of history; pages of a few weeks are enough, as each test rebuilds them
    company.write_text(text.replace("[pages]\n", "[pages]\nhistory_weeks = 5\n"), encoding="utf-8")
    install = Install(home, sandbox, company).at(THURSDAY)
    title_calls(sandbox)
    install.scoreline("run", "refresh")
    shutil.copytree(home, place / "thursday")
    install.at(MONDAY)
    install.scoreline("run", "refresh")  # reads every call again
    sandbox.clear_faults()
    install.extra = {"DBT_EXCLUDE_RESOURCE_TYPES": "unit_test"}
    install.scoreline("run", "build")
    install.extra = {}
    # dbt parses again (ten seconds) if the warehouse has another path, so all homes are used in one place
    shutil.copytree(home / "dbt", place / "thursday" / "dbt")
    install.scoreline("send")
    shutil.copytree(home, place / "monday")
    if kept := os.environ.get(
        "KEEP_WAREHOUSE_IN"
    ):  # CI compares this revision's numbers with the base's on it
        Path(kept).mkdir(parents=True, exist_ok=True)
        shutil.copy(home / "warehouse.duckdb", kept)
    return {name: Install(place / name, sandbox, company) for name in ("thursday", "monday")}


def copy_of(made: dict[str, Install], which: str) -> Install:
    """A copy of that home to do anything with, in the place of the copy before; the sandbox's clock is fixed
    at Monday, without faults."""
    kept = made[which]
    kept.sandbox.clear_faults()
    home = kept.home.with_name("home")
    shutil.rmtree(home)
    shutil.copytree(kept.home, home)
    return Install(home, kept.sandbox, kept.company).at(MONDAY)


@pytest.fixture
def install(made: dict[str, Install]) -> Callable[[str], Install]:
    """`install("monday")`: see `copy_of`."""
    return lambda which: copy_of(made, which)


@pytest.fixture
def monday(made: dict[str, Install]) -> Install:
    return made["monday"]
