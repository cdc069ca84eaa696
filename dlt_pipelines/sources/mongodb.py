"""The company's own MongoDB.

[[mongodb.queries]] of company.toml -> raw_mongodb.figures (a dated snapshot a day), raw_mongodb.queries (how
each went)

A query names a collection and perhaps a filter, and where in a document the value, its category and its day
stand (dots lead deeper). `latest = true` takes the documents of the newest day only: a report collection
keeps one report per run, and the sum over all runs would be many times too much. Documents are small and
re-stated, so they are read in full each time. The shape of documents is UNCONFIRMED for every company; the
default in company.toml is `report_datas` with event_type, capacity and as_of.

Quirks: MongoDB reads a misspelt collection as one without documents, so it is looked for by name;
Decimal128 is exact, a double is not, and one collection may hold both; a wrong password is code 18, a missing
right code 13.

Settings: MONGODB_URL (`mongodb://` or `mongodb+srv://` with user, password and database), section [mongodb]
of company.toml.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import Field, SecretStr

from dlt_pipelines.core.records import at
from dlt_pipelines.core.run import Run
from dlt_pipelines.core.source import Finding, Source
from dlt_pipelines.errors import PermanentError, SourceError, TransientError
from dlt_pipelines.kinds import queries
from dlt_pipelines.kinds.queries import Memory, Query
from dlt_pipelines.wire.connect import Access, connects
from dlt_pipelines.wire.connection import Connection
from dlt_pipelines.wire.credentials import Credentials
from foundation.settings import Company, MongoQuery, Settings

if TYPE_CHECKING:  # the driver takes a third of a second, which every refresh without MongoDB would pay
    from pymongo import MongoClient
    from pymongo.errors import PyMongoError

T = TypeVar("T")

SOURCE = "mongodb"
ANSWER_MS = 10_000
"""Milliseconds in which a server must be found: pymongo's own 30 s would hold the run up for a typing
mistake."""
QUERY_MS = 120_000


class MongoCredentials(Credentials):
    """A MongoDB address with user, password and database."""

    any_character = frozenset({"url"})
    url: SecretStr = Field(alias="MONGODB_URL")

    def secrets(self) -> list[str]:
        """Return the password as it is in the address, and decoded."""
        raw = self.url.get_secret_value().partition("://")[2].rpartition("@")[0].partition(":")[2]
        try:
            decoded = _parsed(self.url)["password"]
        except PermanentError:
            decoded = None
        return [secret for secret in (raw, decoded) if secret]


def _parsed(url: SecretStr) -> dict[str, Any]:
    from pymongo.errors import ConfigurationError, InvalidURI
    from pymongo.uri_parser import parse_uri

    text = url.get_secret_value()
    # the name look-up of mongodb+srv is left to the client
    plain = "mongodb://" + text.partition("://")[2] if text.startswith("mongodb+srv://") else text
    try:
        return dict(parse_uri(plain, warn=False))
    except (InvalidURI, ConfigurationError, ValueError):
        raise PermanentError(
            "MONGODB_URL is not a valid URL, expected mongodb://reader:password@host:27017/database, with the"
            " password URL-encoded"
        ) from None


@dataclass
class Database(Connection):
    """One database of a MongoDB server."""

    client: MongoClient[dict[str, Any]]
    name: str
    hosts: str

    def clock(self) -> datetime | None:
        """The server's clock; None if it does not answer."""
        from pymongo.errors import PyMongoError

        try:
            now = self.client.admin.command("hello").get("localTime")
        except PyMongoError:
            return None  # the queries say why
        # dates of MongoDB are in UTC, whether the driver says so or not
        return now.replace(tzinfo=UTC) if isinstance(now, datetime) else None

    def collections(self) -> list[str]:
        """Names of the collections that the user may see."""
        return self._asked(lambda: sorted(self.client[self.name].list_collection_names()))

    def documents(self, query: MongoQuery) -> list[dict[str, Any]]:
        """The documents of a query with only the fields that it names.

        Raises:
            PermanentError: no such collection, or the user may not read it.
            TransientError: the server does not answer.
        """
        fields = [path for path in (query.value, query.category, query.day) if path]
        wanted = {path: 1 for path in fields} | {"_id": 0}
        found = self._asked(
            lambda: list(
                self.client[self.name][query.collection].find(
                    query.filter, wanted, max_time_ms=QUERY_MS, batch_size=1000
                )
            )
        )
        if not found and query.collection not in (names := self.collections()):
            raise PermanentError(
                f"there is no collection {query.collection}; there are: {', '.join(names[:20]) or 'none'}"
            )
        return found

    def _asked(self, ask: Callable[[], T]) -> T:
        from pymongo.errors import PyMongoError

        self.counters.requests += 1
        try:
            return ask()
        except PyMongoError as error:
            raise self._told(error) from None

    def _told(self, error: PyMongoError) -> SourceError:
        from pymongo.errors import ConfigurationError, InvalidURI, OperationFailure

        text = self.redact.cut(error, 300)
        if isinstance(error, OperationFailure) and error.code in (13, 18):
            return PermanentError(
                f"the server refuses (code {error.code}): {text}. Check MONGODB_URL and what its user may"
                " read."
            )
        if isinstance(error, OperationFailure | ConfigurationError | InvalidURI):
            return PermanentError(text)
        return TransientError(f"the server does not answer: {text}")


@connects(MongoCredentials, SOURCE)
def connect(access: Access[MongoCredentials]) -> Database:
    """A database to read from, not opened yet.

    Raises:
        PermanentError: the address is not valid, or names no database.
    """
    from pymongo import MongoClient
    from pymongo.errors import PyMongoError

    parsed = _parsed(access.credentials.url)
    if not parsed["database"]:
        raise PermanentError(
            "MONGODB_URL names no database; add it behind the host:"
            " mongodb://reader:password@host:27017/database"
        )
    try:
        client: MongoClient[dict[str, Any]] = MongoClient(
            access.credentials.url.get_secret_value(),
            tz_aware=True,
            # a date beyond Python's years is a value like any other, not the end of the reading
            datetime_conversion="DATETIME_AUTO",
            serverSelectionTimeoutMS=ANSWER_MS,
            connect=False,
            appname="scoreline",
        )
    except PyMongoError as error:
        raise PermanentError(access.redact(f"MONGODB_URL: {error}")) from None
    hosts = ", ".join(host for host, _ in parsed["nodelist"])
    return Database(client, parsed["database"], hosts, place=access.place, redact=access.redact)


def identify(client: Database) -> str:
    """The database behind the address, so that two never mix in one warehouse."""
    return f"MongoDB database {client.name} on {client.hosts}"


def _rows(documents: list[dict[str, Any]], query: MongoQuery) -> Iterator[Mapping[str, Any]]:
    from bson import Decimal128

    days = [day for document in documents if (day := at(document, query.day or "")) is not None]
    # one collection may hold dates and texts; the dates are meant
    dated: list[Any] = [day for day in days if isinstance(day, datetime)]
    newest = max(dated or [day for day in days if isinstance(day, str)], default=None)
    for document in documents:
        day = at(document, query.day) if query.day else None
        if query.latest and day != newest:
            continue
        value = at(document, query.value)
        yield {
            "value": value.to_decimal() if isinstance(value, Decimal128) else value,
            "category": at(document, query.category) if query.category else None,
            "day": day,
        }


def _queries(run: Run[Database, Memory]) -> list[Query]:
    def reader(query: MongoQuery) -> Iterator[Mapping[str, Any]]:
        return _rows(run.client.documents(query), query)

    return [
        Query(
            query.name,
            json.dumps(query.model_dump(exclude={"name"}), sort_keys=True, default=str),
            partial(reader, query),
        )
        for query in run.company.mongodb.queries
    ]


def diagnose(client: Database, settings: Settings, company: Company) -> Iterator[Finding]:
    """Reach, and whether each configured collection exists."""
    names = client.collections()
    yield Finding(
        SOURCE, "reach", "ok", f"the server answers; the user sees {len(names)} collections of {client.name}"
    )
    queries = company.mongodb.queries
    if not queries:
        yield Finding(
            SOURCE, "queries", "warn", "company.toml has no query", "Add [[mongodb.queries]] to company.toml."
        )
    for query in queries:
        if query.collection in names:
            yield Finding(SOURCE, query.name, "ok", f"collection {query.collection} exists")
        else:
            choice = (
                f"Correct the query {query.name} in company.toml. There are:"
                f" {', '.join(names[:20]) or 'none'}."
            )
            yield Finding(SOURCE, query.name, "fail", f"there is no collection {query.collection}", choice)


source = Source(
    SOURCE,
    MongoCredentials,
    queries.tables(_queries),
    connect,
    identify,
    diagnose,
    memory=Memory,
)
