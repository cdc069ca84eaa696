"""What the README says is true: sources, commands, targets and paths that it names exist, and none is left
out."""

from __future__ import annotations

import re

import pytest

from dlt_pipelines.registry import SOURCES
from foundation.settings import PROJECT_ROOT
from orchestration.cli import main

README = (PROJECT_ROOT / "README.md").read_text(encoding="utf-8")


def test_every_source_is_in_the_list_and_no_other() -> None:
    listed = re.findall(r"^\| [^|]+ \(`(\w+)`\) \|", README, re.M)
    assert sorted(listed) == sorted(SOURCES)


def test_every_make_target_exists() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (PROJECT_ROOT / "Makefile").read_text(encoding="utf-8"), re.M))
    assert set(re.findall(r"`make ([a-z-]+)`", README)) <= targets
    assert {"demo", "test", "ui", "bench", "check"} <= targets


def test_every_command_exists() -> None:
    commands = set(main.commands)
    named = set(re.findall(r"`scoreline ([a-z-]+)", README)) | set(
        re.findall(r"`(?:run|send|backfill|doctor|dbt|sandbox)\b", README)
    )
    assert {name.lstrip("`") for name in named} <= commands


@pytest.mark.parametrize("path", sorted(set(re.findall(r"`([a-z_]+/[\w./-]*)`", README))))
def test_every_path_exists(path: str) -> None:
    if path.split("/")[0] in (
        "site",
        "outbox",
        "published",
        "dagster",
        "dlt",
        "backups",
        "var",
    ):  # made by runs
        return
    assert list(PROJECT_ROOT.glob(path.rstrip("/"))), path


def test_every_credential_of_the_env_example_is_in_the_list_of_sources() -> None:
    names = re.findall(
        r"^#? ?([A-Z][A-Z0-9_]+)=", (PROJECT_ROOT / ".env.example").read_text(encoding="utf-8"), re.M
    )
    assert names
    credentials = [
        name
        for name in names
        if name.split("_")[0].lower() in SOURCES and not name.endswith(("BASE_URL", "BOARD_ID"))
    ]
    assert [name for name in credentials if name not in README] == []
