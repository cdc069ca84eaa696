"""dlt's destination: the warehouse's file, or the lake."""

from __future__ import annotations

from typing import Any

import dlt

from foundation.warehouse import Warehouse


def destination_of(warehouse: Warehouse) -> Any:
    """dlt's destination of a warehouse."""
    if type(warehouse) is Warehouse:
        return _file(warehouse)
    from dlt_pipelines.core.lake_destination import lake_destination  # imported only if there is a lake
    from foundation.warehouse.lake import Lake

    assert isinstance(warehouse, Lake)
    return lake_destination(warehouse)


def _file(warehouse: Warehouse) -> Any:
    duckdb_file: Any = dlt.destinations.duckdb({"database": str(warehouse.path)})
    # dlt asks for them thirty times a load and resolves the whole configuration each time, on which DuckDB's
    # do not depend
    ask = duckdb_file.capabilities
    duckdb_file.capabilities = lambda config=None, naming=None: ask(
        duckdb_file.spec() if config is None else config, naming
    )
    return duckdb_file
