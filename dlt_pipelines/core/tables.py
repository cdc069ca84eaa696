"""dlt's resources, made from the `Table`s of a source. The only place that knows how dlt wants them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import dlt

from dlt_pipelines.core.run import Run
from dlt_pipelines.core.source import Source, Table

CONTRACT: dict[str, str] = {"tables": "evolve", "columns": "evolve", "data_type": "freeze"}
"""Without it a text in a number column would quietly become a second column."""

_SHAPES: dict[str, dict[str, Any]] = {
    "decimal": {"data_type": "decimal", "precision": 38, "scale": 9},
    "timestamp": {"data_type": "timestamp", "timezone": True},
}


def declared(source: Source[Any, Any]) -> Any:
    """dlt's source with all tables, empty: nothing is fetched."""
    return _as_source(source, None)


def running(source: Source[Any, Any], run: Run[Any, Any]) -> Any:
    """dlt's source with the tables of a run."""
    return _as_source(source, run).with_resources(*run.tables)


def resource(table: Table[Any], rows: Any) -> Any:
    """dlt's resource of a table. `rows`: a function that yields them."""
    hints: dict[str, Any] = {
        "primary_key": list(table.keys) if len(table.keys) > 1 else table.keys[0],
        "write_disposition": table.write,
        "schema_contract": CONTRACT,
        "columns": _columns(table),
    }
    return dlt.resource(rows, name=table.name, parallelized=table.parallel, **hints)


def _columns(table: Table[Any]) -> dict[str, Any]:
    return {
        name: {
            **_SHAPES.get(kind, {"data_type": kind}),
            "nullable": table.nullable or name not in table.keys,
            **({"dedup_sort": "desc"} if name == table.latest_by else {}),
        }
        for name, kind in table.columns.items()
    } | {
        # dlt's normaliser numbers rows and forbids null there; Arrow tables do not pass through it
        "_dlt_id": {"data_type": "text", "nullable": True, "unique": False, "row_key": False}
    }


def _as_source(source: Source[Any, Any], run: Run[Any, Any] | None) -> Any:
    def resources() -> list[Any]:
        return [_resource(table, run) for table in source.tables]

    return dlt.source(resources, name=source.name, max_table_nesting=0)()


def _resource(table: Table[Any], run: Run[Any, Any] | None) -> Any:
    def rows() -> Iterator[Any]:
        if run is None:
            yield dlt.mark.materialize_table_schema()
        else:
            yield from _whole(table, run) if table.whole else _streamed(table, run)

    return resource(table, rows)


def _streamed(table: Table[Any], run: Run[Any, Any]) -> Iterator[Any]:
    """Yield the rows after a declaration, so that the table exists without any."""
    yield dlt.mark.materialize_table_schema()
    if not table.may_be_empty:
        run.came[table.name] = 0
    with run.reading(table.name):
        for rows in table.fetch(run):
            if not table.may_be_empty:
                run.came[table.name] += len(rows)
            yield rows


def _whole(table: Table[Any], run: Run[Any, Any]) -> Iterator[Any]:
    rows: list[Any] = []
    with run.reading(table.name):
        rows = list(table.fetch(run))
        if not table.may_be_empty:
            run.doubt_empty(table.name, sum(map(len, rows)))
    if table.name in run.unavailable:
        return  # an empty load would empty the table; what was known stays
    yield dlt.mark.materialize_table_schema()
    yield rows
