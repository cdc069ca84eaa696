"""The company's own warehouse: any database that SQLAlchemy reaches (Postgres, BigQuery, SQL Server,
Snowflake, DuckDB, SQLite, ...).

[[company_warehouse.queries]] of company.toml -> raw_company_warehouse.figures (a dated snapshot a day),
.queries (how each went)

A query is SQL that returns `value` and perhaps `category` and `day`, or a table with the names of those
columns. In the SQL `:today` (the company's local day) and `:as_of` (instant) are the run's clock. It is read
through dlt's own SQL reader in chunks, in a transaction that is read-only where the database knows such a
thing. What the numbers mean is UNCONFIRMED for every company, so all of it is configuration; the shape above
is the documented default.

Quirks: drivers wrap a refused password and a host that does not answer in the same error class, so the text
decides which of the two it is; BigQuery bills scanned bytes (`maximum_bytes_billed` in the address limits
them) and needs `location` outside the US and EU.

Settings: WAREHOUSE_SOURCE_URL (an SQLAlchemy address, password included), section [company_warehouse] of
company.toml. The drivers of SQLite, Postgres and BigQuery are installed; any other is one `pip install` away.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any

import sqlalchemy as sa
from dlt.sources.sql_database.helpers import TableLoader
from pydantic import Field, SecretStr

from dlt_pipelines.core.run import Run
from dlt_pipelines.core.source import Finding, Source
from dlt_pipelines.errors import PermanentError, SourceError, TransientError
from dlt_pipelines.kinds import queries
from dlt_pipelines.kinds.queries import Memory, Query
from dlt_pipelines.wire.connect import Access, connects
from dlt_pipelines.wire.connection import Connection
from dlt_pipelines.wire.credentials import Credentials
from foundation.calendar import local_date
from foundation.settings import Company, Settings, WarehouseQuery

SOURCE = "company_warehouse"
CHUNK = 10_000
CONNECT_SECONDS = 10

_REFUSED = (
    "authentication",
    "access denied",
    "login failed",
    "permission denied",
    "unauthorized",
    "not authorized",
    "no such file",
)
"""Words with which databases refuse somebody: trying again would lock the user."""


class CompanyWarehouseCredentials(Credentials):
    """An SQLAlchemy address: `postgresql+psycopg://reader:password@host/database`."""

    any_character = frozenset({"url"})
    url: SecretStr = Field(alias="WAREHOUSE_SOURCE_URL")

    def secrets(self) -> list[str]:
        """The password and a key in the query; all of the address if it is not valid."""
        try:
            url = _parsed(self.url)
        except PermanentError:
            return [self.url.get_secret_value()]
        return [str(secret) for secret in (url.password, url.query.get("credentials_base64")) if secret]


def _parsed(url: SecretStr) -> sa.URL:
    try:
        return sa.make_url(url.get_secret_value())
    except (sa.exc.ArgumentError, ValueError):  # ValueError: the port is not a number
        raise PermanentError(
            "WAREHOUSE_SOURCE_URL is not a valid SQLAlchemy URL, expected for example"
            " postgresql+psycopg://reader:password@host:5432/database"
        ) from None


@dataclass
class Database(Connection):
    """The company's database."""

    engine: sa.Engine

    def read(self, statement: sa.TextClause) -> Iterator[Mapping[str, Any]]:
        """Rows of a statement, by column name, in chunks.

        Raises:
            PermanentError: the statement or the password is wrong.
            TransientError: the database does not answer.
        """
        self.counters.requests += 1
        # dlt's loader wants a table to start from; the statement takes its place
        loader = TableLoader(
            self.engine,
            "sqlalchemy",
            sa.Table("query", sa.MetaData()),
            {},
            chunk_size=CHUNK,
            query_adapter_callback=lambda *_: statement,
        )
        try:
            for rows in loader.load_rows():
                yield from rows
        except (
            Exception
        ) as error:  # not only SQLAlchemyError: BigQuery's sign-in fails with errors of its own
            raise self._told(error) from None

    def clock(self) -> datetime | None:
        """The database's clock; None if it tells no time zone, or does not answer."""
        try:
            with self.engine.connect() as connection:
                now = connection.execute(sa.select(sa.func.current_timestamp())).scalar()
        except Exception:
            return None  # the queries say why
        return now.astimezone(UTC) if isinstance(now, datetime) and now.tzinfo else None

    def _told(self, error: Exception) -> SourceError:
        of_the_driver = error.orig if isinstance(error, sa.exc.DBAPIError) else None
        text = self.redact.cut(of_the_driver or error, 500)
        if any(word in text.lower() for word in _REFUSED):
            return PermanentError(
                f"the database refuses: {text}. Check WAREHOUSE_SOURCE_URL and what its user may read."
            )
        if (
            isinstance(error, sa.exc.OperationalError | sa.exc.InterfaceError | sa.exc.TimeoutError)
            and "no such" not in text.lower()
        ):
            return TransientError(f"the database does not answer: {text}")
        return PermanentError(text)


@connects(CompanyWarehouseCredentials, SOURCE)
def connect(access: Access[CompanyWarehouseCredentials]) -> Database:
    """A database to read from, not opened yet.

    Raises:
        PermanentError: the address is not valid, or its driver is not installed.
    """
    url = _parsed(access.credentials.url)
    options: dict[str, Any] = (
        {"connect_args": {"connect_timeout": CONNECT_SECONDS}}
        if url.get_backend_name() == "postgresql"
        else {}
    )
    try:
        engine = sa.create_engine(url, poolclass=sa.NullPool, **options)
    except (sa.exc.NoSuchModuleError, ModuleNotFoundError) as error:
        raise PermanentError(
            f"no driver for {url.drivername} is installed ({error}). Install its SQLAlchemy dialect into"
            " .venv, such as `pip install snowflake-sqlalchemy`."
        ) from None
    except Exception as error:  # BigQuery's driver signs in here, and raises errors of its own
        raise PermanentError(
            f"the driver of {url.drivername} cannot start: {access.redact.cut(error, 500)}. Check"
            " WAREHOUSE_SOURCE_URL."
        ) from None
    if url.get_backend_name() == "postgresql":
        engine = engine.execution_options(postgresql_readonly=True)
    return Database(engine, place=access.place, redact=access.redact)


def identify(client: Database) -> str:
    """The database behind the address, so that two never mix in one warehouse."""
    url = client.engine.url
    name = (url.database or "").replace("\\", "/").rpartition("/")[2]
    return f"{url.get_backend_name()} database {name}" + (f" on {url.host}" if url.host else "")


def statement(query: WarehouseQuery) -> str:
    """The SQL of a configured query."""
    if query.sql:
        return query.sql.strip().rstrip(";")
    columns = [f"{query.value} as value"]
    columns += [
        f"{column} as {name}" for name, column in (("category", query.category), ("day", query.day)) if column
    ]
    where = f" where {query.where}" if query.where else ""
    return f"select {', '.join(columns)} from {query.table}{where}"


def _bound(sql: str, now: datetime, company: Company) -> sa.TextClause:
    values = {"today": local_date(now, company.zone), "as_of": now}
    clause = sa.text(sql)
    return clause.bindparams(
        **{name: value for name, value in values.items() if name in clause.compile().params}
    )


def _queries(run: Run[Database, Memory]) -> list[Query]:
    def reader(sql: str) -> Iterable[Mapping[str, Any]]:
        return run.client.read(_bound(sql, run.started_at, run.company))

    found = []
    for query in run.company.company_warehouse.queries:
        sql = statement(query)
        found.append(Query(query.name, sql, partial(reader, sql)))
    return found


def diagnose(client: Database, settings: Settings, company: Company) -> Iterator[Finding]:
    """Reach, and whether each configured query can be planned: asks for its first row."""
    list(client.read(sa.text("select 1 as value")))
    yield Finding(SOURCE, "reach", "ok", "the database answers")
    queries = company.company_warehouse.queries
    if not queries:
        yield Finding(
            SOURCE,
            "queries",
            "warn",
            "company.toml has no query",
            "Add [[company_warehouse.queries]] to company.toml.",
        )
    for query in queries:
        try:
            first = next(iter(client.read(_bound(statement(query), settings.now(), company))), None)
        except PermanentError as error:
            way_out = f"Correct the query {query.name} in company.toml, or let the user read what it names."
            yield Finding(SOURCE, query.name, "fail", str(error), way_out)
            continue
        if first is not None and "value" not in first:
            yield Finding(
                SOURCE,
                query.name,
                "fail",
                f"returns {', '.join(first)} but no value",
                "Name a column `as value`.",
            )
        else:
            yield Finding(
                SOURCE,
                query.name,
                "ok",
                "can be read" if first is not None else "can be read and returns no rows now",
            )


source = Source(
    SOURCE,
    CompanyWarehouseCredentials,
    queries.tables(_queries),
    connect,
    identify,
    diagnose,
    memory=Memory,
)
