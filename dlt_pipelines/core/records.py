"""Vendor values become typed columns: strictly, quickly, and without losing a row over one bad value.

Pages become Arrow batches while they are hot, and about 20,000 rows are handed to dlt at a time: three times
faster than dicts. A value that is not what its column says, or is beyond its bounds (`values.py`), is stored
as null and named in a warning. Its row stays, and the run notes that the record is unknown on the record's
own dates (`Unread`). If several values of a column came and none can be read, the vendor has changed the
field: the table is refused before its rows replace any. Only a row without its key is left out, because
nothing could ever replace it; the run then says that the table lacks it.
"""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

import pyarrow as pa  # imported before any worker thread starts: its import is not thread-safe enough
import pyarrow.compute as pc

from dlt_pipelines.core.run import Unread, Warn
from dlt_pipelines.core.source import ColumnType
from dlt_pipelines.core.values import ARROW, BadValue, array
from dlt_pipelines.errors import FieldGone, PermanentError

FLUSH_ROWS = 20_000
MOST_WARNINGS = 20
"""The most bad values of one column to name one by one; the rest is counted."""


class Batches:
    """Collects pages of one table and hands them on as Arrow tables of about FLUSH_ROWS rows.

    `key`: the column that names a row in warnings; of a tuple the first, and none of them is ever null: a row
    whose key is not what its column says is left out with a warning.
    """

    def __init__(
        self, table: str, kinds: Mapping[str, ColumnType], warn: Warn, key: str | tuple[str, ...] = "id"
    ) -> None:
        self._table, self._kinds, self._warn = table, kinds, warn
        self._key, filled = (key, ("id",)) if isinstance(key, str) else (key[0], key)
        self._schema = pa.schema(
            [pa.field(name, ARROW[kind], nullable=name not in filled) for name, kind in kinds.items()]
        )
        self._named_by = [name for name in kinds if name == self._key or name in filled]
        """The columns that identify a row."""
        # a dated snapshot is about its own day and no other
        dated = [name for name, kind in kinds.items() if kind in ("timestamp", "date")]
        self._dated = ["snapshot_date"] if "snapshot_date" in dated else dated
        self._batches: list[pa.RecordBatch] = []
        self._rows = 0
        self._read: Counter[str] = Counter()
        """Column -> how many of its values were read."""
        self._bad: dict[str, _Bad] = {}
        self._left_out: Counter[str] = Counter()
        """Column of the key -> rows that are left out for it."""

    def add(self, columns: Mapping[str, Sequence[Any]]) -> None:
        """Add a page: column name -> its values, all of one length."""
        ids = columns[self._key]
        if not ids:
            return
        found = {
            name: array(kind, columns[name], name, ids, self._table) for name, kind in self._kinds.items()
        }
        batch = page = pa.RecordBatch.from_arrays(
            [values for values, _ in found.values()], schema=self._schema
        )
        for field in self._schema:
            self._read[field.name] += page.num_rows - page.column(field.name).null_count
            self._note(field.name, found[field.name][1], page)
            if not field.nullable and (lost := batch.column(field.name).null_count):
                self._left_out[field.name] += lost
                batch = batch.filter(pc.is_valid(batch.column(field.name)))
        self._batches.append(batch)
        self._rows += batch.num_rows

    def full(self) -> Iterator[pa.Table]:
        """Yield a table if enough rows are ready.

        Raises:
            FieldGone: as `rest()`.
        """
        if self._rows >= FLUSH_ROWS:
            yield from self._handed_on()

    def rest(self) -> Iterator[pa.Table]:
        """Yield the remaining rows as a table, if there are any.

        Raises:
            FieldGone: several values of a column came, and not one is what the column says: the vendor sends
                something else now.
        """
        yield from self._handed_on()
        for name, bad in self._bad.items():
            if bad.more:
                self._warn(
                    f"{self._table}: {bad.more} more values of {name} are stored as empty for such reasons",
                    unread=bad.unread,
                )
        self._bad.clear()

    def _handed_on(self) -> Iterator[pa.Table]:
        for name, bad in self._bad.items():
            if bad.strange > 1 and not self._read[name]:
                raise FieldGone(
                    f"{self._table}: none of the {bad.strange} values of {name} can be read; the vendor may"
                    f" have changed its format. The first: {bad.first}. Rows of earlier loads stay."
                )
        for bad in self._bad.values():
            for text, unread in bad.untold:
                self._warn(text, unread=unread)
            bad.untold.clear()
        for name, lost in self._left_out.items():
            self._warn(
                f"{self._table}: {lost} rows are left out, because their {name} cannot be stored",
                lacks=self._table,
            )
        self._left_out.clear()
        if self._rows:
            table = pa.Table.from_batches(self._batches).combine_chunks()
            self._batches, self._rows = [], 0
            yield table

    def _note(self, name: str, found: Mapping[int, BadValue], page: pa.RecordBatch) -> None:
        """Remember the bad values of a column of a page. `found`: row of the page -> its value."""
        for place, value in found.items():
            bad = self._bad.setdefault(name, _Bad())
            unread: list[Unread] = []
            if value.is_lost:
                if value.reason == "not of its kind":
                    bad.strange += 1
                    bad.first = bad.first or value.fault
                if value.kind != "text" and all(page.column(key)[place].is_valid for key in self._named_by):
                    unread = [self._unread(name, value, place, page)]
            bad.named += 1
            if bad.named <= MOST_WARNINGS:
                bad.untold.append((str(value), unread))
            else:
                bad.more += 1
                bad.unread += unread

    def _unread(self, name: str, value: BadValue, place: int, page: pa.RecordBatch) -> Unread:
        dates = [page.column(dated)[place].as_py() for dated in self._dated]
        return Unread(
            table=self._table.rpartition(".")[2],
            key=self._key,
            record_id=str(page.column(self._key)[place].as_py()),
            column=name,
            said=str(value),
            dates=[found for found in dates if found is not None],
        )


@dataclasses.dataclass
class _Bad:
    """The values of a column that could not be stored as they came."""

    strange: int = 0
    """Those that are not of their column's kind."""
    first: str = ""
    """The fault of the first of them."""
    named: int = 0
    untold: list[tuple[str, list[Unread]]] = dataclasses.field(default_factory=list)
    """Warnings to pass on with their rows: a table that is refused stores nothing."""
    more: int = 0
    """Values that are only counted."""
    unread: list[Unread] = dataclasses.field(default_factory=list)
    """Those of them whose rows are stored without them."""


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
        FieldGone: no row has a field that the vendor always sends, or not one of several values of a column
            can be read.
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
        """Return the good rows of a page, and count the others."""
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
    """Whether a row has a field; None: the object that holds the field is null."""
    for number, name in enumerate(where.split(".")):
        if not isinstance(row, dict) or name not in row:
            return False
        row = row[name]
        if row is None and number < where.count("."):
            return None
    return True
