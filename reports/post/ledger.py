"""The ledger of deliveries (SQLite): which mail went to whom, what the operator has been told, and what each
digest said.

Its table `deliveries` has a row per report, period, recipient and attempt. The row is committed right before
the last byte of the message goes to the server, and settled right after.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress

from filelock import FileLock

from foundation.settings import Settings
from foundation.warehouse import backups
from reports.post.outcome import DeliveryFailed, LedgerLost

LOCK_TIMEOUT = 30.0
"""Seconds that another process may keep the ledger to itself."""

# plain types and texts, so that the rows can be copied into any other database; instants are ISO 8601 in UTC
_TABLES = (
    """
create table if not exists deliveries (
    message_id text primary key,
    report text not null,
    period text not null,
    recipient text not null,
    attempt integer not null,         -- 2 and more: sent again by force
    state text not null check (state in ('sending', 'sent', 'pending', 'uncertain', 'failed')),
    transport text not null,          -- smtp | outbox
    noted_at text not null,           -- when the state was noted, by the reports' clock
    error text,
    tries integer not null,           -- since first_tried_at
    first_tried_at text not null,     -- the day of a pending mail begins here
    next_try_at text,                 -- of a pending mail
    unique (report, period, recipient, attempt)
)""",
    """
create table if not exists alerts (
    scope text not null,
    key text not null,
    text text not null,
    since text not null,              -- first seen; in the alert's period, so a retry is the same mail
    told integer not null default 0,
    ended_at text,                    -- it is over, and the operator has not been told yet
    primary key (scope, key)
)""",
    """
create table if not exists digests (
    recipient text not null,
    day text not null,
    news text,                        -- JSON: what the mail says; null: nothing to say
    known text not null,              -- JSON: what the recipient knows with it, the baseline of later days
    primary key (recipient, day)
)""",
)

# upgrades a ledger from before mails could be pending; an operator who knows that a mail is held gets no
# second alert
_UPGRADE = (
    "alter table deliveries rename to deliveries_before",
    *_TABLES,
    """
insert into deliveries
select message_id, report, period, recipient, attempt, state, transport, noted_at, error, 1, noted_at, null
from deliveries_before""",
    """
insert into alerts (scope, key, text, since, told)
select replace(report, '_held', '') || ':' || period || ':held', 'held',
    'Scoreline held the ' || replace(report, '_held', '') || ' ' || period || '.', noted_at, 1
from deliveries_before
where report in ('weekly_scorecard_held', 'friday_preview_held') and state = 'sent' and attempt = 1""",
    "drop table deliveries_before",
)


@contextmanager
def ledger(settings: Settings) -> Iterator[sqlite3.Connection]:
    """The open ledger; each statement commits by itself and is on disk when it returns.

    Raises:
        DeliveryFailed: the file can't be used, or it is gone while what it should know of is still there.
        Nothing is sent without it.
    """
    path = settings.deliveries_path
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
        path.chmod(0o600)  # it holds addresses
        with closing(sqlite3.connect(path, isolation_level=None, timeout=LOCK_TIMEOUT)) as connection:
            connection.row_factory = sqlite3.Row
            connection.execute("pragma synchronous = full")
            # the journal keeps its place on the disk: where the row of a mail was noted, the server's answer
            # can be noted too
            connection.execute("pragma journal_mode = persist")
            columns = _columns(connection)
            if not columns and (traces := _traces(settings)):
                raise LedgerLost(
                    f"{path} is missing or empty, but {traces}. Nothing was sent, because this file remembers"
                    f" who has which mail. {_NEW_LEDGER}"
                )
            if columns and "next_try_at" not in columns:
                _upgrade(connection)
            for table in _TABLES:
                connection.execute(table)
            yield connection
    except OSError as error:
        raise DeliveryFailed(
            f"{path}: {error.strerror}. Nothing was sent. Make it readable and writable, then run it again."
        ) from None
    except sqlite3.Error as error:
        raise (LedgerLost if _damaged(error) else DeliveryFailed)(f"{path}: {way_out(error)}") from None


def _columns(connection: sqlite3.Connection) -> set[str]:
    return {row["name"] for row in connection.execute("pragma table_info(deliveries)")}


def _upgrade(connection: sqlite3.Connection) -> None:
    connection.execute("begin immediate")
    try:
        if "next_try_at" not in _columns(connection):  # another process may have been faster
            for statement in _UPGRADE:
                connection.execute(statement)
        connection.execute("commit")
    except sqlite3.Error:
        with suppress(sqlite3.Error):
            connection.execute("rollback")
        raise


def _traces(settings: Settings) -> str:
    """What says that mails have been sent from this home before; nothing where none have."""
    if next(settings.outbox_dir.glob("*.eml"), None):
        return f"{settings.outbox_dir} holds mails"
    # the site's first build makes the ledger before its first page
    if (settings.site_dir / "index.html").exists():
        return f"the site in {settings.site_dir} has been built"
    copies = [folder for folder in backups(settings) if (folder / settings.deliveries_path.name).exists()]
    return f"the backup {copies[-1]} has one" if copies else ""


# never the copy of a backup as it is: what was sent since would be sent again
_NEW_LEDGER = (
    "Way out: `scoreline new-ledger` brings back the newest backup's, or starts an empty one, and sends"
    " nothing again that is due now."
)


def _damaged(error: sqlite3.Error) -> bool:
    return getattr(error, "sqlite_errorname", "").startswith(("SQLITE_NOTADB", "SQLITE_CORRUPT"))


def way_out(error: sqlite3.Error) -> str:
    """What is wrong with the ledger and what to do; nothing that would send a mail twice."""
    name = getattr(error, "sqlite_errorname", "")
    if name.startswith("SQLITE_FULL"):
        return (
            f"{error}. A mail on its way may have been sent. Make room on the disk, then run it again: nobody"
            " gets a mail twice."
        )
    if _damaged(error):
        return f"{error}. Nothing was sent, because this file remembers who has which mail. {_NEW_LEDGER}"
    if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        return (
            f"{error}. Another program holds it open: close it there, then run it again. Nobody gets a mail"
            " twice."
        )
    return (
        f"{error}. A mail on its way may have been sent. Check that the disk has room and that the file and"
        " its folder can be written, then run it again: nobody gets a mail twice."
    )


def sending_lock(settings: Settings, name: str = "sending") -> FileLock:
    """One process at a time; the operating system frees it when its process dies, however it dies."""
    settings.deliveries_path.parent.mkdir(parents=True, exist_ok=True)
    return FileLock(settings.deliveries_path.with_suffix(f".{name}.lock"))


def key_of(recipient: str) -> str:
    """A recipient as the ledger knows them."""
    return recipient.strip().lower()


def attempts_of(
    connection: sqlite3.Connection, report: str, period: str, recipient: str
) -> list[sqlite3.Row]:
    """The rows of a mail, the newest attempt last. `recipient`: as `key_of` returns it."""
    return connection.execute(
        "select * from deliveries where report = ? and period = ? and recipient = ? order by attempt",
        [report, period, recipient],
    ).fetchall()
