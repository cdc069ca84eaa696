"""DuckDB's extensions for a lake, and quoting for statements that take no parameters."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import duckdb

from foundation.errors import SettingsError

EXTENSIONS = ("ducklake", "postgres_scanner", "httpfs")


def load_extensions(connection: duckdb.DuckDBPyConnection) -> None:
    """Load DuckDB's extensions, which come as packages: nothing is downloaded.

    Raises:
        SettingsError: the packages are not installed.
    """
    for name in EXTENSIONS:
        try:
            connection.execute(f"load {name}")
        except duckdb.IOException:
            spec = importlib.util.find_spec(f"duckdb_extension_{name}")
            if spec is None or spec.origin is None:
                raise SettingsError(
                    f"DuckDB's extension {name} is not installed: pip install -r requirements.lock."
                ) from None
            (file,) = Path(spec.origin).parent.rglob("*.duckdb_extension")
            connection.execute(f"install {quoted(str(file))}")
            connection.execute(f"load {name}")


def quoted(text: str) -> str:
    """`text` as a literal of SQL."""
    return "'" + text.replace("'", "''") + "'"
