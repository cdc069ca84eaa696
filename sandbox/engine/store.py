"""What the sandbox remembers: every record as a list of versions, and the state that is visible at an
instant.

A version holds what changed (a delta); the state of a record is the merge of all its versions at or before
the clock. So moving the clock makes records appear, change, be archived and vanish, without a random number
drawn while serving. Instants are integers: milliseconds since 1970 in UTC.
"""

from __future__ import annotations

import bisect
import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from sandbox.engine.finances import Finances, NoFinances

LIVE, ARCHIVED, GONE = 0, 1, 2

Props = dict[str, Any]
Links = dict[str, tuple[int, ...]]


@contextmanager
def not_collecting() -> Iterator[None]:
    """For code that makes many records and no garbage: collecting would cost up to four times as much."""
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            gc.enable()


def to_ms(instant: datetime) -> int:
    """Milliseconds since 1970 of an instant that has a time zone."""
    return round(instant.timestamp() * 1000)


def from_ms(ms: int) -> datetime:
    """The instant in UTC."""
    return datetime.fromtimestamp(ms / 1000, UTC)


def local_ms(zone: ZoneInfo, day: date, hours: float) -> int:
    """The instant at which the wall clock of `zone` shows `hours` (for example 23.5) on `day`, to the
    millisecond."""
    total = round(hours * 3_600_000)
    seconds, milli = divmod(total, 1000)
    wall = datetime.combine(day, time(seconds // 3600, seconds // 60 % 60, seconds % 60), tzinfo=zone)
    return int(wall.timestamp()) * 1000 + milli


def parse_ms(text: str) -> int:
    """Milliseconds of an ISO text (a date alone is its UTC midnight, a missing zone is UTC).

    Raises:
        ValueError: no ISO date or date-time.
    """
    instant = datetime.fromisoformat(text)
    return to_ms(instant if instant.tzinfo else instant.replace(tzinfo=UTC))


class Version(NamedTuple):
    """One change of a record: from `at` on it has `props` over what it had, and these `links` and this state
    (None: as before)."""

    at: int
    props: Props
    links: Links | None
    state: int | None


class Row(NamedTuple):
    """A record as of the clock. `changed` is the instant of the newest version."""

    id: Any
    props: Props
    links: Links
    changed: int
    state: int


@dataclass(eq=False)
class Store:
    """Tables of records by id; ids of one table are all integers or all texts."""

    tables: dict[str, dict[Any, list[Version]]] = field(default_factory=dict)
    zone: ZoneInfo = ZoneInfo("UTC")
    """The company's time zone."""
    finances: Finances = field(default_factory=NoFinances)
    pending: dict[str, Callable[[], None]] = field(default_factory=dict)
    """Vendor -> writes that vendor's tables; called when the vendor is first asked for something, so that a
        start stays quick."""

    def open(self, vendor: str) -> bool:
        """Write what is pending for a vendor. Returns whether there was something."""
        write = self.pending.pop(vendor, None)
        if write is None:
            return False
        with not_collecting():
            write()
        return True

    def add(self, table: str, record_id: Any, at: int, props: Props, links: Links | None = None) -> None:
        """A new record."""
        self.tables.setdefault(table, {})[record_id] = [Version(at, props, links, LIVE)]

    def change(
        self,
        table: str,
        record_id: Any,
        at: int,
        props: Props,
        links: Links | None = None,
        state: int | None = None,
    ) -> None:
        """A later version of a record that exists: `props` over what it had. Versions may be told in any
        order."""
        versions = self.tables[table][record_id]
        versions.append(Version(at, props, links, state))
        if len(versions) > 1 and versions[-2].at > at:
            versions.sort(key=lambda version: version.at)

    def versions(self, table: str, record_id: Any, until: int) -> list[Version]:
        """The versions of a record at or before `until`, oldest first."""
        return [version for version in self.tables.get(table, {}).get(record_id, []) if version.at <= until]

    def instants(self) -> list[int]:
        """Every instant at which something changes, sorted."""
        return sorted(
            {
                version.at
                for records in self.tables.values()
                for versions in records.values()
                for version in versions
            }
        )


class Table:
    """The visible rows of one table, sorted by id, with parsed columns kept for filters and sorts."""

    def __init__(self, rows: list[Row]) -> None:
        self.rows = rows
        self.ids = [row.id for row in rows]
        self.by_id = {row.id: row for row in rows}
        self._columns: dict[str, list[Any]] = {}

    def column(self, name: str, parse: Callable[[Any], Any]) -> list[Any]:
        """One value per row, parsed once; None where the row has none."""
        if name not in self._columns:
            self._columns[name] = [
                None if (value := row.props.get(name)) is None else parse(value) for row in self.rows
            ]
        return self._columns[name]

    def start(self, at_least: Any) -> int:
        """Position of the first row whose id is at or above `at_least`."""
        return bisect.bisect_left(self.ids, at_least)

    def __iter__(self) -> Iterator[Row]:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)


class View:
    """The store as of one instant. A table is computed when it is first asked for."""

    def __init__(self, store: Store, at: int) -> None:
        self.store, self.at = store, at
        self._tables: dict[tuple[str, int], Table] = {}
        self._reverse: dict[tuple[str, str], dict[int, tuple[int, ...]]] = {}

    def table(self, name: str, state: int = LIVE) -> Table:
        """The rows of a table that are live (or archived) at this instant."""
        key = (name, state)
        if key not in self._tables:
            rows = []
            for record_id, versions in self.store.tables.get(name, {}).items():
                row = _at(record_id, versions, self.at)
                if row is not None and row.state == state:
                    rows.append(row)
            rows.sort(key=lambda row: row.id)
            self._tables[key] = Table(rows)
        return self._tables[key]

    def linked(self, name: str, row: Row, to: str) -> tuple[int, ...]:
        """Ids of `to` that the row is linked with, in whichever of the two tables the link was kept; archived
        ones are left out."""
        if to in row.links:
            found = row.links[to]
        else:
            key = (name, to)
            if key not in self._reverse:
                index: dict[int, list[int]] = {}
                for other in self.table(to):
                    for target in other.links.get(name, ()):
                        index.setdefault(target, []).append(other.id)
                self._reverse[key] = {target: tuple(ids) for target, ids in index.items()}
            found = self._reverse[key].get(row.id, ())
        if not found:
            return ()
        live = self.table(to).by_id
        return tuple(target for target in found if target in live)


def _at(record_id: Any, versions: list[Version], at: int) -> Row | None:
    if versions[0].at > at:
        return None
    if len(versions) == 1 or versions[1].at > at:
        return Row(record_id, versions[0].props, versions[0].links or {}, versions[0].at, LIVE)
    merged: Props = {}
    changed, links, state = versions[0].at, versions[0].links, LIVE
    for version in versions:
        if version.at > at:
            break
        merged.update(version.props)
        changed = version.at
        links = version.links if version.links is not None else links
        # what was archived or deleted stays so, whatever was meant to happen to it later
        state = max(state, version.state or LIVE)
    return Row(record_id, merged, links or {}, changed, state)
