"""Vendor values become typed columns: strictly, quickly, and without losing a row over one bad value.

Pages become Arrow batches while they are hot, and about 20,000 rows are handed to dlt at a time: three times
faster than dicts. A value that is not what its column says, or lies beyond its bounds (`values.py`), is
stored as null and named in a warning; its row stays. Only a row without its key is left out, because nothing
could ever replace it; the run then says that the table lacks it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

import pyarrow as pa  # imported before any worker thread starts: its import is not thread-safe enough
import pyarrow.compute as pc

from dlt_pipelines.core.run import Warn
from dlt_pipelines.core.source import ColumnType
from dlt_pipelines.core.values import ARROW, array
from dlt_pipelines.errors import FieldGone, PermanentError

FLUSH_ROWS = 20_000
MOST_WARNINGS = 20
"""Bad values of one column that are named one by one; the rest is counted."""


class Batches:
    """Collects pages of one table and hands them on as Arrow tables of about FLUSH_ROWS rows.

    `key`: the column that names a row in warnings; of a tuple the first, and none of them is ever null: a row
    whose key is not what its column says is left out with a warning.
    """

    def __init__(
        self, table: str, kinds: Mapping[str, ColumnType], warn: Warn, key: str | tuple[str, ...] = "id"
    ) -> None:
        self._table, self._kinds, self._warn = table, kinds, warn
        self._bad: Counter[str] = Counter()
        self._key, filled = (key, ("id",)) if isinstance(key, str) else (key[0], key)
        self._schema = pa.schema(
            [pa.field(name, ARROW[kind], nullable=name not in filled) for name, kind in kinds.items()]
        )
        self._batches: list[pa.RecordBatch] = []
        self._rows = 0

    def add(self, columns: Mapping[str, Sequence[Any]]) -> None:
        """Add a page: column name -> its values, all of one length."""
        ids = columns[self._key]
        if not ids:
            return
        arrays = [
            array(kind, columns[name], name, ids, self._table, self._teller(name))
            for name, kind in self._kinds.items()
        ]
        batch = pa.RecordBatch.from_arrays(arrays, schema=self._schema)
        for field in self._schema:
            if not field.nullable and (lost := batch.column(field.name).null_count):
                self._warn(
                    f"{self._table}: {lost} rows are left out, because their {field.name} cannot be stored",
                    lacks=self._table,
                )
                batch = batch.filter(pc.is_valid(batch.column(field.name)))
        self._batches.append(batch)
        self._rows += batch.num_rows

    def full(self) -> Iterator[pa.Table]:
        """Yield a table if enough rows are ready."""
        if self._rows >= FLUSH_ROWS:
            yield from self.rest()

    def rest(self) -> Iterator[pa.Table]:
        """Yield the remaining rows as a table, if there are any."""
        for name, bad in self._bad.items():
            if bad > MOST_WARNINGS:
                self._warn(
                    f"{self._table}: {bad - MOST_WARNINGS} more values of {name} are stored as empty for such"
                    " reasons"
                )
        self._bad.clear()
        if self._rows:
            table = pa.Table.from_batches(self._batches).combine_chunks()
            self._batches, self._rows = [], 0
            yield table

    def _teller(self, name: str) -> Callable[[str], None]:
        """Return a function that passes on the first warnings of a column and counts the others."""

        def tell(text: str) -> None:
            self._bad[name] += 1
            if self._bad[name] <= MOST_WARNINGS:
                self._warn(text)

        return tell


Fields = Mapping[str, tuple[str, ColumnType]]
"""Column -> (field on the wire, type). A dot leads deeper: `statistics.first_reply_at`."""


def kinds(fields: Fields, **more: ColumnType) -> dict[str, ColumnType]:
    """The columns of a table with these fields. `more`: columns that are filled after the load."""
    return {column: kind for column, (_, kind) in fields.items()} | more


def plain(kinds: Mapping[str, ColumnType]) -> Fields:
    """Fields of rows that a source builds itself: named as their columns."""
    return {column: (column, kind) for column, kind in kinds.items()}


def typed(
    table: str,
    fields: Fields,
    pages: Iterable[Sequence[Any]],
    warn: Warn,
    *,
    key: str | tuple[str, ...] = "id",
    may_lack: Collection[str] = (),
) -> Iterator[pa.Table]:
    """Pages of dicts as Arrow tables of about FLUSH_ROWS rows.

    Args:
        table: named in warnings, for example `copper.activities`.
        key: the column that names a row in warnings and that every row must have; where several make the key,
            all of them, that one first.
        may_lack: columns whose field the vendor leaves out if it is empty.

    Raises:
        FieldGone: no row has a field that the vendor always sends.
        PermanentError: several rows came, and none of them has its key: the vendor sends something else now.
    """
    needed = [fields[name][0] for name in ((key,) if isinstance(key, str) else key)]
    batches = Batches(table, kinds(fields), warn, key)
    promised = Promised([where for column, (where, _) in fields.items() if column not in may_lack])
    rows = 0
    strange = Strange(table, " and ".join(needed), warn)
    for page in pages:
        good = strange.sift(page, lambda row: has_all(row, needed))
        rows += len(good)
        batches.add({column: [at(row, where) for row in good] for column, (where, _) in fields.items()})
        promised.look(good)
        yield from promised.kept(batches.full())
    strange.tell(rows)
    yield from promised.kept(batches.rest())


class Promised:
    """Checks fields that a vendor always sends, if only as null. If no row has one, it was renamed or
    dropped and what it decides is unknown, so the table is refused before its rows replace others."""

    def __init__(self, fields: Iterable[str]) -> None:
        self._open, self._lacked, self._rows = set(fields), set[str](), 0
        """Fields that no row has so far, those that some row lacks, and how many rows there are."""

    def look(self, rows: Sequence[Any]) -> None:
        """Record which fields the rows have. A dot in a name leads deeper."""
        self._rows += len(rows)
        for field in sorted(self._open):
            found = {_has(row, field) for row in rows}
            if True in found:
                self._open.remove(field)
            elif False in found:
                self._lacked.add(field)

    def kept(self, batches: Iterable[pa.Table]) -> Iterator[pa.Table]:
        """Pass the batches on, and check all fields before each.

        Raises:
            FieldGone: none of them has one of the fields.
        """
        for batch in batches:
            self.check()
            yield batch

    def check(self) -> None:
        """Look at all rows so far.

        Raises:
            FieldGone: none of them has one of the fields.
        """
        if missing := sorted(self._open & self._lacked):
            names = " and ".join(missing)
            raise FieldGone(
                f"no record has {names} ({self._rows} read); the vendor may have stopped sending it or"
                " renamed it. Rows of earlier loads stay."
            )


class Strange:
    """Skips rows without a key and reports them; the rest of the page stays."""

    def __init__(self, table: str, needed: str, warn: Warn) -> None:
        self._table, self._needed, self._warn = table, needed, warn
        self.count, self._first = 0, ""

    def sift(self, rows: Sequence[Any], is_good: Callable[[Any], bool]) -> list[dict[str, Any]]:
        """Return the good rows of a page and count the others."""
        good = []
        for row in rows:
            if is_good(row):
                good.append(row)
                continue
            if not self.count:
                # names only: values of a row that is not understood may be anything
                named = (
                    f"has {', '.join(map(str, row)) or 'nothing'}"
                    if isinstance(row, dict)
                    else f"is {type(row).__name__}"
                )
                self._first = named[:200]
            self.count += 1
        return good

    def tell(self, good: int) -> None:
        """Warn of the rows that were left out beside `good` ones.

        Raises:
            PermanentError: several rows came, and all of them were left out: the vendor sends something else
                now.
        """
        if self.count > 1 and not good:
            raise PermanentError(
                f"{self._table}: expected every row to have {self._needed}, but the first {self._first}"
            )
        if self.count:
            total = good + self.count
            text = f"{self._table}: {self.count} of {total} rows without {self._needed} are left out"
            self._warn(f"{text}; the first {self._first}", lacks=self._table)


def sound(table: str, rows: Sequence[Any], field: str, warn: Warn) -> list[dict[str, Any]]:
    """Return the rows that have `field`; a warning names the others.

    Raises:
        PermanentError: several rows came, and none has it: the vendor sends something else now.
    """
    strange = Strange(table, field, warn)
    good = strange.sift(rows, lambda row: has_all(row, (field,)))
    strange.tell(len(good))
    return good


def has_all(row: Any, needed: Collection[str]) -> bool:
    """Whether a row has every field of `needed`."""
    return isinstance(row, dict) and all(at(row, where) not in (None, "") for where in needed)


def at(row: Any, where: str) -> Any:
    """The value of a field; None where it or anything on the way to it is missing."""
    for name in where.split("."):
        row = row.get(name) if isinstance(row, dict) else None
    return row


def _has(row: Any, where: str) -> bool | None:
    """Whether a row has a field; None: what the field lies in is empty."""
    for number, name in enumerate(where.split(".")):
        if not isinstance(row, dict) or name not in row:
            return False
        row = row[name]
        if row is None and number < where.count("."):
            return None
    return True
