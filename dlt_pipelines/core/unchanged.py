"""Compares a folder of files with the warehouse: if they agree, a load only writes its row of the ledger."""

from __future__ import annotations

from typing import Any

import duckdb
import pyarrow as pa

from dlt_pipelines.core.run import Run
from dlt_pipelines.core.settlement import UNSETTLED
from dlt_pipelines.core.source import Source


def is_stored(connection: duckdb.DuckDBPyConnection, source: Source[Any, Any], run: Run[Any, Any]) -> bool:
    """Compare the rows of a run that has begun with the tables, row for row. Call with the lock held.

    False where no load has made the tables yet, or they lack a column.
    """
    try:
        connection.execute(f"from raw_{source.name}.{UNSETTLED.name} limit 0")  # the first load makes it
        return all(_same(connection, source, name, run) for name in sorted(run.tables))
    except (duckdb.CatalogException, duckdb.BinderException):
        return False


def _same(
    connection: duckdb.DuckDBPyConnection, source: Source[Any, Any], name: str, run: Run[Any, Any]
) -> bool:
    table = source.by_name[name]
    columns, stored = ", ".join(table.columns), f"raw_{source.name}.{name}"
    batches = list(table.fetch(run))
    if not batches:
        return connection.execute(f"select {columns} from {stored} limit 1").fetchone() is None
    connection.register("fresh_rows", pa.concat_tables(batches))
    try:
        found = connection.execute(
            f"""
            (select {columns} from fresh_rows except all select {columns} from {stored})
            union all (select {columns} from {stored} except all select {columns} from fresh_rows)
            limit 1
            """
        ).fetchone()
    finally:
        connection.unregister("fresh_rows")
    return found is None
