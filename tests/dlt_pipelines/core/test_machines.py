"""Machines that share a lake and nothing else: loads of the same source on one after another, some of them
stopped in the middle, leave what one machine leaves in its file."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from dlt_pipelines.core.load import load
from foundation.moving import move_to_lake
from foundation.settings import Company, Settings, load_company
from foundation.warehouse import open_warehouse
from sandbox import Sandbox
from tests.dlt_pipelines.conftest import at
from tests.support.homes import FIRST, SECOND, contents, said, undisturbed
from tests.support.killed_load import stopped
from tests.support.lake import new_lake, running_s3
from tests.support.postgres import Postgres

pytestmark = pytest.mark.usefixtures("unhurried", "recent")
SOURCE = "zendesk"


@pytest.fixture(scope="module")
def s3() -> Iterator[str]:
    with running_s3() as address:
        yield address


def test_machines_leave_what_one_machine_leaves(
    tmp_path: Path,
    pairs: Path,
    sandbox: Sandbox,
    company: Company,
    monkeypatch: pytest.MonkeyPatch,
    postgres_server: Postgres,
    s3: str,
) -> None:
    first, alone = undisturbed(SOURCE, pairs, sandbox, company, monkeypatch)
    text = Settings().company_file.read_text(encoding="utf-8")
    file = tmp_path / "company.toml"
    file.write_text(text.replace('# kind = "file"', 'kind = "ducklake" #'), encoding="utf-8")
    for name, value in (new_lake(postgres_server, s3) | {"SCORELINE_COMPANY_FILE": str(file)}).items():
        monkeypatch.setenv(name, value)

    def machine(name: str, instant: str) -> Settings:
        """A machine that has never been there: all it has is the environment."""
        monkeypatch.setenv("SCORELINE_HOME", str(tmp_path / name))
        return at(monkeypatch, sandbox, instant)

    # the one machine's home after its first load, with the strangers that the second one marks
    home = machine("moved", FIRST).home
    shutil.copytree(first, home)
    assert move_to_lake(Settings(), lambda *_: None) > 5
    # each is stopped later than the one before it; none goes on with what another has begun
    for number, moment in enumerate(
        ("after fetching", "before the load counts as complete", "before the ledger is committed")
    ):
        stopped(SOURCE, moment, machine(f"stopped{number}", SECOND))
    settings = machine("last", SECOND)
    report = load(SOURCE, settings, load_company(settings))
    assert report.status == "ok"
    # the first comes back with a package that is older than what is there
    again = machine("stopped0", SECOND)
    load(SOURCE, again, load_company(again))
    with open_warehouse(again).building("test"):
        pass
    assert contents(again, SOURCE) == contents(alone, SOURCE)
    assert said(again) >= said(alone)
