"""Copies what a build needs from the lake into its local file, and gives back its snapshots at the end."""

from __future__ import annotations

import logging
from pathlib import Path

import duckdb

from foundation.warehouse.extensions import quoted

log = logging.getLogger(__name__)

NAME = "lake"
"""The name of the attached lake."""
HERE = "here"
"""What a file is called beside it."""
TAKEN = "taken_from_lake"
"""Table of the local file: the lake that its raw tables come from, and the snapshot of the lake that they
were copied at."""


def attach_file(connection: duckdb.DuckDBPyConnection, file: Path) -> None:
    """Attach a file of DuckDB beside the lake, as `here`."""
    file.parent.mkdir(parents=True, exist_ok=True)
    connection.execute(f"attach {quoted(str(file))} as {HERE}")


def take(connection: duckdb.DuckDBPyConnection, identity: str, metadata_schema: str) -> int:
    """Copy the tables that have changed since the last time into the file; all of it or nothing. Returns how
    many were copied. `identity`: names the lake; `metadata_schema`: its schema in the catalog."""
    connection.begin()
    connection.execute(f"create table if not exists here.main.{TAKEN} (lake text, snapshot bigint)")
    snapshot = _snapshot(connection)
    there = tables_of(connection, NAME)
    here = tables_of(connection, HERE)
    changed = _changed(connection, identity, metadata_schema)
    copied = 0
    for table in there:
        schema, name = table
        if table in here and changed is not None and table not in changed and schema != "snapshots":
            continue
        connection.execute(f"create schema if not exists here.{schema}")
        connection.execute(f'create or replace table here.{schema}."{name}" as from {NAME}.{schema}."{name}"')
        copied += 1
    for schema, name in here - there:
        connection.execute(f'drop table here.{schema}."{name}"')
    connection.execute(f"delete from here.main.{TAKEN}")
    connection.execute(f"insert into here.main.{TAKEN} values (?, ?)", [identity, snapshot])
    connection.commit()
    log.info("took %d of %d tables from the lake, snapshot %d", copied, len(there), snapshot)
    return copied


def give_back(connection: duckdb.DuckDBPyConnection) -> None:
    """Write into the lake what a build has recorded: the rows of schema `snapshots` that are new or
    different."""
    connection.begin()
    connection.execute("create schema if not exists snapshots")
    there = tables_of(connection, NAME)
    for schema, name in sorted(tables_of(connection, HERE)):
        if schema != "snapshots":
            continue
        mine, theirs = f'here.snapshots."{name}"', f'{NAME}.snapshots."{name}"'
        if (schema, name) not in there or _columns(connection, mine) != _columns(connection, theirs):
            connection.execute(f"create or replace table {theirs} as from {mine}")
            continue
        for kind, one, other in (("gone", theirs, mine), ("new", mine, theirs)):
            connection.execute(
                f"create or replace temp table {kind} as (from {one}) except all (from {other})"
            )
        key = "dbt_scd_id"
        if connection.execute("select count(*) from gone").fetchone() != (0,):
            connection.execute(f"delete from {theirs} where {key} in (select {key} from gone)")
        if connection.execute("select count(*) from new").fetchone() != (0,):
            connection.execute(f"insert into {theirs} from new")
    connection.commit()


def _snapshot(connection: duckdb.DuckDBPyConnection) -> int:
    found = connection.execute(f"from {NAME}.current_snapshot()").fetchone()
    assert found is not None
    return int(found[0])


def _changed(
    connection: duckdb.DuckDBPyConnection, identity: str, metadata_schema: str
) -> set[tuple[str, str]] | None:
    """Return the tables changed since the last pull; None if that is unknown, so it may be any."""
    last = connection.execute(f"from here.main.{TAKEN}").fetchone()
    if last is None or last[0] != identity:
        return None
    kept = connection.execute(f"select min(snapshot_id) from {NAME}.snapshots()").fetchone()
    if kept is None or kept[0] > last[1] + 1:
        return None  # the lake no longer lists the changes in between
    values = connection.execute(
        f"select distinct unnest(flatten(map_values(changes))) from {NAME}.snapshots() where snapshot_id > ?",
        [last[1]],
    ).fetchall()
    named = {value for (value,) in values}
    ids = connection.execute(
        "select s.schema_name, t.table_name, cast(t.table_id as varchar) from"
        f" __ducklake_metadata_{NAME}.{metadata_schema}.ducklake_table as t"
        f" join __ducklake_metadata_{NAME}.{metadata_schema}.ducklake_schema as s using (schema_id)"
        " where t.end_snapshot is null and s.end_snapshot is null"
    ).fetchall()
    return {
        (schema, table)
        for schema, table, number in ids
        if number in named or f"{schema}.{table}" in {name.replace('"', "") for name in named}
    }


def tables_of(connection: duckdb.DuckDBPyConnection, database: str) -> set[tuple[str, str]]:
    """Return (schema, table) of the tables that cannot be computed again; dlt's staging is left out."""
    rows = connection.execute(
        "select table_schema, table_name from information_schema.tables where table_catalog = ? and"
        " table_type = 'BASE TABLE' and (table_schema in ('ledger', 'snapshots') or"
        " starts_with(table_schema, 'raw_')) and not ends_with(table_schema, '_staging')",
        [database],
    ).fetchall()
    return set(rows)


def _columns(connection: duckdb.DuckDBPyConnection, table: str) -> list[tuple[str, str]]:
    return [(row[0], row[1]) for row in connection.execute(f"describe {table}").fetchall()]
