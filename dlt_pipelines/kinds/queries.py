"""Figures from a company's own databases: answers of configured queries, kept as one dated snapshot a day.

Tables and documents are the company's own, so nothing about them is in code: a query in company.toml names a
value, its category and its day. A query that fails is recorded with its error; the others go on.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from dlt_pipelines.core.once import Once
from dlt_pipelines.core.records import plain, typed
from dlt_pipelines.core.run import C, Run, Unread
from dlt_pipelines.core.source import ColumnType, Table, replaces_same
from dlt_pipelines.core.values import parse
from dlt_pipelines.errors import PermanentError, TransientError
from foundation.calendar import local_date

MOST_ROWS = 100_000
"""Rows that one query may return. More would be a copy of a table, not a figure."""

FIGURES: dict[str, ColumnType] = {
    "snapshot_date": "date",
    "query_name": "text",
    "row_number": "bigint",
    "category": "text",
    "day": "date",
    "value": "decimal",
    "taken_at": "timestamp",
}
QUERIES: dict[str, ColumnType] = {
    "snapshot_date": "date",
    "query_name": "text",
    "status": "text",
    "row_count": "bigint",
    "error": "text",
    "definition": "text",
}


Rows = list[dict[str, Any]]


@dataclass
class Memory:
    """The memory of a run of queries."""

    answers: Once[tuple[Rows, Rows]] = field(default_factory=Once)
    """Rows of `figures` and of `queries`, read in one pass."""


@dataclass(frozen=True)
class Query:
    """A configured query. `read` yields rows with `value` and optionally `category` and `day`."""

    name: str
    definition: str
    """The query as text; kept beside the answer to show a changed definition."""
    read: Callable[[], Iterable[Mapping[str, Any]]]


def tables(queries: Callable[[Run[C, Memory]], Sequence[Query]]) -> tuple[Table[Run[C, Memory]], ...]:
    """The two tables of such a source. `queries`: the configured ones."""

    def answers(run: Run[C, Memory]) -> tuple[Rows, Rows]:
        return run.memory.answers(lambda: _ask(run, queries(run)))

    def figures(run: Run[C, Memory]) -> Iterator[Any]:
        return _typed(run, "figures", FIGURES, answers(run)[0])

    def results(run: Run[C, Memory]) -> Iterator[Any]:
        return _typed(run, "queries", QUERIES, answers(run)[1])

    write = replaces_same("snapshot_date", "query_name")
    return (
        Table(
            "figures",
            "One row per row that a configured query returned on a local day; row_number null: it returned"
            " none that day.",
            ("snapshot_date", "query_name", "row_number"),
            FIGURES,
            figures,
            write=write,
            whole=True,
            may_be_empty=True,
            nullable=True,
            newest="taken_at",
            is_snapshot=True,
        ),
        Table(
            "queries",
            "One row per configured query and local day: whether it succeeded, how many rows it returned, and"
            " what was asked.",
            ("snapshot_date", "query_name"),
            QUERIES,
            results,
            whole=True,
            may_be_empty=True,
            fed_by=("figures",),
            is_snapshot=True,
        ),
    )


def _typed(run: Run[Any, Memory], name: str, columns: Mapping[str, ColumnType], rows: Rows) -> Iterator[Any]:
    yield from typed(name, plain(columns), [rows], run.warn, key="query_name", may_lack=columns)


def _ask(
    run: Run[Any, Memory], queries: Sequence[Query]
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    today = local_date(run.started_at, run.company.zone)
    figures: list[dict[str, Any]] = []
    told: list[dict[str, Any]] = []
    failures: list[PermanentError] = []
    for query in queries:
        about = {"snapshot_date": today, "query_name": query.name, "definition": query.definition}
        try:
            rows = list(_rows(run, query))
        except TransientError:
            raise
        except (PermanentError, TypeError, ValueError, ArithmeticError, AttributeError) as caught:
            # a value of an unexpected kind fails only its own query
            error = (
                caught
                if isinstance(caught, PermanentError)
                else PermanentError(f"{type(caught).__name__}: {caught}")
            )
            failures.append(error)
            text = run.client.redact.cut(error, 1000)
            run.warn(f"query {query.name}: {text}")
            told.append(about | {"status": "failed", "row_count": None, "error": text})
            continue
        shared = {"snapshot_date": today, "query_name": query.name, "taken_at": run.started_at}
        figures += [shared | row for row in rows] or [shared | {"row_number": None}]
        told.append(about | {"status": "ok", "row_count": len(rows), "error": None})
    if failures and len(failures) == len(queries):
        raise failures[0]
    return figures, told


def _rows(run: Run[Any, Memory], query: Query) -> Iterator[dict[str, Any]]:
    for number, row in enumerate(query.read(), 1):
        if number > MOST_ROWS:
            raise PermanentError(f"more than {MOST_ROWS:,} rows; group or filter in the query")
        if number == 1 and "value" not in row:
            raise PermanentError(
                f"returns no column value, but {', '.join(map(str, row)) or 'nothing'}; name one `as value`"
            )
        where = f"{query.name}, row {number}:"

        def warn(text: str) -> None:
            """Warn of a value that cannot be read, and record it with the answer to its query."""
            one = Unread(
                table="figures", key="query_name", record_id=query.name, column="value", said=text, dates=[]
            )
            run.warn(text, unread=[one])

        category = row.get("category")
        yield {
            "row_number": number,
            "category": category,
            "day": _day(row.get("day"), run.company.zone, where, warn),
            "value": parse("decimal", row["value"], f"{where} value", warn),
        }


def _day(value: Any, zone: ZoneInfo, where: str, warn: Callable[[str], None]) -> date | None:
    if isinstance(value, datetime):
        with contextlib.suppress(OverflowError):  # a year at the edge of what Python knows: told below
            return local_date(value, zone) if value.tzinfo else value.date()
    if isinstance(value, date):
        return value
    found = parse("date", value, f"{where} day", warn)
    assert found is None or isinstance(found, date)
    return found
