"""Raw tables that no load has made yet: they exist all the same, empty, so that dbt always builds."""

from __future__ import annotations

import contextlib
from collections.abc import Collection

from dlt_pipelines.core.failures import translated
from dlt_pipelines.core.pipeline import open_pipeline
from dlt_pipelines.core.tables import declared
from dlt_pipelines.registry import SourceEntry
from dlt_pipelines.wire.redaction import Redactor
from foundation.settings import Settings
from foundation.warehouse import Warehouse, open_warehouse


def lacking(warehouse: Warehouse, entries: Collection[SourceEntry]) -> dict[str, list[str]]:
    """Return source -> its tables that do not exist, or lack a declared column. Call with the lock held."""
    with contextlib.closing(warehouse.connect()) as connection:
        rows = connection.execute(
            "select table_schema, table_name, column_name from information_schema.columns"
        ).fetchall()
    there = set(rows)
    found: dict[str, list[str]] = {}
    for entry in entries:
        for name, resource in declared(entry.source).resources.items():
            if any((f"raw_{entry.name}", name, column) not in there for column in resource.columns):
                found.setdefault(entry.name, []).append(name)
    return found


def declare(entry: SourceEntry, settings: Settings) -> None:
    """Create the missing tables of a source, empty. Call with the source's lock held and the warehouse's lock
    free."""
    warehouse = open_warehouse(settings)
    with warehouse.write_lock(f"declare {entry.name}"), warehouse.kept_open():
        missing = lacking(warehouse, [entry]).get(entry.name)
        if not missing:
            return
        pipeline, _ = open_pipeline(entry, settings)
    empty = declared(entry.source).with_resources(*missing)
    for resource in empty.resources.values():
        # an empty merge would empty a table that only lacks a column
        resource.apply_hints(write_disposition="append")
        for column in resource.columns.values():
            column.pop("dedup_sort", None)  # only has a meaning for merges; elsewhere dlt warns
    with translated(entry, Redactor(), settings):
        pipeline.extract(empty, loader_file_format="parquet")
        pipeline.normalize()
        with warehouse.write_lock(f"declare {entry.name}"), warehouse.kept_open():
            pipeline.load()
