"""A vendor's values become typed ones, one by one or a column at a time.

A value that is not of its column's kind, or is beyond the bounds below, becomes null. A `BadValue` names it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any, Literal, TypeVar

import orjson
import pyarrow as pa  # imported before any worker thread starts: its import is not thread-safe enough
import pyarrow.compute as pc

from dlt_pipelines.core.source import ColumnType
from foundation.values import YEARS, Beyond, decimal, shown

# bounds: what every column of every source can hold

LARGEST_WHOLE = 2**63 - 1
LONGEST_TEXT = 1_000_000
"""The most characters of a text. A longer text is a file, and JSON that is cut is not JSON."""
_UNSTORABLE = re.compile("[\0\ud800-\udfff]")
"""NUL ends texts in other databases, and half a surrogate pair (a cut emoji) is not UTF-8. Either becomes
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


@dataclass(frozen=True)
class BadValue:
    """A vendor's value that is not stored as it came. Its text is the warning about it."""

    where: str
    """Record and column, for people: `hubspot.deals 9001: amount`."""
    kind: ColumnType
    """The type of the column."""
    value: object
    reason: Literal["not of its kind", "beyond the bounds", "unstorable characters"]

    @property
    def is_lost(self) -> bool:
        """Whether null is stored in its place. Characters that cannot be stored are only replaced."""
        return self.reason != "unstorable characters"

    @property
    def fault(self) -> str:
        """What is wrong with the value, without what happens to it."""
        name, limit = _SAID[self.kind]
        match self.reason:
            case "not of its kind":
                return f"{self.where} {shown(self.value)} is not {name}"
            case "beyond the bounds":
                return f"{self.where} {shown(self.value)} is beyond {limit}"
            case "unstorable characters":
                return f"{self.where} holds characters that cannot be stored"

    def __str__(self) -> str:
        outcome = "stored as empty" if self.is_lost else "each is stored as \ufffd"
        return f"{self.fault}; {outcome}"


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


def read(kind: ColumnType, value: object, where: str) -> tuple[Any, BadValue | None]:
    """Read one value as `kind`: what to store, and what is wrong with the value if anything is.

    `where`: record and column, for the text of the `BadValue`.
    """
    if value is None or value == "":
        return None, None
    try:
        found = _PARSERS[kind](value)
    except Beyond:
        return None, BadValue(where, kind, value, "beyond the bounds")
    except ValueError:
        return None, BadValue(where, kind, value, "not of its kind")
    if kind == "text" and _UNSTORABLE.search(found):
        return _UNSTORABLE.sub("\ufffd", found), BadValue(where, kind, value, "unstorable characters")
    return found, None


def parse(kind: ColumnType, value: object, where: str, warn: Callable[[str], None]) -> Any:
    """Read one value as `kind`, and warn if it is not stored as it came. The warning begins with `where`."""
    found, bad = read(kind, value, where)
    if bad:
        warn(str(bad))
    return found


def as_json(value: object) -> str:
    """Serialize a vendor's JSON for a text column, without what cannot be stored."""
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
    kind: ColumnType, values: Sequence[Any], name: str, ids: Sequence[Any], table: str
) -> tuple[pa.Array, dict[int, BadValue]]:
    """Convert a column: the array of `kind`, and position -> the value that is not stored as it came.

    Arrow converts if it can, otherwise `read()` does, value by value. `name`: the column's, `ids`: of the
    rows; with `table` they say where a bad value is.
    """
    try:
        quick = _arrow_array(kind, values)
    except (pa.ArrowException, OverflowError, UnicodeEncodeError):
        quick = None
    if quick is not None and _within(kind, quick):
        return quick, {}
    found = [read(kind, value, f"{table} {key}: {name}") for key, value in zip(ids, values, strict=True)]
    bad = {place: fault for place, (_, fault) in enumerate(found) if fault}
    return pa.array([value for value, _ in found], ARROW[kind]), bad


def _arrow_array(kind: ColumnType, values: Sequence[Any]) -> pa.Array | None:
    """Let Arrow convert the column; None where its reading differs from ours."""
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
    """Whether every value is within the bounds that Arrow does not know."""
    if kind == "text":
        longest = pc.max(pc.binary_length(found)).as_py() or 0
        return bool(longest <= LONGEST_TEXT and not pc.any(pc.match_substring(found, "\0")).as_py())
    if kind in ("timestamp", "date"):
        years = pc.min_max(pc.year(found)).as_py()
        return years["min"] is None or (YEARS[0] <= years["min"] and years["max"] <= YEARS[1])
    return kind != "bigint" or (pc.min(found).as_py() or 0) >= -LARGEST_WHOLE
