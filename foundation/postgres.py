"""A Postgres that several of our parts share."""

from __future__ import annotations

import hashlib
import socket
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.pool import NullPool

from foundation.errors import SettingsError

if TYPE_CHECKING:
    import psycopg

CONNECT_TIMEOUT = 10
"""Seconds to wait for an answer."""


def lock_key(name: str) -> int:
    """The number of an advisory lock."""
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], signed=True)


def lock_session(url: str, holder: str) -> psycopg.Connection[Any]:
    """A connection for advisory locks, to be closed. Postgres frees them with it: at once where its process
    ends, and within a minute where the whole machine is gone.

    Args:
        holder: who it is, for those who wait and for `pg_stat_activity`.

    Raises:
        psycopg.Error: the server does not answer, or refuses the password.
    """
    import psycopg  # a run on SQLite needs none

    connection = psycopg.connect(
        url,
        autocommit=True,
        connect_timeout=CONNECT_TIMEOUT,
        keepalives_idle=30,
        application_name=f"{holder}, {socket.gethostname()}"[:63],
    )
    # the server's own default is two hours
    for setting, value in (("idle", 30), ("interval", 10), ("count", 3)):
        connection.execute(f"set tcp_keepalives_{setting} = {value}")
    return connection


def in_schema(url: str, schema: str, variable: str) -> sa.URL:
    """Create a schema in the database if it is missing; return the address that uses it.

    Args:
        url: `postgresql://user:password@host/database`.
        variable: the setting that holds it, for the error.

    Raises:
        SettingsError: the server does not answer, or refuses the password.
    """
    address = sa.make_url(url).set(drivername="postgresql+psycopg")
    engine = sa.create_engine(
        address, poolclass=NullPool, connect_args={"connect_timeout": CONNECT_TIMEOUT}, hide_parameters=True
    )
    try:
        with engine.begin() as connection:
            connection.execute(sa.schema.CreateSchema(schema, if_not_exists=True))
    except sa.exc.OperationalError as error:
        said = str(error.orig).strip().splitlines()[0].replace(address.password or "\0", "***")
        raise SettingsError(
            f"{variable}: Postgres on {address.host} can't be used: {said}. Start it, or correct the address."
        ) from None
    return address.update_query_dict({"options": f"-csearch_path={schema}"})
