"""dlt's destination `ducklake` on the connections of our lake."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any, ClassVar

import duckdb
from dlt.common.storages.configuration import FilesystemConfiguration
from dlt.destinations.impl.ducklake.configuration import DuckLakeCredentials
from dlt.destinations.impl.ducklake.ducklake import DuckLakeClient
from dlt.destinations.impl.ducklake.factory import ducklake
from dlt.destinations.impl.ducklake.sql_client import DuckLakeSqlClient

from foundation.warehouse.exchange import NAME
from foundation.warehouse.lake import Lake


class _SqlClient(DuckLakeSqlClient):
    """dlt opens a DuckDB some eighty times a load, and loads the extensions each time: half a second of CPU.
    Here a connection is one of the lake's, which share one."""

    lake: Lake

    def open_connection(self) -> Any:
        self._conn = self.lake.connect()
        with contextlib.suppress(duckdb.CatalogException):  # the schema is not there yet
            self._conn.execute(f"set search_path = '{self.fully_qualified_dataset_name()}'")
        return self._conn

    def close_connection(self) -> None:
        if self._conn:
            self._conn.close()  # what it has not committed is undone
            self._conn = None  # type: ignore[assignment]


class _Client(DuckLakeClient):
    lake: ClassVar[Lake]

    def __init__(self, schema: Any, config: Any, capabilities: Any) -> None:
        super().__init__(schema, config, capabilities)
        client = self.sql_client
        client.__class__ = _SqlClient
        client.lake = self.lake  # type: ignore[attr-defined]


class _Destination(ducklake):
    lake: Lake

    @property
    def client_class(self) -> Any:
        return type("LakeClient", (_Client,), {"lake": self.lake})


def lake_destination(lake: Lake) -> Any:
    """The destination of a lake."""
    # dlt asks for the place of the data and leaves it to the connection; this one needs no credentials
    place = FilesystemConfiguration(Path(lake.settings.dlt_dir).as_uri())
    found = _Destination(DuckLakeCredentials(NAME, catalog=lake.catalog_url, storage=place))
    found.lake = lake
    return found
