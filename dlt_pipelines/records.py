"""Vendor values become typed columns: strictly, quickly, and without losing a row over one bad value.

Pages become Arrow batches while they are hot, and about 20,000 rows are handed to dlt at a time: three times faster than dicts.
A value that is not what its column says is stored as null and named in a warning; its row stays.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time
from decimal import Context, Decimal, InvalidOperation
from typing import Any

import pyarrow as pa  # imported before any worker thread starts: its import is not thread-safe enough

from dlt_pipelines.errors import PermanentError
from dlt_pipelines.run import ColumnType

FLUSH_ROWS = 20_000

ARROW: dict[ColumnType, pa.DataType] = {
    "text": pa.string(),
    "bigint": pa.int64(),
    "decimal": pa.decimal128(38, 9),
    "bool": pa.bool_(),
    "timestamp": pa.timestamp("us", tz="UTC"),
    "date": pa.date32(),
}
_WIDE = Context(prec=60)  # the default of 28 digits cannot round a DECIMAL(38, 9)
_SAID: dict[ColumnType, str] = {
    "bigint": "a whole number",
    "decimal": "a number",
    "bool": "true or false",
    "timestamp": "an instant",
    "date": "a date",
    "text": "text",
}


def decimal(value: object) -> Decimal:
    """A number as DECIMAL(38, 9).

    Raises:
        ValueError: no number, not finite, or too large.
    """
    try:
        number = Decimal(str(value).strip())
    except InvalidOperation:
        raise ValueError(value) from None
    if isinstance(value, bool) or not number.is_finite() or abs(number) >= Decimal(10) ** 29:
        raise ValueError(value)
    return number.quantize(Decimal("1e-9"), context=_WIDE)


def instant(value: object) -> datetime:
    """An ISO instant with zone, or seconds (nine or ten digits) or milliseconds since 1970, in UTC.

    Raises:
        ValueError: none of them.
    """
    text = str(value).strip()
    if text.lstrip("-").isdigit() and len(text) >= 9:
        return datetime.fromtimestamp(int(text) / (1 if len(text) <= 10 else 1000), UTC)
    parsed = datetime.fromisoformat(text)
    if parsed.tzinfo is None:
        raise ValueError(f"{text} has no time zone")
    return parsed.astimezone(UTC)


def day(value: object) -> date:
    """A date: `2025-03-04`, or an instant at midnight UTC, which is how vendors send dates.

    Raises:
        ValueError: no date, or a time of day besides midnight.
    """
    text = str(value).strip()
    if len(text) == 10:
        return date.fromisoformat(text)
    parsed = datetime.fromisoformat(text) if not text.isdigit() else instant(text)
    if parsed.time() != time():
        raise ValueError(f"{text} has a time of day")
    return parsed.date()


def _whole(value: object) -> int:
    number = decimal(value)
    if number != int(number):
        raise ValueError(value)
    return int(number)


def _truth(value: object) -> bool:
    truths = {"true": True, "false": False, "1": True, "0": False}
    return value if isinstance(value, bool) else truths[str(value).strip().lower()]


_PARSERS: dict[ColumnType, Callable[[object], Any]] = {
    "text": str,
    "bigint": _whole,
    "decimal": decimal,
    "bool": _truth,
    "timestamp": instant,
    "date": day,
}


def parse(kind: ColumnType, value: object, where: str, warn: Callable[[str], None]) -> Any:
    """One value as `kind`; null, and a warning that begins with `where`, when it is not one."""
    if value is None or value == "":
        return None
    try:
        return _PARSERS[kind](value)
    except (ValueError, KeyError, OverflowError):
        warn(f'{where} "{str(value)[:80]}" is not {_SAID[kind]}; stored as empty')
        return None


def array(kind: ColumnType, values: Sequence[Any], name: str, ids: Sequence[Any], table: str, warn: Callable[[str], None]) -> pa.Array:
    """A column. The quick way is Arrow's own; only where there is none, or Arrow refuses, is each value looked at and named."""
    try:
        quick = _arrow_array(kind, values)
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError):
        quick = None
    if quick is not None:
        return quick
    return pa.array([parse(kind, value, f"{table} {key}: {name}", warn) for key, value in zip(ids, values, strict=True)], ARROW[kind])


def _arrow_array(kind: ColumnType, values: Sequence[Any]) -> pa.Array | None:
    """The column as Arrow itself reads it; None where it would read numbers or instants otherwise than we do."""
    texts = any(isinstance(value, str) for value in values)
    if kind in ("text", "bool") or (kind == "bigint" and not texts):
        return pa.array(values, ARROW[kind])
    return pa.array([value or None for value in values], pa.string()).cast(ARROW[kind]) if texts else None


class Batches:
    """Collects pages of one table and hands them on as Arrow tables of about FLUSH_ROWS rows.

    `key`: the column that names a row in warnings; of a tuple the first, and none of them is ever null.
    """

    def __init__(self, table: str, kinds: Mapping[str, ColumnType], warn: Callable[[str], None], key: str | tuple[str, ...] = "id") -> None:
        self._table, self._kinds, self._warn = table, kinds, warn
        self._key, filled = (key, ("id",)) if isinstance(key, str) else (key[0], key)
        self._schema = pa.schema([pa.field(name, ARROW[kind], nullable=name not in filled) for name, kind in kinds.items()])
        self._batches: list[pa.RecordBatch] = []
        self._rows = 0

    def add(self, columns: Mapping[str, Sequence[Any]]) -> None:
        """Add a page: column name -> its values, all of one length."""
        ids = columns[self._key]
        if not ids:
            return
        arrays = [array(kind, columns[name], name, ids, self._table, self._warn) for name, kind in self._kinds.items()]
        self._batches.append(pa.RecordBatch.from_arrays(arrays, schema=self._schema))
        self._rows += len(ids)

    def full(self) -> Iterator[pa.Table]:
        """What is ready to be handed on: one table or none."""
        if self._rows >= FLUSH_ROWS:
            yield from self.rest()

    def rest(self) -> Iterator[pa.Table]:
        """Everything that is left: one table or none."""
        if self._batches:
            table = pa.Table.from_batches(self._batches).combine_chunks()
            self._batches, self._rows = [], 0
            yield table


Fields = Mapping[str, tuple[str, ColumnType]]
"""Column -> (field on the wire, type). A dot leads deeper: `statistics.first_reply_at`."""


def typed(
    table: str,
    fields: Fields,
    pages: Iterable[Sequence[Any]],
    warn: Callable[[str], None],
    *,
    key: str | tuple[str, ...] = "id",
    may_lack: Collection[str] = (),
) -> Iterator[pa.Table]:
    """Pages of dicts as Arrow tables of about FLUSH_ROWS rows.

    Args:
        table: named in warnings, for example `copper.activities`.
        key: the column that names a row in warnings and that every row must have; where several make the key, all of them, that one first.
        may_lack: columns whose field the vendor leaves out when it is empty. Any other field that no row has is named in a
            warning: the vendor may have renamed it.

    Raises:
        PermanentError: something that is no row, or a row without its key.
    """
    needed = [fields[name][0] for name in ((key,) if isinstance(key, str) else key)]
    batches = Batches(table, {column: kind for column, (_, kind) in fields.items()}, warn, key)
    lacking, rows = {column for column in fields if column not in may_lack}, 0
    for page in pages:
        for row in page:
            if not isinstance(row, dict) or any(at(row, where) in (None, "") for where in needed):
                raise PermanentError(f"{table}: expected every row to have {' and '.join(needed)}, got {str(row)[:200]}")
        rows += len(page)
        batches.add({column: [at(row, where) for row in page] for column, (where, _) in fields.items()})
        lacking -= {column for column in lacking if any(_has(row, fields[column][0]) for row in page)}
        yield from batches.full()
    yield from batches.rest()
    if rows:
        for column in sorted(lacking):
            warn(f"{table}: the vendor sends no {fields[column][0]} any more ({rows} rows without it); {column} is stored as empty")


def sound(table: str, rows: Sequence[Any], field: str, warn: Callable[[str], None]) -> list[dict[str, Any]]:
    """The rows that have `field`. One broken row must not cost its page: those without are named in a warning and left out.

    Raises:
        PermanentError: none has it: the vendor sends something else now.
    """
    found = [row for row in rows if isinstance(row, dict) and row.get(field) not in (None, "")]
    if len(found) == len(rows):
        return found
    first = next(row for row in rows if not isinstance(row, dict) or row.get(field) in (None, ""))
    # names only: values of a row that is not understood may be anything
    said = f"has {', '.join(map(str, first))}" if isinstance(first, dict) else f"is {str(first)[:80]}"
    if not found:
        raise PermanentError(f"{table}: expected every row to have {field}, but the first {said[:200]}")
    warn(f"{table}: {len(rows) - len(found)} of {len(rows)} rows without {field} are left out; the first {said[:200]}")
    return found


def at(row: Any, where: str) -> Any:
    """The value of a field; None where it or anything on the way to it is missing."""
    for name in where.split("."):
        row = row.get(name) if isinstance(row, dict) else None
    return row


def _has(row: Any, where: str) -> bool:
    way, _, name = where.rpartition(".")
    inner = at(row, way) if way else row
    # what lies in something that is empty is not missing
    return inner is None or (isinstance(inner, dict) and name in inner)
