"""HubSpot's records: what is new or changed, with their associations, and the history of deals."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import dlt
import pyarrow as pa
import pyarrow.compute as pc

from dlt_pipelines.core.records import Batches, Promised, Strange, at
from dlt_pipelines.core.source import Table, replaces_same
from dlt_pipelines.core.values import parse
from dlt_pipelines.errors import NotAvailable, PermanentError
from dlt_pipelines.sources.hubspot.api import (
    FULL_DAYS,
    empty_but_more,
    is_record,
    paged,
    parsed_instant,
    path,
    results,
)
from dlt_pipelines.sources.hubspot.fields import (
    DECIDING,
    HISTORY,
    HISTORY_BATCH,
    HISTORY_COLUMNS,
    LINK,
    PROPERTIES,
    RECORD,
    SINGULAR,
    TARGETS,
    properties,
)
from dlt_pipelines.sources.hubspot.memory import Aside, HubSpotRun
from dlt_pipelines.wire.paging import capped, entries, once

OVERLAP = timedelta(minutes=20)
"""The search index lags behind writes by seconds to minutes, and the two clocks may differ by ten minutes."""
MOST_FOUND = 200
"""Records that one search may ask for."""
LINKED = tuple(name for name, targets in TARGETS.items() if targets)
"""Objects whose pull brings associations."""

WITHOUT_DIRECTION = "mails come without their direction, so nobody knows which of them were sent"
MAIL_SCOPE = "Add the scope sales-email-read to the key (HubSpot: Development, Keys)."


class Pull:
    """Fetches one kind of object: a full list, or what changed; rows go out as Arrow tables, associations
    into `links`, histories (of deals only) into `history`."""

    def __init__(self, run: HubSpotRun, name: str) -> None:
        self.run, self.name, self.client, self.links = run, name, run.client, run.memory.links
        with_history = name == "deals" and "deal_history" in run.tables
        self.history = run.memory.history if with_history else None
        self.columns = properties(run.company, name)
        self.rows = Batches(f"hubspot.{name}", {**RECORD, **PROPERTIES[name]}, run.warn)
        # a property that held values and that no record has any more is gone as well
        known = {*DECIDING[name], *run.memory.filled.get(name, ())}
        self.promised = Promised([self.columns[column] for column in known])
        self.found = Batches("hubspot.associations", LINK, run.warn, key="from_id")
        self.targets = TARGETS[name] if "associations" in run.tables else ()
        self.past = Batches("hubspot.deal_history", HISTORY_COLUMNS, run.warn, key="deal_id")
        self.known_until: datetime | None = None
        """The history of what has not changed since is stored; None: that of nothing is."""
        self.moved: dict[bool, list[str]] = {False: [], True: []}
        """Whether archived -> ids of the deals whose history is to be read."""
        self.strange = Strange(f"hubspot.{name}", "an id (text) and properties", run.warn)
        self.strange_links = Strange("hubspot.associations", "ids", run.warn)
        self.links_refused = False
        """Whether the key may not read some of the associations."""
        self.sound = self.sound_links = 0
        """Records and associations that have them."""
        self.found_ids: list[str] = []
        self.gone: list[str] = []
        """Ids of what a search brought, and of the archived records."""
        self.directed = self.undirected = 0
        """Mails with and without a direction."""
        # the object with the most pages sets the pace, so its next page never waits behind another's
        self.rank = {"contacts": 0, "companies": 1}.get(name, 5)

    def tables(self) -> Iterator[pa.Table]:
        run, name = self.run, self.name
        cursor = run.state.get("objects", {}).get(name, {})
        new = {"pulled_at": run.started_at.isoformat()}
        pulled_at = parsed_instant(cursor.get("pulled_at"))
        # contacts and companies have no start date: what records point at must be there, however old it is
        start = None if name in ("contacts", "companies") else run.company.hubspot.start_date
        tables = (name, "deal_history") if self.history else (name,)
        if not run.backfill:
            self.known_until = pulled_at - OVERLAP if pulled_at and "with_history" in cursor else None
        unread = self.history is not None and self.known_until is None
        # what was associated while the key could not see it has not changed since
        regained = "links_refused" in cursor and self._readable(self.targets) == self.targets
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
            self._read_history(self.history)
            new["with_history"] = "yes"
        for found in self.found.rest():
            self.links.put(found)
        self.strange.tell(self.sound)
        self.strange_links.tell(self.sound_links)
        if run.advances(name) and not self.strange_links.count:
            objects = dlt.current.source_state().setdefault("objects", {})
            if self.links_refused:
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

    def _window(self, since: datetime | None, until: datetime | None) -> list[list[dict[str, str]]]:
        """Records changed, made or dated between two instants: one filter group each, of which any may
        hold."""
        made = "createdate" if self.name in ("contacts", "companies", "deals") else "hs_createdate"
        groups = []
        for name in (self._modified, made, self._dated):
            if name:
                groups.append(
                    [
                        {"propertyName": name, "operator": operator, "value": _millis(bound)}
                        for operator, bound in (("GTE", since), ("LTE", until))
                        if bound
                    ]
                )
        return groups

    def _list(self, *, archived: bool) -> Iterator[pa.Table]:
        targets = () if archived else self.targets
        try:
            yield from self._listed(archived, targets)
        except NotAvailable:
            # a target that the key may not read refuses the whole list; without targets the object itself is
            # refused
            readable = self._readable(targets)
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
        long: dict[str, list[str]] = {}
        for page in paged(self.client, where, params, rank=self.rank, rows=self._records):
            self._add(page)
            self.gone += [row["id"] for row in page] if archived else []
            for target in targets:
                links: list[tuple[str, Sequence[str]]] = []
                for row in page:
                    found = at(row, f"associations.{target}") or {}
                    if found.get("paging"):
                        long.setdefault(target, []).append(row["id"])
                    else:
                        linked = entries(found, f"HubSpot associations of {self.name}", "results", beside=())
                        links.append((row["id"], self._ids(linked, "id")))
                self._add_links(target, links)
            yield from self._hand_on()
        for target, ids in long.items():
            self._read_links(target, ids)

    def _readable(self, targets: tuple[str, ...]) -> tuple[str, ...]:
        """Return the targets whose associations the key may read; a warning names the others."""
        where = path(self.run.company, "objects", self.name)
        readable = []
        for target in targets:
            try:
                self.client.get(where, {"limit": 1, "associations": target}, rank=self.rank)
                readable.append(target)
            except NotAvailable as error:
                self._refuse_links(target, error)
        return tuple(readable)

    def _refuse_links(self, target: str, error: NotAvailable) -> None:
        """Mark `associations` as refused if any kind cannot be read; the other kinds are still loaded."""
        self.links_refused = True
        self.run.refuse("associations", f"{self.name} with {target}: {error}")

    def _changed(self, since: datetime) -> Iterator[pa.Table]:
        """What was modified since an instant. The newest changes come with the number of all records, and
        mostly they are all there is; otherwise a search brings everything."""
        body = {
            "filterGroups": [],
            "sorts": [{"propertyName": self._modified, "direction": "DESCENDING"}],
            "properties": [*dict.fromkeys((*self.columns.values(), self._modified))],
            "limit": MOST_FOUND,
        }
        answer = self.client.post(self._search_path, body, lane="search", rank=self.rank)
        rows = results(answer, f"HubSpot search for {self.name}")
        total = answer.get("total")
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
        yield from self._search(
            [[{"propertyName": self._modified, "operator": "GTE", "value": _millis(since)}]]
        )

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

    @property
    def _search_path(self) -> str:
        return f"{path(self.run.company, 'objects', self.name)}/search"

    def _found(self, ids: list[str]) -> Iterator[pa.Table]:
        """After a search: the associations of what it brought."""
        yield from self._hand_on()
        self.found_ids += ids
        if ids:
            for target in self.targets:
                self._read_links(target, ids)

    def _search(self, groups: list[list[dict[str, str]]]) -> Iterator[pa.Table]:
        last = 0

        def pages() -> Iterator[list[dict[str, Any]]]:
            nonlocal last
            while True:
                body = {
                    "filterGroups": [
                        {
                            "filters": [
                                *group,
                                {"propertyName": "hs_object_id", "operator": "GT", "value": str(last)},
                            ]
                        }
                        for group in groups
                    ],
                    "sorts": [{"propertyName": "hs_object_id", "direction": "ASCENDING"}],
                    "properties": list(dict.fromkeys(self.columns.values())),
                    "limit": MOST_FOUND,
                }
                answer = self.client.post(
                    self._search_path, body, lane="search", rank=self.rank, complaint=once(empty_but_more)
                )
                rows = results(answer, f"HubSpot search for {self.name}")
                page = self._sift(rows)
                if page:
                    yield page
                if not rows and isinstance(answer, dict) and (promised := answer.get("total")):
                    # believed when it comes twice; the weekly full list brings what is there after all
                    self.run.warn(
                        f"HubSpot search for {self.name}: says there are {promised} more and gives none,"
                        " twice"
                    )
                if not page or (
                    len(rows) < MOST_FOUND and not (isinstance(answer, dict) and answer.get("paging"))
                ):
                    return
                newest = int(page[-1]["id"])
                if newest <= last:
                    raise PermanentError(
                        f"HubSpot search for {self.name}: pages no longer advance after id {last}"
                    )
                last = newest

        changed: list[str] = []
        for page in capped(pages(), 100_000, f"HubSpot search for {self.name}"):
            self._add(page)
            changed += [row["id"] for row in page]
            yield from self._hand_on()
        yield from self._found(changed)

    def _records(self, answer: Any, what: str) -> list[dict[str, Any]]:
        return self._sift(results(answer, what))

    def _sift(self, rows: Sequence[Any]) -> list[dict[str, Any]]:
        """The records of a page; what is none is left out and named."""
        good = self.strange.sift(rows, is_record)
        self.sound += len(good)
        return good

    def _add(self, page: list[dict[str, Any]]) -> None:
        if self.history:
            for row in page:
                archived = bool(row.get("archived"))
                changed = parse(
                    "timestamp",
                    row.get("archivedAt" if archived else "updatedAt"),
                    f"hubspot.deals {row['id']}",
                    self.run.warn,
                )
                if self.known_until is None or changed is None or changed >= self.known_until:
                    self.moved[archived].append(row["id"])
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
        for found in self.found.full():
            self.links.put(found)

    def _add_links(self, target: str, links: Iterable[tuple[str, Sequence[str]]]) -> None:
        from_ids: list[str] = []
        to_ids: list[str | None] = []
        for from_id, found in links:
            for to_id in dict.fromkeys(found) or (
                None,
            ):  # labelled and unlabelled associations repeat the id
                from_ids.append(from_id)
                to_ids.append(to_id)
        self.found.add(
            {
                "from_type": [SINGULAR[self.name]] * len(from_ids),
                "from_id": from_ids,
                "to_type": [SINGULAR[target]] * len(from_ids),
                "to_id": to_ids,
            }
        )

    def _read_links(self, target: str, ids: list[str]) -> None:
        where = path(self.run.company, "associations", self.name, target)
        for start in range(0, len(ids), 1000):
            found: dict[str, list[str]] = {from_id: [] for from_id in ids[start : start + 1000]}
            inputs: list[dict[str, str]] = [{"id": from_id} for from_id in found]
            while inputs:
                try:
                    answer = self.client.post(where, {"inputs": inputs}, rank=self.rank)
                except NotAvailable as error:
                    self._refuse_links(target, error)
                    return
                inputs = []
                what = f"HubSpot associations {self.name} to {target}"
                for result in self.strange_links.sift(
                    entries(answer, what, "results"), lambda row: isinstance(at(row, "from.id"), (str, int))
                ):
                    from_id = str(result["from"]["id"])
                    # answers do not line up with what was asked: join on the id, cast integers of the wire
                    to_ids = self._ids(entries(result, what, "to"), "toObjectId")
                    found.setdefault(from_id, []).extend(to_ids)
                    if after := at(result, "paging.next.after"):
                        inputs.append({"id": from_id, "after": str(after)})
            self._add_links(target, found.items())

    def _ids(self, linked: Sequence[Any], field: str) -> list[str]:
        """The ids that an object is associated with; an association without one is left out and named."""
        good = self.strange_links.sift(linked, lambda link: isinstance(at(link, field), (str, int)))
        self.sound_links += len(good)
        return [str(link[field]) for link in good]

    def _told(self, row: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
        """The former values of a property, newest first; one without its moment is left out and named."""
        past = at(row, f"propertiesWithHistory.{name}")
        found = [] if past is None else entries(past, f"HubSpot history of deal {row['id']}: {name}")
        good = [entry for entry in found if entry.get("timestamp")]
        if len(good) < len(found):
            self.run.warn(
                f"hubspot.deal_history {row['id']}: {len(found) - len(good)} values of {name} without a"
                " timestamp are left out"
            )
        return good

    def _read_history(self, history: Aside) -> None:
        """Every value that the properties of the new and changed deals have had."""
        where = f"{path(self.run.company, 'objects', self.name)}/batch/read"
        for archived, ids in self.moved.items():
            for start in range(0, len(ids), HISTORY_BATCH):
                inputs = [{"id": deal_id} for deal_id in ids[start : start + HISTORY_BATCH]]
                body = {"inputs": inputs, "properties": ["dealstage"], "propertiesWithHistory": list(HISTORY)}
                answer = self.client.post(f"{where}?archived={str(archived).lower()}", body, rank=self.rank)
                entries = [
                    (row["id"], name, entry)
                    for row in self._sift(results(answer, "HubSpot history of deals"))
                    for name in HISTORY
                    # the newest comes first, and of two at one moment it is the one that held
                    for entry in {
                        entry["timestamp"]: entry for entry in reversed(self._told(row, name))
                    }.values()
                ]
                self.past.add(
                    {
                        "deal_id": [deal_id for deal_id, _, _ in entries],
                        "property": [name for _, name, _ in entries],
                        "value": [entry.get("value") for _, _, entry in entries],
                        "set_at": [entry["timestamp"] for _, _, entry in entries],
                        "source_type": [entry.get("sourceType") for _, _, entry in entries],
                    }
                )
                for found in self.past.full():
                    history.put(found)
        for found in self.past.rest():
            history.put(found)


def _millis(instant: datetime) -> str:
    return str(int(instant.astimezone(UTC).timestamp() * 1000))


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
