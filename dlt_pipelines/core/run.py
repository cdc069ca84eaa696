"""What one run of a source knows and collects, and the words in which sources declare their tables."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Any, Literal, Protocol

import dlt
from pydantic import BaseModel

from dlt_pipelines.errors import NotAvailable, NotSetUp
from foundation.calendar import local_date, week_start
from foundation.settings import Company, Settings

CONTRACT: dict[str, str] = {"tables": "evolve", "columns": "evolve", "data_type": "freeze"}
"""Without it a text in a number column would quietly become a second column."""

ColumnType = Literal["text", "bigint", "decimal", "bool", "timestamp", "date"]


def table(
    key: str | list[str],
    disposition: Any,
    kinds: Mapping[str, ColumnType],
    *,
    nullable: bool = False,
    parallel: bool = True,
    newest: str | None = None,
) -> Any:
    """Keyword arguments of `@dlt.resource` for one raw table: key, write disposition, contract and every
    column.

    `kinds`: column -> type; timestamps are instants in UTC, decimals DECIMAL(38, 9). `nullable`: key columns
    may hold null too. `parallel`: fetched beside the other tables, in a thread. `newest`: where a load brings
    a key several times, the row stays in which this column is greatest; without it any of them.
    """
    shapes: dict[str, dict[str, Any]] = {
        "decimal": {"data_type": "decimal", "precision": 38, "scale": 9},
        "timestamp": {"data_type": "timestamp", "timezone": True},
    }
    keys = [key] if isinstance(key, str) else key
    return {
        "primary_key": key,
        "write_disposition": disposition,
        "schema_contract": CONTRACT,
        "parallelized": parallel,
        "columns": (
            {
                name: {
                    **shapes.get(kind, {"data_type": kind}),
                    "nullable": nullable or name not in keys,
                    **({"dedup_sort": "desc"} if name == newest else {}),
                }
                for name, kind in kinds.items()
            }
            # dlt's normaliser numbers rows and forbids null there; Arrow tables do not pass through it
            | {"_dlt_id": {"data_type": "text", "nullable": True, "unique": False, "row_key": False}}
        ),
    }


def replaces(scope: str) -> dict[str, Any]:
    """A write disposition: in one transaction the rows that match the SQL condition `scope` give way to the
    rows of this load.

    dlt's own `replace` empties the table first; a run killed at that moment would leave zeros behind.
    """
    return {"disposition": "merge", "strategy": "delete-insert", "destination_scope": scope}


def replaces_same(*keys: str) -> dict[str, Any]:
    """`replaces()` for the rows that share `keys` with a row of this load."""
    names = ", ".join(keys)
    return replaces(f"({names}) IN (SELECT {names} FROM {{staging_table}})")


EVERYTHING = replaces("1 = 1")
"""The table is what the vendor says now."""


MARKED = {
    "deleted_at": ("deleted_at = ?", "deleted_at is null"),
    "removed_at": ("removed_at = ?", "removed_at is null"),
    "archived_at": (
        "archived = true, archived_at = coalesce(archived_at, ?)",
        "not coalesce(archived, false)",
    ),
}
"""Column that says when a row was found to be gone -> how it is set, and of which rows."""
MarkColumn = Literal["deleted_at", "removed_at", "archived_at"]


class Mark(BaseModel):
    """Rows of a table that the vendor no longer has: those with `ids`, or those that a load of everything
    (`where`) did not bring."""

    table: str
    column: MarkColumn
    at: datetime
    ids: list[int | str] | None = None
    load_id: str = ""
    where: str = "true"
    """SQL; nothing outside was asked for, so nothing outside is judged."""
    values: list[int | str] = []
    """Parameters of `where`."""


@dataclass
class Run:
    """One run of one source: what it may use, and what it found out beside rows."""

    settings: Settings
    company: Company
    started_at: datetime
    """Clock of the run, UTC: never ahead of the vendor's own. Every change made before it is asked for;
    cursors go no further."""
    client: Any
    """What the module's `connect()` returned."""
    tables: frozenset[str]
    """Tables this run loads."""
    since: datetime | None = None
    until: datetime | None = None
    """Backfill: only the records made, changed or happened between these instants, and cursors stay where
    they are."""
    person: str | None = None
    """Backfill: only the records of this person, by the vendor's id; "": only those of nobody in `apart`.
    None: of everybody."""
    apart: Collection[str] = ()
    """Backfill: ids of the persons who are pulled one by one."""
    state: Mapping[str, Any] = field(default_factory=dict)
    """The source's dlt state as it was before the run (cursors), without instants that are to come. New
    values are written inside resources."""
    known: dict[str, Any] = field(default_factory=dict)
    """What the module's `recall()` read from the warehouse before the run, and what its resources tell each
    other."""
    warnings: list[str] = field(default_factory=list)
    unavailable: dict[str, str] = field(default_factory=dict)
    """Table -> why this account may not read it."""
    not_set_up: set[str] = field(default_factory=set)
    """Those of them for which company.toml names nothing to read: nobody has to be told."""
    lacking: dict[str, str] = field(default_factory=dict)
    """Table -> what of it could not be read or placed; until it is, numbers above the table are partial."""
    totals: dict[str, int] = field(default_factory=dict)
    """Table -> how many records the vendor says there are, without deleted ones; what the module's `totals()`
        was told."""
    access_ends: datetime | None = None
    """When the account has to be connected anew, where the vendor says so."""
    complete_through: dict[str, datetime] = field(default_factory=dict)
    """Table -> instant, where it is not `started_at`."""
    complete_from: dict[str, datetime] = field(default_factory=dict)
    """Table -> instant from which on records were asked for; absent: from the vendor's beginning."""
    widens: list[str] = field(default_factory=list)
    """Backfill: tables that are complete from `since` on once it is done."""
    marks: list[Mark] = field(default_factory=list)
    """What the vendor no longer has, for after the load."""
    notes: dict[str, str] = field(default_factory=dict)
    """What the module's `settle()` needs to know of the run."""

    @property
    def backfill(self) -> bool:
        """Whether this run re-pulls a window instead of following the cursors."""
        return self.since is not None or self.until is not None

    def due(self, last: str | None, days: int) -> bool:
        """Whether something that is done every so many days is due; `last`: instant or local day (ISO) on
        which it was done.

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
        """The vendor no longer has the rows with these ids: after the load `deleted_at` says so. `at`: when
        they went, if it is known."""
        if found := sorted(ids):
            self.marks.append(Mark(table=table, column="deleted_at", at=at or self.started_at, ids=found))

    def listed(
        self,
        table: str,
        column: MarkColumn = "deleted_at",
        where: str = "true",
        values: Sequence[int | str] = (),
    ) -> None:
        """All that the vendor has of a table's rows with `where` came in this load: after it `column` says
        that the others are gone.

        Only inside a resource. `where`: the window that was asked for; what lies outside is left alone.
        `values`: its parameters.
        """
        mark = Mark(
            table=table,
            column=column,
            at=self.started_at,
            load_id=self.load_id(),
            where=where,
            values=list(values),
        )
        self.marks.append(mark)

    def wants(self, person: object) -> bool:
        """Whether the records of a person (the vendor's id; None: nobody's) belong to this run."""
        if self.person is None:
            return True
        return str(person) == self.person if self.person else str(person) not in self.apart

    def countable(self, names: Iterable[str]) -> list[str]:
        """Those of the tables that hold everything from the vendor's beginning on, so that its own count of
        them can be compared."""
        return sorted(set(names) - self.unavailable.keys() - self.complete_from.keys())

    @staticmethod
    def load_id() -> str:
        """`_dlt_load_id` of the rows of this run; ids grow with time. Only inside a resource."""
        return str(dlt.current.load_package_state()["load_id"])

    @contextlib.contextmanager
    def reading(self, name: str) -> Iterator[None]:
        """Around the fetching of one table: a missing permission skips the table, any other error stops the
        other tables' requests too."""
        try:
            yield
        except NotAvailable as error:
            self.unavailable[name] = str(error)
            if isinstance(error, NotSetUp):
                self.not_set_up.add(name)
        except Exception as error:
            if hasattr(self.client, "stop"):
                self.client.stop(error)
            raise

    def refuse_fed(self, feeds: Mapping[str, Collection[str]]) -> None:
        """After the fetching: a table that only the pulls of others fill is refused when all of them are.
        Nobody has taken its rows.

        `feeds`: table -> the tables that fill it. One that several fill stays while one of them may be read:
        whoever needs the part of a refused one needs that table as well.
        """
        for name, feeders in feeds.items():
            if name in self.tables and self.unavailable.keys() >= set(feeders):
                self.unavailable.setdefault(name, next(self.unavailable[feeder] for feeder in feeders))

    def reaches_back(
        self, name: str, start: date | None, *, whole: bool, zone: tzinfo | None = None
    ) -> datetime | None:
        """From when on records are asked for: the beginning of `start_date` in company.toml; None: from the
        vendor's beginning. Call inside a resource.

        The ledger hears from when on the table was really read: what held when all of it was read (`whole`:
        this run does), not what company.toml says now. An earlier start takes a backfill. `zone`: the
        account's, if not the company's.
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

    def warn(self, text: str, *, lacks: str = "") -> None:
        """Add a warning, once. `lacks`: the table (`sends` or `smartlead.sends`) that lacks rows for it."""
        if lacks:
            name = lacks.rpartition(".")[2]
            self.lacking[name] = "; ".join(dict.fromkeys(filter(None, (self.lacking.get(name), text))))
        if text not in self.warnings:
            self.warnings.append(text)


class Warn(Protocol):
    """`Run.warn`, for what knows no run."""

    def __call__(self, text: str, *, lacks: str = "") -> None: ...


def streamed(run: Run | None, name: str, fetch: Callable[[Run], Iterable[Any]]) -> Iterator[Any]:
    """Body of a resource that hands on rows as they come: the table is declared before the first of them;
    without `run` that is all."""
    yield dlt.mark.materialize_table_schema()
    if run:
        with run.reading(name):
            yield from fetch(run)


def whole(run: Run | None, name: str, fetch: Callable[[Run], Iterable[Any]]) -> Iterator[Any]:
    """Body of a resource that replaces what was there: rows are handed on when all of them have come, so that
    half never replaces all."""
    rows: list[Any] = []
    if run:
        with run.reading(name):
            rows = list(fetch(run))
        if name in run.unavailable:
            return  # an empty load would empty the table; what was known stays
    yield dlt.mark.materialize_table_schema()
    yield rows


def snapshot_day(run: Run, name: str) -> str:
    """The `snapshot_date` of a dated snapshot that is taken now: the company's local day, ISO. Only inside a
    resource.

    Notes when the first one was taken: what the vendor cannot tell again later is not known from before it.
    """
    first = run.state.get("snapshots_since", {}).get(name, run.started_at.isoformat())
    dlt.current.source_state().setdefault("snapshots_since", {})[name] = first
    run.complete_from[name] = datetime.fromisoformat(first)
    return local_date(run.started_at, run.company.zone).isoformat()
