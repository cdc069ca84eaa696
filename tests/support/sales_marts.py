"""The marts of the sales pages, filled with invented records in a published file: the shape of the contract,
without dbt and a CRM.

Numbers of different marts are invented by themselves and need not agree with each other; that they do is what
the tests of dbt see to. Here it counts that the pages show exactly what the marts say. Some names are
hostile.
"""

from __future__ import annotations

from pathlib import Path

import duckdb

from tests.support.published import EMOJI, RTL, SCRIPT, SQL, TEMPLATE

OWNERS = (
    "Maya Torres",
    "Victor Lang",
    "Noor Haddad",
    SCRIPT,
    RTL,
    'O\'Brien & "Sons"',
    "Priya Shah",
    "Sam Okafor",
    "Theo Marsh",
)
MONDAYS = 150


def fill(path: Path) -> Path:
    """Put the marts into the file."""
    with duckdb.connect(str(path)) as connection:
        connection.execute(
            "create or replace temp table names as select unnest(range(len(?))) as i, unnest(?) as name",
            [OWNERS, OWNERS],
        )
        connection.execute("set variable hostile = ?", [[SCRIPT, TEMPLATE, SQL, RTL, EMOJI]])
        connection.execute("set variable mondays = ?", [MONDAYS])
        for statement in Path(__file__).with_suffix(".sql").read_text(encoding="utf-8").split(";\n"):
            if statement.strip():
                connection.execute(statement)
    return path
