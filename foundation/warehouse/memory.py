"""How much memory a DuckDB takes, and where it writes what does not fit.

Left to itself, DuckDB takes up to four fifths of the machine's memory. One without a file of its own writes
what does not fit into `.tmp` of the current folder, where another process that does the same crashes it.
"""

from __future__ import annotations

import itertools
import os
import shutil
import time
from pathlib import Path

import duckdb

_KEPT_SECONDS = 24 * 3600
_numbers = itertools.count()


def within(memory: str, connection: duckdb.DuckDBPyConnection, beside: Path | None = None) -> None:
    """Limit the memory of a connection's DuckDB (`500MB`). The rest goes to disk.

    Args:
        beside: the file or folder beside which it writes, into a folder of its own; None: beside the file
            that it has open, which needs the lock, because its name is the same in every process.
    """
    connection.execute(f"set memory_limit = '{memory}'")
    if beside is not None:
        folder = f"{beside}.{os.getpid()}-{next(_numbers)}.tmp"
        connection.execute("set temp_directory = '{}'".format(folder.replace("'", "''")))


def remove_left(folder: Path) -> None:
    """Remove what killed processes left in a folder, once it is a day old."""
    for left in folder.glob("*.tmp"):
        if left.is_dir() and left.stat().st_mtime < time.time() - _KEPT_SECONDS:
            shutil.rmtree(left, ignore_errors=True)
