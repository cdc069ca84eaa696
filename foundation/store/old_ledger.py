"""The ledger of deliveries of earlier versions, `deliveries.sqlite`: its rows move into the store."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from foundation.store import schema


def rows_of(path: Path) -> dict[sa.Table, list[dict[str, Any]]]:
    """The rows of an earlier ledger, as the store's tables have them. A file without tables, from a process
    that was killed while it made them, has none.

    Raises:
        sqlalchemy.exc.DBAPIError: it is damaged, or held by another program.
    """
    # through SQLAlchemy, so that its errors are those of the store
    engine = sa.create_engine(f"sqlite:///{path}", poolclass=sa.NullPool)
    with engine.connect() as connection:
        names = set(sa.inspect(connection).get_table_names())
        found = {
            table: [
                dict(row) for row in connection.execute(sa.text(f"select * from {table.name}")).mappings()
            ]
            for table in (schema.deliveries, schema.alerts, schema.digests)
            if table.name in names
        }
    mails = found.get(schema.deliveries, [])
    if mails and "tries" not in mails[0]:
        # from before mails could be pending
        for mail in mails:
            mail |= {"tries": 1, "first_tried_at": mail["noted_at"], "next_try_at": None}
        found.setdefault(schema.alerts, []).extend(_held(mails))
    return found


def _held(mails: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return alerts for mails that were held, so that the operator gets no second one."""
    return [
        {
            "scope": f"{report}:{mail['period']}:held",
            "key": "held",
            "text": f"Scoreline held the {report} {mail['period']}.",
            "since": mail["noted_at"],
            "told": 1,
            "ended_at": None,
        }
        for mail in mails
        if mail["report"] in ("weekly_scorecard_held", "friday_preview_held")
        and mail["state"] == "sent"
        and mail["attempt"] == 1
        for report in [mail["report"].removesuffix("_held")]
    ]


def set_aside(path: Path) -> None:
    """Rename the file to `deliveries.before-store.sqlite`. Nothing reads it any more."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("pragma journal_mode = delete")  # what its journal holds is in the file
    path.replace(path.with_name(f"{path.stem}.before-store{path.suffix}"))
    Path(f"{path}-journal").unlink(missing_ok=True)
