"""One run of a source: its inputs, its memory, and what it learns beside rows."""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Any, Generic, Literal, Protocol

import dlt
from pydantic import BaseModel
from typing_extensions import TypeVar

from dlt_pipelines.core.window import CURSORS, Window
from dlt_pipelines.errors import NotAvailable, NotSetUp
from dlt_pipelines.wire.client import Client
from dlt_pipelines.wire.connection import Connection
from foundation.calendar import local_date, week_start
from foundation.settings import Company, Settings

MARKED = {
    "deleted_at": ("deleted_at = ?", "deleted_at is null"),
    "removed_at": ("removed_at = ?", "removed_at is null"),
    "archived_at": (
        "archived = true, archived_at = coalesce(archived_at, ?)",
        "not coalesce(archived, false)",
    ),
}
"""Column that says when a row was found to be gone -> how it is set, and for which rows."""
MarkColumn = Literal["deleted_at", "removed_at", "archived_at"]


class Unread(BaseModel):
    """A value that came and could not be stored, so nobody knows whether, when or by how much its record
    counts."""

    table: str
    key: str
    """Column of the table that holds `record_id`."""
    record_id: str
    column: str
    said: str
    """The warning that names it."""
    dates: list[datetime | date]
    """The record's other instants and days: on one of them it counts, as far as anybody can tell."""


MOST_UNREAD = 1000
"""Unread values of one table and load that are noted one by one; a table with more of them is partial."""


class Mark(BaseModel):
    """Rows that the vendor no longer has: those with `ids`, or those that match `where` and did not come in a
    full load."""

    table: str
    column: MarkColumn
    at: datetime
    ids: list[int | str] | None = None
    load_id: str = ""
    where: str = "true"
    """SQL condition: the window that was asked for. Rows outside it are not judged."""
    values: list[int | str] = []
    """Parameters of `where`."""


C = TypeVar("C", bound=Connection, default=Client[Any])
"""What a source's `connect()` returns."""
M = TypeVar("M", default=None)
"""What a run of a source remembers."""


@dataclass
class Run(Generic[C, M]):
    """One run of one source: its inputs, its state, and what it learns beside rows."""

    settings: Settings
    company: Company
    started_at: datetime
    """The run's clock (UTC), never ahead of the vendor's. The run asks for every change before this instant,
    and cursors do not pass it."""
    client: C
    """What the source's `connect()` returned."""
    memory: M
    """What `recall()` read from the warehouse, and what the tables tell each other."""
    tables: frozenset[str]
    """Tables this run loads."""
    window: Window = CURSORS
    """Which records a backfill reads again."""
    state: Mapping[str, Any] = field(default_factory=dict)
    """The source's dlt state (cursors) as it was before the run, without instants in the future. New values
    are written inside resources."""
    warnings: list[str] = field(default_factory=list)
    unavailable: dict[str, str] = field(default_factory=dict)
    """Table -> why this account may not read it."""
    not_set_up: set[str] = field(default_factory=set)
    """Those for which company.toml names nothing to read: nobody has to be told."""
    lacking: dict[str, str] = field(default_factory=dict)
    """Table -> what could not be read or stored of it. Until it can, numbers that use the table are
    partial."""
    unread: dict[str, list[Unread]] = field(default_factory=dict)
    """Table -> values that could not be stored, of rows that were stored."""
    totals: dict[str, int] = field(default_factory=dict)
    """Table -> how many records the vendor says there are, without deleted ones (see `Source.totals`)."""
    access_ends: datetime | None = None
    """When access ends and the account must be connected again (UTC), if the vendor says so."""
    complete_through: dict[str, datetime] = field(default_factory=dict)
    """Table -> instant (UTC), if it is not `started_at`."""
    complete_from: dict[str, datetime] = field(default_factory=dict)
    """Table -> instant (UTC) from which records were asked for; absent: from the vendor's beginning."""
    widens: list[str] = field(default_factory=list)
    """Backfill: tables that are complete from `since` on once it is done."""
    marks: list[Mark] = field(default_factory=list)
    """What the vendor no longer has. The load marks it."""
    came: dict[str, int] = field(default_factory=dict)
    """Table that is handed on page by page -> how many rows have come."""
    snapshot_days: dict[str, str] = field(default_factory=dict)
    """Table -> the local day (ISO) of the snapshot that this run takes."""

    @property
    def backfill(self) -> bool:
        """Whether this run re-pulls a window instead of following the cursors."""
        return self.window.is_backfill

    def due(self, last: str | None, days: int) -> bool:
        """Whether something done every `days` days is due. `last`: the instant or local day (ISO) of the last
        time.

        Whole weeks end with the company's Monday, so that what is done weekly is done before Monday's mail.
        """
        if last is None:
            return True
        zone = self.company.zone
        today = local_date(self.started_at, zone)
        then = date.fromisoformat(last) if len(last) == 10 else local_date(datetime.fromisoformat(last), zone)
        if days % 7 == 0:
            today, then = week_start(today), week_start(then)
        return today - then >= timedelta(days=days)

    def gone(self, table: str, ids: Iterable[int | str], *, at: datetime | None = None) -> None:
        """Mark rows that the vendor no longer has: the load sets their `deleted_at`. `at`: when they were
        deleted, if it is known."""
        if found := sorted(ids):
            self.marks.append(Mark(table=table, column="deleted_at", at=at or self.started_at, ids=found))

    def compared(self, table: str, known: Collection[int | str], there: Collection[int | str | None]) -> None:
        """Mark the `known` rows that are missing in a list of the same window: the vendor no longer has them.

        Only inside a resource. `known` and `there`: ids. One that is None may be any of them, so
        nothing follows from such a list.

        Raises:
            NotAvailable: the list is empty, although rows are known (see `doubt_empty`).
        """
        self.doubt_empty(f"{table} by id", len(there), before=len(known))
        if None not in there:
            self.gone(table, set(known).difference(there))

    def listed(
        self,
        table: str,
        column: MarkColumn = "deleted_at",
        where: str = "true",
        values: Sequence[int | str] = (),
        rows: int | None = None,
    ) -> None:
        """Mark the rows that match `where` and did not come in this load, which read all of them: the load
        sets their `column`.

        Only inside a resource. `where`: the window that was asked for; rows outside it are left alone.
        `values`: its parameters. `rows`: how many came, where these are not all rows handed on so far.

        Raises:
            NotAvailable: none came, where there were rows before (see `doubt_empty`).
        """
        if rows is None:
            rows = self.came.get(table)
        if rows is not None:
            self.doubt_empty(table, rows)
        mark = Mark(
            table=table,
            column=column,
            at=self.started_at,
            load_id=self.load_id(),
            where=where,
            values=list(values),
        )
        self.marks.append(mark)

    def doubt_empty(self, name: str, rows: int, before: int | None = None) -> None:
        """Record how many rows a list has that was read in full. An empty list after a filled one is more
        often an outage than the truth, so it is believed only if a later local day says the same.

        Only inside a resource. `name`: the table, or the list that several tables rest on. `before`: how many
        rows it should have, where that is not what it had the last time.

        Raises:
            NotAvailable: the list came empty for the first day; what is stored stays.
        """
        last = self.state.get("whole_rows", {}).get(name, {})
        expected = last.get("rows") if before is None else before
        now: dict[str, Any] = {"rows": rows}
        if not rows and expected:
            today = local_date(self.started_at, self.company.zone).isoformat()
            since = last.get("empty_since", today)
            if since >= today:
                now = {"rows": expected, "empty_since": since}
        if not self.backfill or "empty_since" in now:
            dlt.current.source_state().setdefault("whole_rows", {})[name] = now
        if "empty_since" in now:
            raise NotAvailable(
                f"the list of {name.replace('_', ' ')} came empty, although {expected:,} rows were there"
                " before; the stored rows stay. If it is empty on a later day too, the load accepts it"
            )

    def countable(self, names: Iterable[str]) -> list[str]:
        """Return the tables that hold everything since the vendor's beginning: the vendor's own counts can be
        compared with them."""
        return sorted(set(names) - self.unavailable.keys() - self.complete_from.keys())

    @staticmethod
    def load_id() -> str:
        """`_dlt_load_id` of the rows of this run; ids grow with time. Only inside a resource."""
        return str(dlt.current.load_package_state()["load_id"])

    @contextlib.contextmanager
    def reading(self, name: str) -> Iterator[None]:
        """Wrap the fetch of one table. A missing permission skips the table; any other error stops the whole
        run."""
        try:
            yield
        except NotAvailable as error:
            self.unavailable[name] = str(error)
            if isinstance(error, NotSetUp):
                self.not_set_up.add(name)
        except Exception as error:
            self.client.stop(error)
            raise

    def refuse(self, name: str, why: str) -> None:
        """Mark a table as refused, also one that the account may read in part: nobody knows which part a
        number needs."""
        self.unavailable[name] = "; ".join(dict.fromkeys(filter(None, (self.unavailable.get(name), why))))

    def refuse_fed(self, feeds: Mapping[str, Collection[str]]) -> None:
        """Mark a derived table as refused if every table that fills it was refused. Call after the fetch.

        `feeds`: table -> the tables that fill it. While one of them can be read, the derived table stays: a
        number that needs the part of a refused table depends on that table as well.
        """
        for name, feeders in feeds.items():
            if name in self.tables and self.unavailable.keys() >= set(feeders):
                self.unavailable.setdefault(name, next(self.unavailable[feeder] for feeder in feeders))

    def reaches_back(
        self, name: str, start: date | None, *, whole: bool, zone: tzinfo | None = None
    ) -> datetime | None:
        """Return the instant from which records are asked for: the beginning of `start_date` in company.toml;
        None: from the vendor's beginning. Call inside a resource.

        The ledger records from when the table was really read: the start of the last run that read all of it
        (`whole`: this one does), not what company.toml says now. An earlier start needs a backfill. `zone`:
        the account's, if not the company's.
        """
        begins = datetime.combine(start, time(), zone or self.company.zone).astimezone(UTC) if start else None
        now = begins.isoformat() if begins else ""
        held = now if whole else self.state.get("read_from", {}).get(name, now)
        if not self.backfill:
            dlt.current.source_state().setdefault("read_from", {})[name] = held
        if held:
            self.complete_from[name] = datetime.fromisoformat(held)
        if self.backfill:
            self.widens.append(name)
        return begins

    def advances(self, name: str) -> bool:
        """Whether the cursor of a table may move: not in a backfill, and not past rows that it lacks."""
        return not self.backfill and name not in self.lacking

    def warn(self, text: str, *, lacks: str = "", unread: Sequence[Unread] = ()) -> None:
        """Add a warning, once. `lacks`: the table (`sends` or `smartlead.sends`) that lacks rows for it.
        `unread`: the values that it is about, all of one table."""
        for one in unread:
            noted = self.unread.setdefault(one.table, [])
            noted.append(one)
            if len(noted) > MOST_UNREAD:
                lacks = one.table
        if lacks:
            name = lacks.rpartition(".")[2]
            self.lacking[name] = "; ".join(dict.fromkeys(filter(None, (self.lacking.get(name), text))))
        if text not in self.warnings:
            self.warnings.append(text)


class Warn(Protocol):
    """The signature of `Run.warn`, for code that has no `Run`."""

    def __call__(self, text: str, *, lacks: str = "", unread: Sequence[Unread] = ()) -> None: ...


def snapshot_day(run: Run[Any, Any], name: str) -> str:
    """Return the `snapshot_date` of a snapshot that is taken now: the company's local day, ISO. Only inside a
    resource.

    Records when the first one was taken. Data before the first snapshot is unknown.
    """
    first = run.state.get("snapshots_since", {}).get(name, run.started_at.isoformat())
    dlt.current.source_state().setdefault("snapshots_since", {})[name] = first
    run.complete_from[name] = datetime.fromisoformat(first)
    run.snapshot_days[name] = local_date(run.started_at, run.company.zone).isoformat()
    return run.snapshot_days[name]
