"""Makes a CRM ten times as large in a warehouse: each record of HubSpot ten times, with ids of its own."""

from __future__ import annotations

import duckdb

COPIES = 9
_RECORDS = ("contacts", "companies", "deals", "deal_history", "calls", "meetings", "emails", "notes", "tasks")
_IDS = {"deal_history": ("deal_id",)}


def ten_times(connection: duckdb.DuckDBPyConnection) -> None:
    """Add nine copies of every record and association. An id of a copy has the number of the copy before it.

    What records share stays: owners, pipelines, stages. Contacts share their company with the copies of it.
    """
    for table in _RECORDS:
        _copied(connection, table, _IDS.get(table, ("id",)))
    _copied(connection, "associations", ("from_id", "to_id"))


def one_line_with(connection: duckdb.DuckDBPyConnection, records: int) -> None:
    """Add this many calls like the newest one: they are in one week, and one line counts them. Their ids
    begin differently from those of `ten_times`."""
    connection.execute(
        """
        insert into raw_hubspot.calls
        select c.* replace ('8' || i::text || c.id as id)
        from (from raw_hubspot.calls order by hs_timestamp desc limit 1) as c cross join range(?) as r(i)
        """,
        [records],
    )


def _copied(connection: duckdb.DuckDBPyConnection, table: str, ids: tuple[str, ...]) -> None:
    columns = {name for (name, *_) in connection.execute(f"describe raw_hubspot.{table}").fetchall()}
    replaced = ", ".join(f"'9' || copy::text || {name} as {name}" for name in ids if name in columns)
    connection.execute(
        f"""
        insert into raw_hubspot.{table}
        select t.* replace ({replaced})
        from raw_hubspot.{table} as t cross join range({COPIES}) as copies(copy)
        """
    )
