"""The contract that every registered source keeps, beyond what its types say."""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest

from dlt_pipelines.core.source import ColumnType, Source, Table
from dlt_pipelines.registry import SOURCES
from dlt_pipelines.wire.credentials import Credentials
from tests.support.homes import MARKING, MARKS

ROOT = Path(__file__).parents[3]
TABLES = [(name, table) for name, entry in SOURCES.items() for table in entry.source.tables]
HOOKS = {
    "connect": ("settings", "company"),
    "identify": ("client",),
    "diagnose": ("client", "settings", "company"),
    "recall": ("connection", "run"),
    "begin": ("run",),
    "end": ("run",),
    "totals": ("run",),
    "settle": ("connection", "outcome"),
    "people": ("client",),
}
"""Hook -> its parameters."""


@pytest.mark.parametrize("name", SOURCES)
def test_every_source_keeps_the_contract(name: str) -> None:
    source = SOURCES[name].source
    assert isinstance(source, Source) and source.name == name
    assert source.credentials is None or issubclass(source.credentials, Credentials)
    assert len(source.by_name) == len(source.tables) > 0, "two tables have one name"
    for hook, parameters in HOOKS.items():
        function = getattr(source, hook)
        if function is None:
            assert hook not in ("connect", "identify", "diagnose")
        elif hook != "connect":  # `connects` makes that one
            assert tuple(inspect.signature(function).parameters) == parameters, hook
    assert bool(source.people) == any(table.per_person for table in source.tables)
    assert source.memory() is None or source.memory() is not source.memory(), "two runs share a memory"


@pytest.mark.parametrize(("name", "table"), [pytest.param(n, t, id=f"{n}.{t.name}") for n, t in TABLES])
def test_every_table_says_what_it_is(name: str, table: Table[Any]) -> None:
    assert re.fullmatch(r"[A-Z].{15,}\.", table.grain), "the grain is a sentence"
    assert "  " not in table.grain and "\n" not in table.grain
    assert set(table.columns.values()) <= set(get_args(ColumnType))
    named = {*table.keys, *filter(None, (table.newest, table.latest_by))}
    assert named <= set(table.columns)
    assert set(table.fed_by) <= set(SOURCES[name].source.by_name) - {table.name}
    assert not table.is_snapshot or {"snapshot_date"} <= set(table.keys)
    assert callable(table.fetch)


def test_what_feeds_a_table_is_pulled_with_it_and_the_other_way_round() -> None:
    hubspot = SOURCES["hubspot"].source
    assert hubspot.pulled_with(frozenset({"deal_history"})) == {"deal_history", "deals", "associations"}
    assert hubspot.pulled_with(frozenset({"owners"})) == {"owners"}


def test_the_macro_of_snapshots_lists_the_snapshot_tables() -> None:
    """dbt reads the list before anything is loaded, so the list is in the project."""
    text = (ROOT / "dbt_project" / "macros" / "snapshots.sql").read_text(encoding="utf-8")
    listed = re.findall(r"'(\w+\.\w+)'", text)
    assert listed == sorted(f"{name}.{table.name}" for name, table in TABLES if table.is_snapshot)


# ------------------------------------------------------------------ what a new source touches


def test_every_source_whose_loads_mark_what_is_gone_is_killed_in_between() -> None:
    marking = {
        name
        for name, entry in SOURCES.items()
        if any(set(MARKS) & table.columns.keys() for table in entry.source.tables)
    }
    platforms = {"google_ads", "meta_ads", "linkedin_ads"}  # kinds/ads/ reads all of them alike
    assert marking - platforms == set(MARKING)


TOUCHED = (
    r"dlt_pipelines/sources/{source}(\.py|/.*)",
    r"dlt_pipelines/(registry|versions)\.py",
    r"foundation/settings/\w+\.py",
)
"""Python files that may name a source, as docs/add-a-source.md says; the sandbox and the tests aside."""
BESIDE = {
    "simplefin": {"orchestration/cli/claim.py"},  # `scoreline claim`
    # typed-in numbers are a kind of data, not a vendor: mails and pages ask people for them
    "manual": {
        "orchestration/sensors.py",  # a typed-in number is loaded at once
        "reports/components/scorecard.py",
        "reports/look/tokens.py",
        "reports/mails/base.py",
        "reports/mails/daily_digest/news.py",
        "reports/words/gate.py",
        "reports/words/owing.py",
    },
}
_WORD = re.compile(rf"\b({'|'.join(SOURCES)})\b")


def _named(file: Path) -> set[str]:
    """The sources that a module names in its code; docstrings may name examples."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    docs = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}

    def words() -> Iterator[str]:
        for node in ast.walk(tree):
            match node:
                case ast.Constant(value=str(text)) if id(node) not in docs:
                    yield text
                case ast.Name(id=text) | ast.Attribute(attr=text) | ast.ImportFrom(module=str(text)):
                    yield text

    return {found for text in words() for found in _WORD.findall(text)}


def test_a_new_source_touches_what_the_docs_say_and_nothing_else() -> None:
    packages = ("foundation", "dlt_pipelines", "orchestration", "reports", "metric_diff")
    listed = [
        file.relative_to(ROOT).as_posix()
        for package in packages
        for file in sorted((ROOT / package).rglob("*.py"))
    ]
    assert len(listed) > 100
    strangers = {
        (file, source)
        for file in listed
        for source in _named(ROOT / file)
        if not any(re.fullmatch(pattern.format(source=source), file) for pattern in TOUCHED)
        and file not in BESIDE.get(source, ())
    }
    assert strangers == set()
    told = (ROOT / "docs" / "add-a-source.md").read_text(encoding="utf-8")
    for place in ("dlt_pipelines/sources/<source>.py", "dlt_pipelines/registry.py", "foundation/settings"):
        assert f"`{place}" in told
