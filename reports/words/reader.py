"""The reader of a mail and the lines they own, by people.csv."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import closing

import duckdb

from reports.words.line import Line


def read_readers(connection: duckdb.DuckDBPyConnection) -> dict[str, str]:
    """Address, in lower case -> the person's key. `connection`: one made by `queries.connect`."""
    with closing(connection.cursor()) as cursor:
        cursor.execute("use published")
        return dict(
            cursor.execute(
                "select lower(trim(email)), person_key from marts.dim_people where email is not null"
            ).fetchall()
        )


def owned(lines: Iterable[Line], readers: Mapping[str, str], address: str) -> list[Line]:
    """Those of the lines that a reader owns. `readers`: what `read_readers` returns."""
    key = readers.get(address.strip().lower())
    return [line for line in lines if key and key in [one.strip() for one in (line.owners or "").split(";")]]
