"""The ledger of deliveries in the store: which mail went to whom, which alerts the operator got, and what
each digest said.

Its table `deliveries` has a row per report, period, recipient and attempt. The row is committed right before
the last byte of the message goes to the server, and settled right after.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager

import sqlalchemy as sa
from filelock import FileLock

from foundation.settings import Settings
from foundation.store import StoreError, StoreLost, open_store
from foundation.store.engine import damaged, engine_of, name_of, store_errors, way_out
from foundation.store.schema import deliveries
from reports.post.outcome import DeliveryFailed, LedgerLost


@contextmanager
def ledger(settings: Settings) -> Iterator[sa.Connection]:
    """Open the ledger. Each statement commits by itself and is on disk when it returns.

    Raises:
        DeliveryFailed: the store can't be used, or it is gone while what it should know of is still there.
        Nothing is sent without it.
    """
    with _cannot_open(settings):
        connection = open_store(settings).connect().execution_options(isolation_level="AUTOCOMMIT")
    with connection:
        try:
            yield connection
        except sa.exc.DBAPIError as error:
            raise (LedgerLost if damaged(error) else DeliveryFailed)(trouble(settings, error)) from None


@contextmanager
def _cannot_open(settings: Settings) -> Iterator[None]:
    try:
        with store_errors(settings):
            yield
    except StoreLost as error:
        raise LedgerLost(str(error)) from None
    except StoreError as error:
        raise DeliveryFailed(f"{error} Nothing was sent.") from None


def trouble(settings: Settings, error: sa.exc.DBAPIError) -> str:
    """Return what is wrong with the open ledger and what to do. No advice here sends a mail twice."""
    text = f"{name_of(settings)}: {way_out(error)}"
    return text if damaged(error) else f"{text} A mail on its way may have been sent; nobody gets one twice."


def keep_room(connection: sa.Connection) -> None:
    """Make sure that the server's answer can be recorded after the mail's row, even if the disk fills: SQLite
    then overwrites what it has just moved from its log into the file."""
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("pragma wal_checkpoint(passive)").close()


def sending_lock(settings: Settings, name: str = "sending") -> AbstractContextManager[object]:
    """Let one process at a time send. The lock is free again when its process dies, however it dies."""
    if settings.store_url is not None:
        return _lock_in_postgres(settings, name)
    settings.store_path.parent.mkdir(parents=True, exist_ok=True)
    return FileLock(settings.store_path.with_suffix(f".{name}.lock"))


@contextmanager
def _lock_in_postgres(settings: Settings, name: str) -> Iterator[None]:
    """The lock for processes of all machines that share the store."""
    with _cannot_open(settings):
        connection = engine_of(settings).connect().execution_options(isolation_level="AUTOCOMMIT")
    # not from the pool: the lock ends when its connection ends
    connection.detach()
    with connection:
        with _cannot_open(settings):
            key = sa.func.hashtextextended(f"scoreline {name}", 0)
            connection.execute(sa.select(sa.func.pg_advisory_lock(key)))
        yield


def key_of(recipient: str) -> str:
    """Return a recipient as the ledger writes them."""
    return recipient.strip().lower()


def attempts_of(connection: sa.Connection, report: str, period: str, recipient: str) -> list[sa.RowMapping]:
    """Return the rows of a mail, the newest attempt last. `recipient`: as `key_of` returns it."""
    query = (
        sa.select(deliveries)
        .where(
            deliveries.c.report == report, deliveries.c.period == period, deliveries.c.recipient == recipient
        )
        .order_by(deliveries.c.attempt)
    )
    return list(connection.execute(query).mappings())


def newest_attempt() -> sa.ColumnElement[bool]:
    """Of several attempts to send a mail, only the newest."""
    other = deliveries.alias()
    of_mail = sa.select(sa.func.max(other.c.attempt)).where(
        *(other.c[name] == deliveries.c[name] for name in ("report", "period", "recipient"))
    )
    return deliveries.c.attempt == of_mail.scalar_subquery()
