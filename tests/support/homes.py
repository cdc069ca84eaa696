"""Homes to compare with: what two undisturbed loads of a source leave behind, among them rows that the vendor
no longer has."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import duckdb
import pytest

from dlt_pipelines.core.load import load
from dlt_pipelines.registry import SOURCES
from foundation.settings import Company, Settings
from sandbox import Sandbox
from tests.dlt_pipelines.conftest import at, query

FIRST, SECOND = "2025-10-29T12:00:00Z", "2025-10-31T12:00:00Z"
MARKING = {
    "hubspot": {
        "forms": "where not archived order by id limit 1",
        "marketing_mails": "where not archived order by id limit 1",
    },
    "autotask": {
        "tickets": "order by create_date desc, id limit 1 offset 20",
        "time_entries": "order by create_date_time desc, id limit 1 offset 20",
    },
    "copper": {
        "users": "order by id limit 1",
        "activities": "order by activity_date desc, id limit 1 offset 20",
    },
    "simplefin": {"transactions": "order by posted_at desc, transaction_id limit 1 offset 5"},
    "smartlead": {"campaigns": "order by id limit 1"},
    "zendesk": {"agents": "order by id limit 1"},
    "intercom": {
        "admins": "order by id limit 1",
        "conversations": "where state = 'open' and deleted_at is null order by id limit 1",
    },
    "justcall": {"users": "order by id limit 1"},
    "quickbooks": {},
}
"""Source -> tables in which every load marks what is gone, and which row is copied to make a stranger that
the vendor never had. In QuickBooks, a payment is deleted between the two loads."""


MARKS = ("deleted_at", "removed_at", "archived_at")


def contents(
    settings: Settings, source: str = "hubspot", *, when_gone: bool = True
) -> dict[str, list[tuple[Any, ...]]]:
    """Every raw table of a source without dlt's own columns, sorted. `when_gone` false: whether a row is gone
    instead of since when."""
    tables = query(
        settings,
        "select table_name, list(column_name order by column_name) from information_schema.columns where"
        " table_schema = ? and not starts_with(column_name, '_dlt') and not starts_with(table_name, '_dlt')"
        " group by 1",
        f"raw_{source}",
    )

    def select(columns: list[str]) -> str:
        return ", ".join(
            column if when_gone or column not in MARKS else f"{column} is not null" for column in columns
        )

    return {
        table: query(settings, f'select {select(columns)} from raw_{source}."{table}" order by all')
        for table, columns in tables
    }


def said(settings: Settings) -> set[tuple[Any, ...]]:
    """The ledger's rows per load and table, without the load's id and its waits."""
    rows = query(
        settings,
        "select * exclude (load_number, load_id, waited_seconds) replace (cast(warnings as varchar) as warnings)"
        " from ledger.loads",
    )
    return set(rows)


def marked(settings: Settings, source: str) -> dict[str, int]:
    """Table -> rows that were found to be gone after the first load."""
    columns = query(
        settings,
        "select table_name, column_name from information_schema.columns where table_schema = ? and"
        " list_contains(?, column_name)",
        f"raw_{source}",
        MARKS,
    )
    count = f"select count(*) from raw_{source}.{{}} where {{}} > timestamptz '{FIRST}'"
    return {table: query(settings, count.format(table, column))[0][0] for table, column in columns}


def plant_strangers(settings: Settings, source: str) -> None:
    """Put a row into each marking table that the vendor never had: a copy of another one. Take the rows of
    files away, since a second load of the same files would write nothing."""
    key = "transaction_id" if source == "simplefin" else "id"
    with duckdb.connect(str(settings.warehouse_path)) as connection:
        for table, which in MARKING.get(source, {}).items():
            other = f"select * replace (987654321 as {key}) from (select * from raw_{source}.{table} {which})"
            connection.execute(f"insert into raw_{source}.{table} {other}")
        if SOURCES[source].kind == "files":
            connection.execute(f"delete from raw_{source}.{SOURCES[source].tables[0]}")


def home_of(folder: Path) -> Settings:
    """Settings of another home."""
    return Settings(SCORELINE_HOME=folder)


def undisturbed(
    source: str, homes: Path, sandbox: Sandbox, company: Company, monkeypatch: pytest.MonkeyPatch
) -> tuple[Path, Settings]:
    """The home after the first load of a source, to be copied, and the settings of one that has seen the
    second load too."""
    first, both = homes / source / "first", homes / source / "both"
    if not both.exists():
        monkeypatch.setenv("SCORELINE_HOME", str(first))
        settings = at(monkeypatch, sandbox, FIRST)
        load(source, settings, company)
        plant_strangers(settings, source)
        # a refresh token is good for one heir; the typed one opens a chain for each
        shutil.rmtree(first / "secrets", ignore_errors=True)
        shutil.copytree(first, both)
        monkeypatch.setenv("SCORELINE_HOME", str(both))
        load(source, at(monkeypatch, sandbox, SECOND), company)
    monkeypatch.setenv("SCORELINE_HOME", str(both))
    settings = Settings()
    if source in MARKING:
        assert {table for table, rows in marked(settings, source).items() if rows} >= (
            MARKING[source].keys() or {"payments"}
        )
    return first, settings
