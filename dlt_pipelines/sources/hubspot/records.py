"""HubSpot's records: what is new or changed, with its associations and, of deals, its history."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

import dlt
import pyarrow as pa
import pyarrow.compute as pc

from dlt_pipelines.core.records import Batches, Promised, Strange, at
from dlt_pipelines.core.source import Table, replaces_same
from dlt_pipelines.core.values import parse
from dlt_pipelines.errors import NotAvailable
from dlt_pipelines.sources.hubspot.api import (
    FULL_DAYS,
    is_record,
    paged,
    parsed_instant,
    path,
    results,
)
from dlt_pipelines.sources.hubspot.associations import Associations
from dlt_pipelines.sources.hubspot.fields import (
    DECIDING,
    HISTORY_COLUMNS,
    LINK,
    PROPERTIES,
    RECORD,
    TARGETS,
    properties,
)
from dlt_pipelines.sources.hubspot.history import History
from dlt_pipelines.sources.hubspot.memory import HubSpotRun
from dlt_pipelines.sources.hubspot.searches import Filter, Search, between

OVERLAP = timedelta(minutes=20)
"""The search index lags behind writes by seconds to minutes, and the two clocks may differ by ten minutes."""
LINKED = tuple(name for name, targets in TARGETS.items() if targets)
"""Objects whose pull brings associations."""

WITHOUT_DIRECTION = "mails come without their direction, so nobody knows which of them were sent"
MAIL_SCOPE = "Add the scope sales-email-read to the key (HubSpot: Development, Keys)."


class Pull:
    """Fetches one kind of object (`name`): a full list, or what changed. Its rows go out as Arrow tables;
    its associations and histories go to the tables that hold them."""

    def __init__(self, run: HubSpotRun, name: str) -> None:
        self.run, self.name, self.client = run, name, run.client
        # the object with the most pages sets the pace, so its next page never waits behind another's
        self.rank = {"contacts": 0, "companies": 1}.get(name, 5)
        self.columns = properties(run.company, name)
        self.rows = Batches(f"hubspot.{name}", {**RECORD, **PROPERTIES[name]}, run.warn)
        # a property that held values and that no record has any more is gone as well
        known = {*DECIDING[name], *run.memory.filled.get(name, ())}
        self.promised = Promised([self.columns[column] for column in known])
        self.search = Search(run, name, [*self.columns.values()], self.rank)
        self.links = Associations(run, name, self.rank)
        self.history = History(run) if name == "deals" and "deal_history" in run.tables else None
        self.strange = Strange(f"hubspot.{name}", "an id (text) and properties", run.warn)
        self.sound = 0
        """Records that have them."""
        self.found_ids: list[str] = []
        self.gone: list[str] = []
        """Ids of what a search brought, and of the archived records."""
        self.directed = self.undirected = 0
        """Mails with and without a direction."""

    def tables(self) -> Iterator[pa.Table]:
        """Yield the rows, and move the cursor once all of them have come."""
        run, name = self.run, self.name
        cursor = run.state.get("objects", {}).get(name, {})
        new = {"pulled_at": run.started_at.isoformat()}
        pulled_at = parsed_instant(cursor.get("pulled_at"))
        # contacts and companies have no start date: what records point at must be there, however old it is
        start = None if name in ("contacts", "companies") else run.company.hubspot.start_date
        tables = (name, "deal_history") if self.history else (name,)
        if self.history and not run.backfill and pulled_at and "with_history" in cursor:
            self.history.known_until = pulled_at - OVERLAP
        unread = self.history is not None and self.history.known_until is None
        # what was associated while the key could not see it has not changed since
        targets = self.links.targets
        regained = "links_refused" in cursor and self.links.readable(targets) == targets
        whole = not run.backfill and (
            pulled_at is None or run.due(cursor.get("full_at"), FULL_DAYS) or unread or regained
        )
        begins = [run.reaches_back(table, start, whole=whole) for table in tables][0]
        if run.backfill:
            yield from self._search(self._window(run.window.since, run.window.until))
        elif whole or pulled_at is None:
            yield from self._search(self._window(begins, None)) if begins else self._list(archived=False)
            self._listed_all(begins)
            new["full_at"] = new["pulled_at"]
        else:
            yield from self._changed(pulled_at - OVERLAP)
            run.complete_through |= dict.fromkeys(tables, run.started_at - OVERLAP)
        if begins or "differs" in cursor or self._beyond() != 0:
            yield from self._list(archived=True)
        yield from self.promised.kept(self.rows.rest())
        if self.undirected and not self.directed:
            run.warn(f"hubspot.emails: {self.undirected} {WITHOUT_DIRECTION}. {MAIL_SCOPE}")
        if self.history:
            self.history.read(self._sift, self.rank)
            new["with_history"] = "yes"
        self.links.finish()
        self.strange.tell(self.sound)
        self.links.tell()
        if run.advances(name) and self.links.are_whole:
            objects = dlt.current.source_state().setdefault("objects", {})
            if self.links.refused:
                new["links_refused"] = "yes"
            if beyond := self._beyond():  # one more that is deleted would go unnoticed
                new["differs"] = "yes"
            outdated = {"links_refused"} | ({"differs"} if beyond == 0 else set())
            objects[name] = {**{key: at for key, at in cursor.items() if key not in outdated}, **new}

    @property
    def _modified(self) -> str:
        return "lastmodifieddate" if self.name == "contacts" else "hs_lastmodifieddate"

    @property
    def _dated(self) -> str | None:
        return {"deals": "closedate", "contacts": None, "companies": None}.get(self.name, "hs_timestamp")

    def _listed_all(self, begins: datetime | None) -> None:
        """Every record, or every record of the window that begins at `begins`, has come: those that did not
        are gone."""
        if begins is None:
            self.run.listed(self.name, "archived_at", rows=self.sound)
            return
        instants = [name for name in ("updated_at", "created_at", self._dated) if name]
        inside = " or ".join(f"{name} >= cast(? as timestamptz)" for name in instants)
        # the index of searches lags behind: what is younger may be missing from it
        where = f"({inside}) and created_at < cast(? as timestamptz)"
        settled = self.run.started_at - OVERLAP
        values = [*[begins.isoformat()] * len(instants), settled.isoformat()]
        self.run.listed(self.name, "archived_at", where, values, rows=self.sound)

    def _window(self, since: datetime | None, until: datetime | None) -> list[list[Filter]]:
        """Records changed, made or dated between two instants."""
        made = "createdate" if self.name in ("contacts", "companies", "deals") else "hs_createdate"
        return [between(name, since, until) for name in (self._modified, made, self._dated) if name]

    def _list(self, *, archived: bool) -> Iterator[pa.Table]:
        """Every record, archived or not, from the list endpoint."""
        targets = () if archived else self.links.targets
        try:
            yield from self._listed(archived, targets)
        except NotAvailable:
            # a target that the key may not read refuses the whole list; without targets the object itself is
            # refused
            readable = self.links.readable(targets)
            if readable == targets:
                raise
            yield from self._listed(archived, readable)

    def _listed(self, archived: bool, targets: tuple[str, ...]) -> Iterator[pa.Table]:
        params = {
            "limit": 100,
            "properties": ",".join(dict.fromkeys(self.columns.values())),
            "archived": str(archived).lower(),
        }
        if targets:
            params["associations"] = ",".join(targets)
        where = path(self.run.company, "objects", self.name)
        cut_off: dict[str, list[str]] = {target: [] for target in targets}
        for page in paged(self.client, where, params, rank=self.rank, rows=self._records):
            self._add(page)
            self.gone += [row["id"] for row in page] if archived else []
            for target, ids in cut_off.items():
                ids += self.links.add_listed(target, page)
            yield from self._hand_on()
        for target, ids in cut_off.items():
            self.links.read(target, ids)

    def _changed(self, since: datetime) -> Iterator[pa.Table]:
        """What was modified since an instant. The newest changes come with the number of all records, and
        mostly they are all there is; otherwise a search brings everything."""
        rows, total = self.search.newest(self._modified)
        if isinstance(total, int):
            self.run.memory.totals[self.name] = total
        page = [row for row in rows if is_record(row)]
        moments = [
            parse("timestamp", at(row, f"properties.{self._modified}"), "", lambda _: None) for row in page
        ]
        told = [moment for moment in moments if moment]
        # what is not in order, or not understood, is left to the search
        in_order = len(told) == len(rows) and told == sorted(told, reverse=True)
        if in_order and (len(rows) == total or told and told[-1] < since):
            changed = [row for row, moment in zip(page, told, strict=True) if moment >= since]
            self._add(self._sift(changed))
            yield from self._found([row["id"] for row in changed])
            return
        yield from self._search([between(self._modified, since)])

    def _search(self, groups: list[list[Filter]]) -> Iterator[pa.Table]:
        """Every record that matches one of the filter groups."""
        ids: list[str] = []
        for page in self.search.pages(groups, self._sift):
            self._add(page)
            ids += [row["id"] for row in page]
            yield from self._hand_on()
        yield from self._found(ids)

    def _found(self, ids: list[str]) -> Iterator[pa.Table]:
        """After a search: the associations of what it brought."""
        yield from self._hand_on()
        self.found_ids += ids
        for target in self.links.targets:
            self.links.read(target, ids)

    def _beyond(self) -> int | None:
        """How many more records the vendor counts than are stored or new, without the deleted ones that were
        listed. None: a run that lists everything does not ask."""
        live, total = self.run.memory.live.get(self.name), self.run.memory.totals.get(self.name)
        if live is None or total is None:
            return None

        def stored(ids: set[str]) -> int:
            return pc.sum(pc.is_in(pa.array(sorted(ids), pa.string()), value_set=live)).as_py() or 0

        gone = set(self.gone)
        new = set(self.found_ids) - gone
        return total - (len(live) - stored(gone) + len(new) - stored(new))

    def _records(self, answer: Any, what: str) -> list[dict[str, Any]]:
        return self._sift(results(answer, what))

    def _sift(self, rows: Sequence[Any]) -> list[dict[str, Any]]:
        """Return the records of a page; what is not a record is left out and counted."""
        good = self.strange.sift(rows, is_record)
        self.sound += len(good)
        return good

    def _add(self, page: list[dict[str, Any]]) -> None:
        if self.history:
            self.history.note(page)
        values = [row["properties"] for row in page]
        self.promised.look(values)
        if self.name == "emails":
            with_direction = sum(bool(value.get("hs_email_direction")) for value in values)
            self.directed += with_direction
            self.undirected += len(values) - with_direction
        self.rows.add(
            {
                "id": [row["id"] for row in page],
                "archived": [row.get("archived", False) for row in page],
                "archived_at": [row.get("archivedAt") for row in page],
                "created_at": [row.get("createdAt") for row in page],
                "updated_at": [row.get("updatedAt") for row in page],
                **{column: [value.get(name) for value in values] for column, name in self.columns.items()},
            }
        )

    def _hand_on(self) -> Iterator[pa.Table]:
        yield from self.promised.kept(self.rows.full())
        self.links.hand_on()


# ------------------------------------------------------------------ tables


def begin(run: HubSpotRun) -> None:
    """Before the first row: which pulls bring associations, and which histories."""
    run.memory.links.expect(name for name in LINKED if name in run.tables)
    run.memory.history.expect({"deals"} & run.tables)


def _records(name: str, grain: str) -> Table[HubSpotRun]:
    def fetch(run: HubSpotRun) -> Iterator[Any]:
        try:
            yield from Pull(run, name).tables()
        finally:
            run.memory.links.close(name)
            run.memory.history.close(name)

    return Table(name, grain, "id", {**RECORD, **PROPERTIES[name]}, fetch, newest="updated_at")


TABLES: tuple[Table[HubSpotRun], ...] = (
    _records(
        "contacts",
        "One row per contact. buying_role and coi_since hold the properties that company.toml names; several"
        " roles are separated by semicolons.",
    ),
    _records("companies", "One row per company, customers and prospects alike."),
    _records(
        "deals",
        "One row per deal. amount and mrr are in deal_currency_code; closedate of an open deal is a plan.",
    ),
    _records(
        "calls",
        "One row per logged call. hs_timestamp is when it happened; hs_call_duration is in milliseconds.",
    ),
    _records("meetings", "One row per meeting. hs_attendee_owner_ids lists owners, separated by semicolons."),
    _records("notes", "One row per note; the body is HTML as typed."),
    _records("tasks", "One row per task. hs_timestamp is when it is due."),
    _records(
        "emails",
        "One row per logged e-mail; hs_timestamp is when it was sent or came in. Opens, clicks and replies"
        " are null where the mail was not tracked.",
    ),
    Table(
        "associations",
        "One row per association of an activity, deal or contact with a contact, company or deal; to_id null:"
        " it has none.",
        tuple(LINK),
        LINK,
        lambda run: run.memory.links.tables(),
        write=replaces_same("from_type", "from_id", "to_type"),
        nullable=True,
        fed_by=LINKED,
    ),
    Table(
        "deal_history",
        "One row per deal, property and moment: what amount, close date, stage, pipeline and owner were set"
        " to, and when. Values are texts as HubSpot has them; an empty one was cleared.",
        ("deal_id", "property", "set_at"),
        HISTORY_COLUMNS,
        lambda run: run.memory.history.tables(),
        write=replaces_same("deal_id"),
        nullable=True,
        newest="set_at",
        fed_by=("deals",),
    ),
)
