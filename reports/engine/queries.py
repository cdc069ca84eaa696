"""Named SQL blocks, run top to bottom against the published database, read-only.

A block is one SELECT. It sees the marts and every block above it on the page: each result is kept as a
temporary table of the block's name, so `from weekly` just works and no SQL text is ever pasted into other SQL
text. Values come in as `$name` parameters only.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cache, partial
from itertools import pairwise
from pathlib import Path
from typing import Any, overload

import duckdb
import sqlglot
from sqlglot import exp

from foundation.errors import ScorelineError
from foundation.settings import Settings
from foundation.warehouse.memory import within

NAME = re.compile(r"[a-z][a-z0-9_]{0,62}\Z")
MAX_ROWS = 50_000
"""The most rows of a block that a page uses as a whole."""
ROOM = 10_000
"""The most rows, over all groups, of a block whose first rows a page lists."""


class PageError(ScorelineError):
    """A page or one of its blocks is wrong; the text names the line and what to do."""


@dataclass(frozen=True)
class Block:
    """One SQL block of a page. `line` is the line of its fence in the file.

    `most`: the page lists the first rows only, of each group of `by`; the column `in_all` then says how many
    there are.
    """

    name: str
    sql: str
    line: int
    most: int | None = None
    by: tuple[str, ...] = ()


class Row(dict[str, Any]):
    """A row whose columns can also be written `row.value`."""

    def __getattr__(self, name: str) -> Any:
        try:
            return self[name]
        except KeyError:
            raise AttributeError(name) from None


@dataclass(frozen=True)
class Result:
    """The rows of a block, in order."""

    name: str
    columns: Sequence[str]
    rows: Sequence[Row]
    _statement: Callable[[], str] = field(default=str, compare=False, repr=False)
    _groups: dict[tuple[str, ...], dict[tuple[Any, ...], list[Row]]] = field(
        default_factory=dict, compare=False, repr=False
    )

    @property
    def sql(self) -> str:
        """The block as one statement that can be run on the published file by itself."""
        return self._statement()

    @property
    def total(self) -> int:
        """The number of rows, including those that the page leaves out."""
        return int(self.rows[0].get("in_all", len(self.rows))) if self.rows else 0

    def __iter__(self) -> Iterator[Row]:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)

    def where(self, **equal: Any) -> Result:
        """The rows whose columns have these values. Asked for often, so rows are sorted by these columns
        once."""
        columns = tuple(equal)
        if columns not in self._groups:
            groups = self._groups[columns] = {}
            for row in self.rows:
                groups.setdefault(tuple(row[column] for column in columns), []).append(row)
        return Result(
            self.name, self.columns, self._groups[columns].get(tuple(equal.values()), []), self._statement
        )

    def groups(self, column: str) -> list[tuple[Any, Result]]:
        """(value, its rows) for each value of the column, in the order in which they first come."""
        return [(value, self.where(**{column: value})) for value in dict.fromkeys(self.column(column))]

    def one(self) -> Row:
        """The only row.

        Raises:
            PageError: there is none, or there are several.
        """
        if len(self.rows) != 1:
            raise PageError(f"block '{self.name}' has {len(self.rows)} rows where exactly one is needed")
        return self.rows[0]

    def column(self, name: str) -> list[Any]:
        """The values of one column."""
        return [row[name] for row in self.rows]


Only = Callable[[str, Sequence[str]], str]
"""(mart, its columns) -> the SQL condition that a row must meet to be seen."""


def connect(
    published: Path, only: Only | None = None, memory: str | None = None
) -> duckdb.DuckDBPyConnection:
    """The published file, attached read-only to an empty database; then every way out of it is closed.

    Attached, not opened: two readers with different settings would refuse each other, and the fixed name
    means that a file called marts.duckdb doesn't make `marts.x` ambiguous.

    Args:
        only: which rows may be seen; `published.marts` then holds a view of each mart in place of the mart.
        memory: what it may take, such as `500MB` (None: `SCORELINE_MEMORY`). The rest goes to disk, beside
            the file.

    Raises:
        LookupError: nothing has been published yet.
    """
    if not published.exists():
        raise LookupError(
            f"{published} does not exist yet: run the refresh and build jobs (make demo runs both)"
        )
    connection = duckdb.connect(
        ":memory:",
        config={
            "threads": "1",  # blocks are many and small: a second thread costs more than it brings
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
        },
    )
    within(memory or Settings().memory, connection, published)
    name = "published" if only is None else "whole"
    connection.execute("attach '{}' as {} (read_only)".format(str(published).replace("'", "''"), name))
    if only is not None:
        _show(connection, only)
    connection.execute("set enable_external_access = false")
    connection.execute("set lock_configuration = true")
    return connection


def _show(connection: duckdb.DuckDBPyConnection, only: Only) -> None:
    """A view of each mart, with the rows that may be seen."""
    connection.execute("attach ':memory:' as published")
    connection.execute("create schema published.marts")
    columns: dict[str, list[str]] = {}
    for mart, column in connection.execute(
        "select table_name, column_name from duckdb_columns()"
        " where database_name = 'whole' and schema_name = 'marts' order by column_index"
    ).fetchall():
        columns.setdefault(mart, []).append(column)
    for mart, names in columns.items():
        connection.execute(
            f'create view published.marts."{mart}" as select * from whole.marts."{mart}"'
            f" where {only(mart, names)}"
        )


def run(
    connection: duckdb.DuckDBPyConnection,
    blocks: Sequence[Block],
    params: Mapping[str, Any],
    *,
    timeout: float = 60,
) -> dict[str, Result]:
    """Run blocks in page order. Each call has temporary tables of its own, so pages don't see each other.

    Args:
        params: value per `$name`; only those that a block names are given to it.
        timeout: seconds after which a block is interrupted.

    Raises:
        PageError: a block is not a single SELECT, fails or lacks a parameter. The rows of one with more than
            MAX_ROWS are refused when somebody asks for them.
    """
    cursor = connection.cursor()
    try:
        cursor.execute("use published")
        results: dict[str, Result] = {}
        later = {block.name for block in blocks}
        for i, block in enumerate(blocks):
            later.discard(block.name)
            if block.name in results:
                raise _fault(block, "this name is used twice on the page")
            columns, rows = _run_block(cursor, block, params, later, timeout)
            results[block.name] = Result(
                block.name, columns, rows, partial(standalone, block, blocks[:i], params)
            )
        return results
    finally:
        cursor.close()


class _TooMany(Sequence[Row]):
    """The rows of a block that has too many for a page: other blocks may read it, the page may not."""

    def __init__(self, block: Block) -> None:
        self._block = block

    def _refuse(self) -> PageError:
        return _fault(self._block, f"more than {MAX_ROWS} rows; aggregate in a mart, or add `first 100`")

    @overload
    def __getitem__(self, index: int) -> Row: ...
    @overload
    def __getitem__(self, index: slice) -> list[Row]: ...
    def __getitem__(self, index: int | slice) -> Row | list[Row]:
        raise self._refuse()

    def __len__(self) -> int:
        raise self._refuse()


def _first(block: Block) -> str:
    """The first rows of each group, with the number of all rows in it. Where there are very many groups, the
    first of each come before the second."""
    by = f"partition by {', '.join(block.by)}" if block.by else ""
    return f"""
        select * exclude (__row, __place) from (
            select *, count(*) over ({by}) as in_all, rowid as __row,
                   row_number() over ({by} order by rowid) as __place
            from {block.name}
        )
        where __place <= {block.most}
        qualify row_number() over (order by __place, __row) <= {ROOM}
        order by __row
    """


def check_block(cursor: duckdb.DuckDBPyConnection, block: Block, params: Collection[str]) -> frozenset[str]:
    """The parameters that a block names, without running it.

    Raises:
        PageError: its name is not valid, it is not a single SELECT, or it names a parameter that is not one
            of `params`.
    """
    if not NAME.match(block.name):
        raise _fault(
            block, "a block's name is lower case letters, digits and _, and `first 100 by a, b` after it"
        )
    try:
        statements = cursor.extract_statements(block.sql)
    except duckdb.Error as error:
        raise _fault(block, _message(error, block)) from None
    if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
        raise _fault(block, "must be a single SELECT")
    needed = frozenset(statements[0].named_parameters)
    if missing := needed.difference(params):
        raise _fault(block, f"no value for ${', $'.join(sorted(missing))}; add it to the page's params")
    return needed


def try_block(cursor: duckdb.DuckDBPyConnection, block: Block, params: Mapping[str, Any]) -> None:
    """Make the block's table without its rows, for the blocks below it: quick, and enough to find a name that
    does not exist.

    Raises:
        PageError: see `run`.
    """
    # written into the text: DuckDB imports numpy for the first value that is bound
    sql = _with_values(block.sql, params) if check_block(cursor, block, params) else block.sql
    try:
        cursor.execute(f"create temp table {block.name} as (\n{sql.rstrip().rstrip(';')}\n) with no data")
        if block.most:
            cursor.execute(_first(block))
    except duckdb.Error as error:
        raise _fault(block, _message(error, block)) from None


def _run_block(
    cursor: duckdb.DuckDBPyConnection,
    block: Block,
    params: Mapping[str, Any],
    later: set[str],
    timeout: float,
) -> tuple[list[str], Sequence[Row]]:
    needed = check_block(cursor, block, params)
    timer = threading.Timer(timeout, cursor.interrupt)
    timer.start()
    try:
        cursor.execute(
            f"create temp table {block.name} as\n{block.sql.rstrip().rstrip(';')}",
            {name: params[name] for name in needed},
        )
        cursor.execute(_first(block) if block.most else f"from {block.name}")
        columns = [column[0] for column in cursor.description or []]
        rows = [Row(zip(columns, values, strict=True)) for values in cursor.fetchmany(MAX_ROWS + 1)]
    except duckdb.InterruptException:
        raise _fault(block, f"took longer than {timeout:g} seconds; aggregate in a mart") from None
    except duckdb.OutOfMemoryException:
        raise _fault(block, "needs more memory than SCORELINE_MEMORY says; aggregate in a mart") from None
    except duckdb.Error as error:
        ahead = sorted(later & tables(block.sql)) if isinstance(error, duckdb.CatalogException) else []
        hint = f" ('{ahead[0]}' is defined further down)" if ahead else ""
        raise _fault(block, _message(error, block) + hint) from None
    finally:
        timer.cancel()
    return columns, _TooMany(block) if len(rows) > MAX_ROWS else rows


def standalone(block: Block, above: Sequence[Block], params: Mapping[str, Any]) -> str:
    """A block as one statement over the marts: the blocks that it reads come first, `$names` are written as
    values."""
    parts = [block]
    for other in reversed(above):
        if any(other.name in tables(part.sql) for part in parts):
            parts.insert(0, other)
    texts = [_with_values(part.sql.strip().rstrip(";"), params) for part in parts]
    if len(parts) == 1:
        return texts[0]
    return (
        "with "
        + ", ".join(f"{part.name} as (\n{text}\n)" for part, text in zip(parts, texts, strict=True))
        + f"\nfrom {block.name}"
    )


@cache
def tables(sql: str) -> frozenset[str]:
    """The tables that a statement reads by a name without a schema, its own `with` tables among them."""
    try:
        tree = sqlglot.parse_one(sql, read="duckdb")
    except sqlglot.ParseError:
        # newer than sqlglot knows: any word of it may be a table
        return frozenset(token.text for token in sqlglot.tokenize(sql, read="duckdb"))
    return frozenset(table.name for table in tree.find_all(exp.Table) if not table.db)


def _with_values(sql: str, params: Mapping[str, Any]) -> str:
    """Return the statement as written, with the values of its parameters; texts and comments stay."""
    out, end = [], 0
    for sign, name in pairwise(sqlglot.tokenize(sql, read="duckdb")):
        if sign.token_type == sqlglot.TokenType.PARAMETER and name.text in params:
            out += [sql[end : sign.start], _literal(params[name.text])]
            end = name.end + 1
    return "".join([*out, sql[end:]])


def _literal(value: Any) -> str:
    """A parameter's value as SQL. A day is a plain text: blocks cast it, as they do with what is bound."""
    if value is None or isinstance(value, bool | int | float):
        return "null" if value is None else str(value).lower()
    if isinstance(value, list | tuple):
        return f"[{', '.join(_literal(item) for item in value)}]"
    text = value.isoformat() if isinstance(value, date | datetime) else str(value)
    return "'" + text.replace("'", "''") + "'"


def _fault(block: Block, text: str) -> PageError:
    return PageError(f"line {block.line}, block '{block.name}': {text}")


def _message(error: Exception, block: Block) -> str:
    """First line of DuckDB's message, with its LINE n turned into the page's line."""
    text = str(error)
    found = re.search(r"LINE (\d+):", text)
    # the wrapper adds one line above, the fence itself is one line
    return text.split("\n")[0] + (f" (page line {block.line + max(int(found[1]) - 1, 1)})" if found else "")
