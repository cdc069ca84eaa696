"""A Postgres that several of our parts share."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.pool import NullPool

from foundation.errors import SettingsError

CONNECT_TIMEOUT = 10
"""Seconds to wait for an answer."""


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
