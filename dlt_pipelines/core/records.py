"""Vendor values become typed columns: strictly, quickly, and without losing a row over one bad value.

Pages become Arrow batches while they are hot, and about 20,000 rows are handed to dlt at a time: three times
faster than dicts. A value that is not what its column says, or lies beyond the bounds below, is stored as
null and named in a warning; its row stays. Only a row without its key is left out, because nothing could ever
replace it; the run then says that the table lacks it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time
from typing import Any, TypeVar

import orjson
import pyarrow as pa  # imported before any worker thread starts: its import is not thread-safe enough
import pyarrow.compute as pc

from dlt_pipelines.core.run import Warn
from dlt_pipelines.core.source import ColumnType
from dlt_pipelines.errors import FieldGone, PermanentError
from foundation.values import YEARS, Beyond, decimal, shown

FLUSH_ROWS = 20_000
MOST_WARNINGS = 20
"""Bad values of one column that are named one by one; the rest is counted."""

# ------------------------------------------------------------------ bounds: what every column of every source
#     can hold

LARGEST_WHOLE = 2**63 - 1
LONGEST_TEXT = 1_000_000
"""Characters. A longer text is a file, and cut JSON would be none."""
_UNSTORABLE = re.compile("[\0\ud800-\udfff]")
"""NUL ends texts in other databases, and half a surrogate pair (a cut emoji) is no UTF-8. Either becomes
U+FFFD."""

ARROW: dict[ColumnType, pa.DataType] = {
    "text": pa.string(),
    "bigint": pa.int64(),
    "decimal": pa.decimal128(38, 9),
    "bool": pa.bool_(),
    "timestamp": pa.timestamp("us", tz="UTC"),
    "date": pa.date32(),
}
_SAID: dict[ColumnType, tuple[str, str]] = {
    "bigint": ("a whole number", "19 digits"),
    "decimal": ("a number", "29 digits"),
    "bool": ("true or false", ""),
    "timestamp": ("an instant", f"the years {YEARS[0]} to {YEARS[1]}"),
    "date": ("a date", f"the years {YEARS[0]} to {YEARS[1]}"),
    "text": ("text", f"{LONGEST_TEXT:,} characters"),
}


D = TypeVar("D", date, datetime)


def instant(value: object) -> datetime:
    """An ISO instant with zone, or seconds (nine or ten digits) or milliseconds since 1970, in UTC.

    Raises:
        ValueError: none of them, or a year beyond `YEARS` (`Beyond`).
    """
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    text = str(value).strip()
    if text.lstrip("-").isdecimal() and len(text) >= 9:
        try:
            return _sane(datetime.fromtimestamp(int(text) / (1 if len(text) <= 10 else 1000), UTC))
        except (OverflowError, OSError, ValueError):
            raise Beyond(value) from None
    parsed = datetime.fromisoformat(text)
    if parsed.tzinfo is None:
        raise ValueError(f"{text} has no time zone")
    try:
        return _sane(parsed.astimezone(UTC))
    except OverflowError:
        raise Beyond(value) from None


def day(value: object) -> date:
    """A date: `2025-03-04`, or an instant at midnight UTC, which is how vendors send dates.

    Raises:
        ValueError: no date, a time of day besides midnight, or a year beyond `YEARS` (`Beyond`).
    """
    text = str(value).strip()
    if len(text) == 10:
        return _sane(date.fromisoformat(text))
    parsed = datetime.fromisoformat(text) if not text.isdecimal() else instant(text)
    if parsed.time() != time():
        raise ValueError(f"{text} has a time of day")
    return _sane(parsed.date())


def _sane(found: D) -> D:
    if not YEARS[0] <= found.year <= YEARS[1]:
        raise Beyond(found)
    return found


def _whole(value: object) -> int:
    number = decimal(value)
    if number != int(number):
        raise ValueError(value)
    if not -LARGEST_WHOLE <= number <= LARGEST_WHOLE:
        raise Beyond(value)
    return int(number)


def _truth(value: object) -> bool:
    found = (
        value
        if isinstance(value, bool)
        else {"true": True, "false": False, "1": True, "0": False}.get(str(value).strip().lower())
    )
    if found is None:
        raise ValueError(value)
    return found


def _text(value: object) -> str:
    if isinstance(
        value, bytes | bytearray | Mapping | list | tuple | set
    ):  # an object where a text belongs: sources that want it write JSON
        raise ValueError(value)
    text = str(value).lower() if isinstance(value, bool) else str(value)
    if len(text) > LONGEST_TEXT:
        raise Beyond(value)
    return text


_PARSERS: dict[ColumnType, Callable[[object], Any]] = {
    "text": _text,
    "bigint": _whole,
    "decimal": decimal,
    "bool": _truth,
    "timestamp": instant,
    "date": day,
}


def parse(kind: ColumnType, value: object, where: str, warn: Callable[[str], None]) -> Any:
    """One value as `kind`; null, and a warning that begins with `where`, when it is not one or lies beyond
    the bounds."""
    if value is None or value == "":
        return None
    name, limit = _SAID[kind]
    try:
        found = _PARSERS[kind](value)
    except Beyond:
        warn(f"{where} {shown(value)} is beyond {limit}; stored as empty")
        return None
    except ValueError:
        warn(f"{where} {shown(value)} is not {name}; stored as empty")
        return None
    if kind == "text" and _UNSTORABLE.search(found):
        warn(f"{where} holds characters that cannot be stored; each is stored as \ufffd")
        return _UNSTORABLE.sub("\ufffd", found)
    return found


def as_json(value: object) -> str:
    """Vendor's JSON for a column of text, without what cannot be stored."""
    try:
        text = orjson.dumps(value).decode()
    except TypeError:  # half a surrogate pair, or a number of more than 64 bits
        text = ""
    return text if text and "\\u0000" not in text else orjson.dumps(_storable(value)).decode()


def _storable(value: Any) -> Any:
    if isinstance(value, dict):
        return {_UNSTORABLE.sub("\ufffd", str(key)): _storable(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_storable(inner) for inner in value]
    if isinstance(value, str):
        return _UNSTORABLE.sub("\ufffd", value)
    return str(value) if isinstance(value, int) and abs(value) > LARGEST_WHOLE else value


def array(
    kind: ColumnType,
    values: Sequence[Any],
    name: str,
    ids: Sequence[Any],
    table: str,
    warn: Callable[[str], None],
) -> pa.Array:
    """A column. The quick way is Arrow's own; only where there is none, or Arrow refuses, is each value
    looked at and named."""
    try:
        quick = _arrow_array(kind, values)
    except (pa.ArrowException, OverflowError, UnicodeEncodeError):
        quick = None
    if quick is not None and _within(kind, quick):
        return quick
    return pa.array(
        [parse(kind, value, f"{table} {key}: {name}", warn) for key, value in zip(ids, values, strict=True)],
        ARROW[kind],
    )


def _arrow_array(kind: ColumnType, values: Sequence[Any]) -> pa.Array | None:
    """The column as Arrow itself reads it; None where it would read it otherwise than we do."""
    if all(value is None for value in values):
        return pa.nulls(len(values), ARROW[kind])
    if kind == "text":
        # Arrow would take bytes for text
        return (
            pa.array(values, ARROW[kind])
            if all(value is None or isinstance(value, str) for value in values)
            else None
        )
    texts = any(isinstance(value, str) for value in values)
    if kind == "bool":
        return pa.array(values, ARROW[kind])
    if kind == "bigint" and not texts:
        found = pa.array(values)  # asked for int64 Arrow would cut 0.5 to 0
        return found if found.type == ARROW[kind] else None
    if not texts:
        return None
    found = pa.array([None if value == "" else value for value in values], pa.string())
    if kind == "bigint" and pc.any(pc.match_substring(found, "x", ignore_case=True)).as_py():
        return None  # hexadecimal to Arrow
    return found.cast(ARROW[kind])


def _within(kind: ColumnType, found: pa.Array) -> bool:
    """Whether every value lies within the bounds that Arrow does not know."""
    if kind == "text":
        longest = pc.max(pc.binary_length(found)).as_py() or 0
        return bool(longest <= LONGEST_TEXT and not pc.any(pc.match_substring(found, "\0")).as_py())
    if kind in ("timestamp", "date"):
        years = pc.min_max(pc.year(found)).as_py()
        return years["min"] is None or (YEARS[0] <= years["min"] and years["max"] <= YEARS[1])
    return kind != "bigint" or (pc.min(found).as_py() or 0) >= -LARGEST_WHOLE


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
        """What is ready to be handed on: one table or none."""
        if self._rows >= FLUSH_ROWS:
            yield from self.rest()

    def rest(self) -> Iterator[pa.Table]:
        """Everything that is left: one table or none."""
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
        """Passes the first warnings of a column on and counts the others."""

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
    """The fields that a vendor always sends, if only as null. One that no row has was renamed or dropped, and
    what it decides is unknown: the table is refused before its rows replace any."""

    def __init__(self, fields: Iterable[str]) -> None:
        self._open, self._lacked, self._rows = set(fields), set[str](), 0
        """Fields that no row has so far, those that some row lacks, and how many rows there are."""

    def look(self, rows: Sequence[Any]) -> None:
        """Note which fields the rows have. A dot leads deeper."""
        self._rows += len(rows)
        for field in sorted(self._open):
            found = {_has(row, field) for row in rows}
            if True in found:
                self._open.remove(field)
            elif False in found:
                self._lacked.add(field)

    def kept(self, batches: Iterable[pa.Table]) -> Iterator[pa.Table]:
        """Pass on rows that were looked at.

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
    """Rows without their key. One of them must not cost its page: it is left out and named."""

    def __init__(self, table: str, needed: str, warn: Warn) -> None:
        self._table, self._needed, self._warn = table, needed, warn
        self.count, self._first = 0, ""

    def sift(self, rows: Sequence[Any], is_good: Callable[[Any], bool]) -> list[dict[str, Any]]:
        """The good rows of a page; the others are counted."""
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
        """Name what was left out beside `good` rows.

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
    """The rows that have `field`; those without are named in a warning and left out.

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
