"""What a source is: the contract between a vendor's module and everything that loads, checks or shows it.

A module under `dlt_pipelines/sources` offers one `source = Source(...)`. It names the credentials, declares
the tables, and hands over the functions that connect, identify and diagnose. Further hooks are optional.
`core/load.py` calls them in the order of this file; `core/tables.py` makes dlt's resources.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Generic, Literal, cast

import duckdb
from typing_extensions import TypeVar

from dlt_pipelines.core.api_versions import ApiVersions
from dlt_pipelines.core.outcome import Outcome
from dlt_pipelines.core.run import C, M, Run
from dlt_pipelines.wire.credentials import Credentials
from foundation.settings import Company, Settings

ColumnType = Literal["text", "bigint", "decimal", "bool", "timestamp", "date"]
"""Timestamps are instants in UTC, decimals are DECIMAL(38, 9)."""


# ------------------------------------------------------------------ what is read


def replaces(scope: str) -> dict[str, Any]:
    """A write disposition: in one transaction, the rows of this load replace the rows that match the SQL
    condition `scope`.

    dlt's own `replace` empties the table first; a run killed at that moment would leave zeros behind.
    """
    return {"disposition": "merge", "strategy": "delete-insert", "destination_scope": scope}


def replaces_same(*keys: str) -> dict[str, Any]:
    """`replaces()` for the rows that share `keys` with a row of this load."""
    names = ", ".join(keys)
    return replaces(f"({names}) IN (SELECT {names} FROM {{staging_table}})")


EVERYTHING = replaces("1 = 1")
"""The table is what the vendor says now."""

R = TypeVar("R", bound=Run[Any, Any], contravariant=True)


@dataclass(frozen=True)
class Table(Generic[R]):
    """One raw table: what its rows are, and how to fetch them."""

    name: str
    grain: str
    """What one row is, in a sentence. Dagster shows it."""
    key: str | tuple[str, ...]
    columns: Mapping[str, ColumnType]
    fetch: Callable[[R], Iterable[Any]]
    """Yields Arrow tables or lists of rows."""
    write: Literal["merge", "append"] | Mapping[str, Any] = "merge"
    """Write disposition: `merge` by key, or what `replaces()` says."""
    whole: bool = False
    """Rows are handed on when all of them have come, so that half never replaces all."""
    may_be_empty: bool = False
    """It may hold rows one day and rightly none the next. Otherwise the first empty list after a filled one
    is doubted (see `Run.doubt_empty`)."""
    nullable: bool = False
    """Key columns may hold null too."""
    latest_by: str | None = None
    """If a load contains duplicate keys, keep the row with the highest value of this column; otherwise keep
    any of them."""
    newest: str | None = None
    """The column that tells how new the newest record is."""
    fed_by: tuple[str, ...] = ()
    """Tables whose pull fills this one; they are loaded together."""
    is_snapshot: bool = False
    """The vendor only says what is now: one dated snapshot a day, whose history begins with the first."""
    per_person: bool = False
    """A backfill pulls it for one person after the other (see `Source.people`)."""
    parallel: bool = True
    """Fetched beside the other tables, in a thread."""

    @property
    def keys(self) -> tuple[str, ...]:
        """The columns of the key."""
        return (self.key,) if isinstance(self.key, str) else self.key


# ------------------------------------------------------------------ what the doctor says


@dataclass(frozen=True)
class Finding:
    """One line of the doctor's report."""

    source: str
    check: str
    level: Literal["ok", "warn", "fail", "info"]
    """fail: loading will not work. warn: loading works, but a number will be wrong or missing. info: nothing
    to do."""
    detail: str
    way_out: str = ""
    """What a person can do; empty if there is nothing to do."""


# ------------------------------------------------------------------ the source


@dataclass(frozen=True)
class Source(Generic[C, M]):
    """One source: `C` is what `connect` returns, `M` what a run remembers (`Run.memory`)."""

    name: str
    """Key everywhere: schema `raw_<name>`, asset keys `raw/<name>/<table>`, section of company.toml."""
    credentials: type[Credentials] | None
    """None: files of the company's own, always connected."""
    tables: tuple[Table[Run[C, M]], ...]

    connect: Callable[[Settings, Company], C | None]
    """A connection that keeps the vendor's limits; None when the source is not connected. Asks for
    nothing yet, where the vendor allows that."""
    identify: Callable[[C], str]
    """The account behind the credentials, so that two accounts never mix in one warehouse. Empty while it
    has no name."""
    diagnose: Callable[[C, Settings, Company], Iterable[Finding]]
    """The doctor: permissions, configured ids, people and budget."""

    memory: Callable[[], M] = cast(Any, lambda: None)
    """An empty memory for a run."""
    recall: Callable[[duckdb.DuckDBPyConnection, Run[C, M]], None] | None = None
    """Before the run, with the warehouse's lock held: read into the memory what the warehouse knows."""
    begin: Callable[[Run[C, M]], None] | None = None
    """Before the first row: what all tables need, or a reason to stop."""
    end: Callable[[Run[C, M]], None] | None = None
    """After the last row."""
    totals: Callable[[Run[C, M]], Iterable[tuple[str, int]]] | None = None
    """After the last row of a pull of everything: table -> how many records the vendor says there are."""
    settle: Callable[[duckdb.DuckDBPyConnection, Outcome], None] | None = None
    """After the load, in the transaction of the ledger: what follows from the rows."""
    people: Callable[[C], Mapping[str, str]] | None = None
    """For the tables that are read per person: whom a backfill works through, id -> name."""
    versions: ApiVersions | None = None
    """None: files and databases, which have none."""

    @cached_property
    def by_name(self) -> Mapping[str, Table[Run[C, M]]]:
        """Table name -> table."""
        return {table.name: table for table in self.tables}

    @cached_property
    def feeds(self) -> Mapping[str, tuple[str, ...]]:
        """Table -> the tables whose pulls fill it."""
        return {table.name: table.fed_by for table in self.tables if table.fed_by}

    def pulled_with(self, asked: frozenset[str]) -> frozenset[str]:
        """Return the tables to pull so that the requested ones are filled.

        A table that other tables' pulls fill comes with them, and they with it: one cursor stands for both.
        """
        pulled = asked.union(*(self.by_name[name].fed_by for name in asked))
        return pulled | {name for name, feeders in self.feeds.items() if pulled.intersection(feeders)}
