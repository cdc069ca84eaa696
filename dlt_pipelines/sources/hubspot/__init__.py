"""HubSpot CRM.

contacts, companies, deals, calls, meetings, notes, tasks, emails   GET /objects/{o}, POST /objects/{o}/search
                -> raw_hubspot.<object>            merge on id
associations    inline in lists, POST /associations/{a}/{b}/batch/read after a search
                -> raw_hubspot.associations        replaced per record and kind of target; to_id null: it has
                    none
deal history    POST /objects/deals/batch/read with propertiesWithHistory, of the deals that are new or
    changed
                -> raw_hubspot.deal_history        replaced per deal
owners          GET /owners, active and archived   -> raw_hubspot.owners
pipelines       GET /pipelines/deals               -> raw_hubspot.deal_pipelines, raw_hubspot.deal_stages
call outcomes   GET /properties/calls              -> raw_hubspot.call_outcomes
lists           GET /lists/…/name/{warm_list}, /lists/{id}/memberships
                -> raw_hubspot.lists, raw_hubspot.list_members (one dated snapshot a day)
account         GET /account-info/details          -> raw_hubspot.account
forms, form submissions, marketing mails and their statistics, web analytics: marketing.py

The first run lists everything. Later runs search by last-modified from twenty minutes before the last run,
walk by record id (so the search's cap of 10,000 is never met), read the associations of the changed rows, and
list the archived records, which a search does not show. Once a week, on the first run of a Monday or later,
everything is listed again: a record that is gone without trace is marked archived, unless it lies outside of
what `start_date` asks for.

Quirks: every value is a string or null; a property that the portal lacks is a missing key; the same
association comes twice (labelled and unlabelled); HTTP 207 of the association batch is success; `after` may
come percent-encoded; search answers carry no rate headers. A 403 MISSING_SCOPES makes one table "not
available" and leaves the others alone.

UNCONFIRMED: whether an open, click or reply of a tracked e-mail moves its modified date; where it does not,
the weekly list brings it. The contacts who attend a meeting are its associations with contacts; colleagues
are in hs_attendee_owner_ids.

Settings: HUBSPOT_API_KEY (a service key or private app token), HUBSPOT_BASE_URL, section [hubspot] of
company.toml.
"""

from __future__ import annotations

import contextlib
import queue
import threading
import urllib.parse
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import dlt
import pyarrow as pa
from pydantic import Field, SecretStr

from dlt_pipelines.core.records import Batches, Strange, at, parse, plain, typed
from dlt_pipelines.core.run import EVERYTHING, ColumnType, Run, replaces_same, streamed, table, whole
from dlt_pipelines.core.settlement import Outcome
from dlt_pipelines.doctor.findings import Finding, currency_differs, existing, people_missing, readable
from dlt_pipelines.errors import Gone, NotAvailable, NotSetUp, PermanentError, SourceError, TransientError
from dlt_pipelines.sources.hubspot import marketing
from dlt_pipelines.sources.hubspot.api import (
    ADD_SCOPE,
    FULL_DAYS,
    SOURCE,
    empty_but_more,
    is_record,
    outdated,
    paged,
    parsed_instant,
    path,
    record_rows,
    results,
)
from dlt_pipelines.wire.budget import Budget, Limit
from dlt_pipelines.wire.client import Client
from dlt_pipelines.wire.connect import Access, connects
from dlt_pipelines.wire.credentials import Credentials
from dlt_pipelines.wire.messages import Answer, Retry, retry_after
from dlt_pipelines.wire.paging import capped, entries, expect, once
from foundation.calendar import local_date
from foundation.settings import Company, Settings
from foundation.settings.types import WebAddress

VENDOR_URL = "https://api.hubapi.com"
OVERLAP = timedelta(minutes=20)
"""The search index lags behind writes by seconds to minutes, and the two clocks may differ by ten minutes."""

BURST = (100, 10.0)
"""Requests per seconds on the lowest plan; answers tell what the account's plan allows."""
SEARCHES = (5, 1.0)
"""All searches of an account together."""

WAITS = {"SECONDLY": 1.0, "": 10.0}
"""Seconds to wait at a 429 without Retry-After, by the policy that was hit; "": any other."""

_SINGULAR = {
    "contacts": "contact",
    "companies": "company",
    "deals": "deal",
    "calls": "call",
    "meetings": "meeting",
    "notes": "note",
    "tasks": "task",
    "emails": "email",
}
_ACTIVITY_TARGETS = ("contacts", "companies", "deals")
TARGETS: dict[str, tuple[str, ...]] = {
    "contacts": ("companies",),
    "companies": (),
    "deals": ("contacts", "companies"),
    **dict.fromkeys(("calls", "meetings", "notes", "tasks", "emails"), _ACTIVITY_TARGETS),
}
"""Object -> the objects whose associations with it are kept."""

FEEDS = {
    "associations": tuple(name for name, targets in TARGETS.items() if targets),
    "deal_history": ("deals",),
}
"""Table -> the tables whose pull fills it; they are loaded together."""

NEWEST = {
    **dict.fromkeys((*TARGETS, "owners"), "updated_at"),
    "deal_history": "set_at",
    "deal_stages": "last_seen_at",
    "list_members": "membership_timestamp",
    **marketing.NEWEST,
}
"""Table -> the column that tells how new its newest record is."""

PROPERTIES: dict[str, dict[str, ColumnType]] = {
    "contacts": {
        "email": "text",
        "firstname": "text",
        "lastname": "text",
        "jobtitle": "text",
        "lifecyclestage": "text",
        "hs_lead_status": "text",
        "hs_analytics_source": "text",
        "hubspot_owner_id": "text",
        "buying_role": "text",
        "coi_since": "date",
        "hs_merged_object_ids": "text",
        "became_lead_at": "timestamp",
        "became_mql_at": "timestamp",
        "became_sql_at": "timestamp",
        "became_opportunity_at": "timestamp",
        "became_customer_at": "timestamp",
        "num_visits": "bigint",
        "num_form_fills": "bigint",
    },
    "companies": {
        "name": "text",
        "domain": "text",
        "industry": "text",
        "numberofemployees": "bigint",
        "lifecyclestage": "text",
        "hubspot_owner_id": "text",
        "hs_merged_object_ids": "text",
    },
    "deals": {
        "dealname": "text",
        "pipeline": "text",
        "dealstage": "text",
        "amount": "decimal",
        "mrr": "decimal",
        "deal_currency_code": "text",
        "dealtype": "text",
        "closedate": "timestamp",
        "createdate": "timestamp",
        "hubspot_owner_id": "text",
        "hs_merged_object_ids": "text",
        "closed_lost_reason": "text",
        "stage_entered_at": "timestamp",
        "original_source": "text",
    },
    "calls": {
        "hs_timestamp": "timestamp",
        "hs_call_duration": "bigint",
        "hs_call_direction": "text",
        "hs_call_disposition": "text",
        "hs_call_status": "text",
        "hs_call_title": "text",
        "hs_activity_type": "text",
        "hs_object_source_label": "text",
        "hubspot_owner_id": "text",
        "hs_merged_object_ids": "text",
    },
    "meetings": {
        "hs_timestamp": "timestamp",
        "hs_meeting_start_time": "timestamp",
        "hs_meeting_end_time": "timestamp",
        "hs_meeting_outcome": "text",
        "hs_meeting_title": "text",
        "hs_activity_type": "text",
        "hubspot_owner_id": "text",
        "hs_merged_object_ids": "text",
        "hs_attendee_owner_ids": "text",
        "hs_i_cal_uid": "text",
    },
    "notes": {
        "hs_timestamp": "timestamp",
        "hs_note_body": "text",
        "hubspot_owner_id": "text",
        "hs_merged_object_ids": "text",
    },
    "tasks": {
        "hs_timestamp": "timestamp",
        "hs_task_status": "text",
        "hs_task_type": "text",
        "hs_task_priority": "text",
        "hs_task_subject": "text",
        "hs_task_completion_date": "timestamp",
        "hubspot_owner_id": "text",
        "hs_merged_object_ids": "text",
    },
    "emails": {
        "hs_timestamp": "timestamp",
        "hs_email_direction": "text",
        "hs_email_status": "text",
        "hs_email_subject": "text",
        "hs_email_open_count": "bigint",
        "hs_email_click_count": "bigint",
        "hs_email_reply_count": "bigint",
        "hubspot_owner_id": "text",
        "hs_merged_object_ids": "text",
    },
}
"""Object -> column -> type. A column is the property of the same name, except those that `properties()`
    renames."""

_RECORD: dict[str, ColumnType] = {
    "id": "text",
    "archived": "bool",
    "archived_at": "timestamp",
    "created_at": "timestamp",
    "updated_at": "timestamp",
}
_TABLES: dict[str, dict[str, ColumnType]] = {
    "owners": {
        "id": "text",
        "email": "text",
        "first_name": "text",
        "last_name": "text",
        "type": "text",
        "user_id": "text",
        "team_name": "text",
        "archived": "bool",
        "created_at": "timestamp",
        "updated_at": "timestamp",
    },
    "deal_pipelines": {"id": "text", "label": "text", "display_order": "bigint", "archived": "bool"},
    "deal_stages": {
        "pipeline_id": "text",
        "id": "text",
        "label": "text",
        "display_order": "bigint",
        "is_closed": "bool",
        "probability": "decimal",
        "last_seen_at": "timestamp",
    },
    "call_outcomes": {"id": "text", "label": "text"},
    "lists": {"id": "text", "name": "text", "size": "bigint", "processing_type": "text"},
    "list_members": {
        "snapshot_date": "date",
        "list_id": "text",
        "record_id": "text",
        "membership_timestamp": "timestamp",
    },
    "account": {"portal_id": "text", "time_zone": "text", "company_currency": "text", "ui_domain": "text"},
}
"""Columns of the small tables, whose rows are built here."""
_HISTORY: dict[str, ColumnType] = {
    "deal_id": "text",
    "property": "text",
    "value": "text",
    "set_at": "timestamp",
    "source_type": "text",
}
HISTORY = ("amount", "closedate", "dealstage", "pipeline", "hubspot_owner_id")
"""Properties of deals whose former values are kept; none of them is renamed."""
HISTORY_BATCH = 50
"""Records whose history may be asked for at once."""
_LINK: dict[str, ColumnType] = {"from_type": "text", "from_id": "text", "to_type": "text", "to_id": "text"}


class HubSpotCredentials(Credentials):
    """What HubSpot needs: a service key or the token of a private app."""

    api_key: SecretStr = Field(alias="HUBSPOT_API_KEY")
    base_url: WebAddress | None = Field(None, alias="HUBSPOT_BASE_URL")


CREDENTIALS = HubSpotCredentials
WAY_OUT = (
    "Check HUBSPOT_API_KEY (HubSpot: Development, Keys, Service keys) and its scopes, or run"
    " `scoreline doctor`."
)


@dataclass
class Facts:
    """What is known of the connection."""

    account_path: str
    requests_left_today: str | None = None


@connects(HubSpotCredentials, SOURCE)
def connect(access: Access[HubSpotCredentials]) -> Client[Facts]:
    """A client that keeps HubSpot's limits."""
    burst, search = Limit(*BURST), Limit(*SEARCHES)
    facts = Facts(path(access.company, "account"))

    def judge(answer: Answer) -> Retry | SourceError | None:
        allowed = answer.headers.get("x-hubspot-ratelimit-max", "")
        if answer.headers.get("x-hubspot-ratelimit-interval-milliseconds") == "10000" and allowed.isdigit():
            burst.most = max(burst.most, int(allowed))  # the plan may allow more
        if left := answer.headers.get("x-hubspot-ratelimit-daily-remaining"):
            facts.requests_left_today = left
        return _judge(answer)

    vendor = replace(
        access.vendor("HubSpot", VENDOR_URL, WAY_OUT),
        headers={"Authorization": f"Bearer {access.credentials.api_key.get_secret_value()}"},
        budget=Budget({"": (burst,), "search": (burst, search), **marketing.lanes(burst)}),
        judge=judge,
        outdated=outdated(access.company),
    )
    return Client(vendor, facts, access.counters)


def _judge(answer: Answer) -> Retry | SourceError | None:
    if answer.status == 429:
        body = answer.json()
        policy = str(body.get("policyName", "")) if isinstance(body, dict) else ""
        if policy == "DAILY":
            return TransientError(
                "the account's requests for today are used up; the count starts again at midnight of the"
                " account's zone"
            )
        asked = retry_after(answer.headers)
        wait = asked if asked is not None else WAITS.get(policy, WAITS[""])
        return Retry(f"rate limit {policy or '(unnamed)'}", wait, everybody=True)
    if answer.status == 403:
        body = answer.json()
        if isinstance(body, dict) and (
            body.get("category") == "MISSING_SCOPES" or "scope" in str(body.get("message", "")).lower()
        ):
            return NotAvailable(
                f"the key lacks {' or '.join(missing_scopes(body)) or 'a scope'}; add it to the key and run"
                " again"
            )
        if answer.path.startswith(marketing.PATHS):
            return NotAvailable(f"this account may not read it (403): {answer.start}")
    return None


def missing_scopes(body: Mapping[str, Any]) -> list[str]:
    """Scope names out of a 403 body: HubSpot puts them in three different places, or only in the message."""
    errors = body.get("errors")
    contexts = [body.get("context"), *(e.get("context") for e in errors or () if isinstance(e, dict))]
    names: list[str] = []
    for context in contexts:
        if isinstance(context, dict):
            for key in ("requiredScopes", "requiredGranularScopes"):
                names += [str(name) for name in context.get(key) or []]
    words = str(body.get("message", "")).replace(",", " ").replace("[", " ").replace("]", " ").split()
    return list(
        dict.fromkeys(
            names or [word.strip("'\".") for word in words if word.count(".") >= 2 or word.endswith(".read")]
        )
    )


def properties(company: Company, name: str) -> dict[str, str]:
    """Column -> property for one object: the configured properties get fixed column names."""
    renamed = {
        ("contacts", "buying_role"): company.hubspot.decision_maker_property,
        ("contacts", "coi_since"): company.hubspot.coi_property,
        ("contacts", "became_lead_at"): "hs_v2_date_entered_lead",
        ("contacts", "became_mql_at"): "hs_v2_date_entered_marketingqualifiedlead",
        ("contacts", "became_sql_at"): "hs_v2_date_entered_salesqualifiedlead",
        ("contacts", "became_opportunity_at"): "hs_v2_date_entered_opportunity",
        ("contacts", "became_customer_at"): "hs_v2_date_entered_customer",
        ("contacts", "num_visits"): "hs_analytics_num_visits",
        ("contacts", "num_form_fills"): "num_conversion_events",
        ("deals", "original_source"): "hs_analytics_source",
        ("deals", "stage_entered_at"): "hs_v2_date_entered_current_stage",
        ("deals", "mrr"): company.hubspot.mrr_property,
    }
    return {column: renamed.get((name, column), column) for column in PROPERTIES[name]}


def identify(client: Client[Facts]) -> str:
    """The account behind the key, so that two accounts never mix in one warehouse."""
    account = client.get_once(client.facts.account_path)
    return f"portal {expect(account, (int, str), 'HubSpot account details', 'portalId')}"


WITHOUT_DIRECTION = "mails come without their direction, so nobody knows which of them were sent"
MAIL_SCOPE = "Add the scope sales-email-read to the key (HubSpot: Development, Keys)."


class _Aside:
    """Associations or histories on their way from the resources that see them to the resource that stores
    them."""

    def __init__(self, feeders: Iterable[str]) -> None:
        self._queue: queue.SimpleQueue[pa.Table] = queue.SimpleQueue()
        self._open = set(feeders)
        self._lock = threading.Lock()

    def put(self, table: pa.Table) -> None:
        self._queue.put(table)

    def close(self, feeder: str) -> None:
        with self._lock:
            self._open.discard(feeder)

    def tables(self) -> Iterator[list[pa.Table]]:
        """What has arrived; an empty list every now and then, so that dlt can stop us when another resource
        failed."""
        while True:
            finished = not self._open
            try:
                yield [self._queue.get(timeout=0.0 if finished else 0.2)]
            except queue.Empty:
                if finished:
                    return
                yield []


class _Pull:
    """Fetches one kind of object: a full list, or what changed; rows go out as Arrow tables, associations
    into `links`, histories (of deals only) into `history`."""

    def __init__(self, run: Run, name: str, links: _Aside, history: _Aside | None = None) -> None:
        self.run, self.name, self.links, self.history = run, name, links, history
        self.client: Client = run.client
        self.columns = properties(run.company, name)
        self.rows = Batches(f"hubspot.{name}", {**_RECORD, **PROPERTIES[name]}, run.warn)
        self.found = Batches("hubspot.associations", _LINK, run.warn, key="from_id")
        self.targets = TARGETS[name] if "associations" in run.tables else ()
        self.past = Batches("hubspot.deal_history", _HISTORY, run.warn, key="deal_id")
        self.known_until: datetime | None = None
        """The history of what has not changed since is stored; None: that of nothing is."""
        self.moved: dict[bool, list[str]] = {False: [], True: []}
        """Whether archived -> ids of the deals whose history is to be read."""
        self.strange = Strange(f"hubspot.{name}", "an id (text) and properties", run.warn)
        self.strange_links = Strange("hubspot.associations", "ids", run.warn)
        self.sound = self.sound_links = 0
        """Records and associations that have them."""
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
        whole = not run.backfill and (
            pulled_at is None or run.due(cursor.get("full_at"), FULL_DAYS) or unread
        )
        begins = [run.reaches_back(table, start, whole=whole) for table in tables][0]
        if run.backfill:
            yield from self._search(self._window(run.since, run.until))
        elif whole or pulled_at is None:
            yield from self._search(self._window(begins, None)) if begins else self._list(archived=False)
            self._listed_all(begins)
            new["full_at"] = new["pulled_at"]
        else:
            yield from self._search(
                [[{"propertyName": self._modified, "operator": "GTE", "value": _millis(pulled_at - OVERLAP)}]]
            )
            run.complete_through |= dict.fromkeys(tables, run.started_at - OVERLAP)
        yield from self._list(archived=True)
        yield from self.rows.rest()
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
            objects[name] = {**cursor, **new}

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
            self.run.listed(self.name, "archived_at")
            return
        instants = [name for name in ("updated_at", "created_at", self._dated) if name]
        inside = " or ".join(f"{name} >= cast(? as timestamptz)" for name in instants)
        # the index of searches lags behind: what is younger may be missing from it
        where = f"({inside}) and created_at < cast(? as timestamptz)"
        settled = self.run.started_at - OVERLAP
        self.run.listed(
            self.name, "archived_at", where, [*[begins.isoformat()] * len(instants), settled.isoformat()]
        )

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
        """The targets whose associations the key may read; the others are named in a warning."""
        where = path(self.run.company, "objects", self.name)
        readable = []
        for target in targets:
            try:
                self.client.get(where, {"limit": 1, "associations": target}, rank=self.rank)
                readable.append(target)
            except NotAvailable as error:
                self.run.warn(
                    f"associations of {self.name} with {target} are left out: {error}", lacks="associations"
                )
        return tuple(readable)

    def _search(self, groups: list[list[dict[str, str]]]) -> Iterator[pa.Table]:
        where = f"{path(self.run.company, 'objects', self.name)}/search"
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
                    "limit": 200,
                }
                answer = self.client.post(
                    where, body, lane="search", rank=self.rank, complaint=once(empty_but_more)
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
                if not page or (len(rows) < 200 and not (isinstance(answer, dict) and answer.get("paging"))):
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
        if changed:
            for target in self.targets:
                self._read_links(target, changed)

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
        yield from self.rows.full()
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
                "from_type": [_SINGULAR[self.name]] * len(from_ids),
                "from_id": from_ids,
                "to_type": [_SINGULAR[target]] * len(from_ids),
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
                    self.run.warn(
                        f"associations of {self.name} with {target} are left out: {error}",
                        lacks="associations",
                    )
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

    def _read_history(self, history: _Aside) -> None:
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


@dlt.source(name=SOURCE, max_table_nesting=0)
def source(run: Run | None = None) -> Any:
    """All tables of HubSpot. Without `run` they are only declared."""
    links, history = (
        _Aside(name for name in FEEDS[table] if run and name in run.tables)
        for table in ("associations", "deal_history")
    )

    def pull(name: str) -> Iterator[Any]:
        past = history if name in FEEDS["deal_history"] else None
        try:
            yield from streamed(run, name, lambda run: _Pull(run, name, links, past).tables())
        finally:
            links.close(name)
            history.close(name)

    def records(name: str) -> Any:
        return table("id", "merge", {**_RECORD, **PROPERTIES[name]})

    @dlt.resource(**records("contacts"))
    def contacts() -> Iterator[Any]:
        """One row per contact. buying_role and coi_since hold the properties that company.toml names; several
        roles are separated by semicolons."""
        yield from pull("contacts")

    @dlt.resource(**records("companies"))
    def companies() -> Iterator[Any]:
        """One row per company, customers and prospects alike."""
        yield from pull("companies")

    @dlt.resource(**records("deals"))
    def deals() -> Iterator[Any]:
        """One row per deal. amount and mrr are in deal_currency_code; closedate of an open deal is a plan."""
        yield from pull("deals")

    @dlt.resource(**records("calls"))
    def calls() -> Iterator[Any]:
        """One row per logged call. hs_timestamp is when it happened; hs_call_duration is in milliseconds."""
        yield from pull("calls")

    @dlt.resource(**records("meetings"))
    def meetings() -> Iterator[Any]:
        """One row per meeting. hs_attendee_owner_ids lists owners, separated by semicolons."""
        yield from pull("meetings")

    @dlt.resource(**records("notes"))
    def notes() -> Iterator[Any]:
        """One row per note; the body is HTML as typed."""
        yield from pull("notes")

    @dlt.resource(**records("tasks"))
    def tasks() -> Iterator[Any]:
        """One row per task. hs_timestamp is when it is due."""
        yield from pull("tasks")

    @dlt.resource(**records("emails"))
    def emails() -> Iterator[Any]:
        """One row per logged e-mail; hs_timestamp is when it was sent or came in. Opens, clicks and replies
        are null where the mail was not tracked."""
        yield from pull("emails")

    @dlt.resource(
        **table(list(_LINK), replaces_same("from_type", "from_id", "to_type"), _LINK, nullable=True)
    )
    def associations() -> Iterator[Any]:
        """One row per association of an activity, deal or contact with a contact, company or deal; to_id
        null: it has none."""
        yield dlt.mark.materialize_table_schema()
        if run:
            yield from links.tables()

    @dlt.resource(
        **table(["deal_id", "property", "set_at"], replaces_same("deal_id"), _HISTORY, nullable=True)
    )
    def deal_history() -> Iterator[Any]:
        """One row per deal, property and moment: what amount, close date, stage, pipeline and owner were set
        to, and when. Values are texts as HubSpot has them; an empty one was cleared."""
        yield dlt.mark.materialize_table_schema()
        if run:
            yield from history.tables()

    @dlt.resource(
        **table(
            "id",
            "merge",
            _TABLES["owners"],
        )
    )
    def owners() -> Iterator[Any]:
        """One row per owner (a HubSpot user), leavers included. Records name their owner by id."""
        yield from whole(run, "owners", lambda run: _rows(run, "owners", _owners(run)))

    @dlt.resource(**table("id", EVERYTHING, _TABLES["deal_pipelines"]))
    def deal_pipelines() -> Iterator[Any]:
        """One row per deal pipeline; its stages are in deal_stages."""
        yield from whole(run, "deal_pipelines", lambda run: _rows(run, "deal_pipelines", _pipelines(run)))

    # merge without a scope: a stage that HubSpot no longer lists is kept, because old deals still name it
    @dlt.resource(
        **table(
            ["pipeline_id", "id"],
            "merge",
            _TABLES["deal_stages"],
        )
    )
    def deal_stages() -> Iterator[Any]:
        """One row per stage of a deal pipeline, also after it was deleted (see last_seen_at). Won: closed
        with probability 1."""
        yield from whole(
            run, "deal_stages", lambda run: _rows(run, "deal_stages", _stages(run), ("id", "pipeline_id"))
        )

    @dlt.resource(**table("id", EVERYTHING, _TABLES["call_outcomes"]))
    def call_outcomes() -> Iterator[Any]:
        """One row per call outcome: the options of hs_call_disposition."""
        yield from whole(run, "call_outcomes", lambda run: _rows(run, "call_outcomes", _outcomes(run)))

    @dlt.resource(**table("id", EVERYTHING, _TABLES["lists"]))
    def lists() -> Iterator[Any]:
        """The configured warm list; no row before one is configured and found."""
        yield from whole(run, "lists", lambda run: _rows(run, "lists", _lists(run)))

    @dlt.resource(
        **table(
            ["snapshot_date", "list_id", "record_id"],
            replaces_same("snapshot_date", "list_id"),
            _TABLES["list_members"],
            nullable=True,
        )
    )
    def list_members() -> Iterator[Any]:
        """Members of the warm list, one snapshot per local day; a row with record_id null: the list was empty
        that day. HubSpot does not tell former members, so the snapshots are the only history."""
        yield from whole(
            run, "list_members", lambda run: _rows(run, "list_members", _members(run), "list_id")
        )

    @dlt.resource(
        **table(
            "portal_id",
            EVERYTHING,
            _TABLES["account"],
        )
    )
    def account() -> Iterator[Any]:
        """The HubSpot account: one row."""
        yield from whole(run, "account", lambda run: _rows(run, "account", _account(run), "portal_id"))

    return (
        contacts,
        companies,
        deals,
        calls,
        meetings,
        notes,
        tasks,
        emails,
        associations,
        deal_history,
        owners,
        deal_pipelines,
        deal_stages,
        call_outcomes,
        lists,
        list_members,
        account,
        *marketing.resources(run),
    )


def _rows(
    run: Run, name: str, rows: Iterable[dict[str, Any]], key: str | tuple[str, ...] = "id"
) -> Iterator[Any]:
    """Rows that were built here, as the table they belong to."""
    yield from typed(
        f"hubspot.{name}", plain(_TABLES[name]), [list(rows)], run.warn, key=key, may_lack=_TABLES[name]
    )


def _owners(run: Run) -> Iterator[dict[str, Any]]:
    for archived in ("false", "true"):
        for page in paged(
            run.client, path(run.company, "owners"), {"limit": 100, "archived": archived}, rows=results
        ):
            for row in page:
                teams = entries(row, "HubSpot owners", "teams", beside=row.keys())
                main = next((team for team in teams if team.get("primary")), teams[0] if teams else {})
                yield {
                    "id": row.get("id"),
                    "email": row.get("email"),
                    "first_name": row.get("firstName"),
                    "last_name": row.get("lastName"),
                    "type": row.get("type"),
                    "user_id": row.get("userId") or row.get("userIdIncludingInactive"),
                    "team_name": main.get("name"),
                    "archived": bool(row.get("archived")),
                    "created_at": row.get("createdAt"),
                    "updated_at": row.get("updatedAt"),
                }


def _pipeline_rows(run: Run) -> list[dict[str, Any]]:
    return results(run.client.get_once(path(run.company, "pipelines", "deals")), "HubSpot deal pipelines")


def _pipelines(run: Run) -> Iterator[dict[str, Any]]:
    for row in _pipeline_rows(run):
        archived = bool(row.get("archived"))
        yield {
            "id": row.get("id"),
            "label": row.get("label"),
            "display_order": row.get("displayOrder"),
            "archived": archived,
        }


def _stages(run: Run) -> Iterator[dict[str, Any]]:
    for pipeline in _pipeline_rows(run):
        for row in entries(pipeline, "HubSpot deal pipelines", "stages"):
            yield {
                "pipeline_id": pipeline.get("id"),
                "id": row.get("id"),
                "label": row.get("label"),
                "display_order": row.get("displayOrder"),
                "is_closed": at(row, "metadata.isClosed"),
                "probability": at(row, "metadata.probability"),
                "last_seen_at": run.started_at,
            }


def outcomes(client: Client, company: Company) -> dict[str, str]:
    """Call outcome id -> label; none where the portal has no such property."""
    found = results(client.get_once(path(company, "properties", "calls")), "HubSpot properties of calls")
    outcome = next((row for row in found if row.get("name") == "hs_call_disposition"), None)
    options = entries(outcome, "HubSpot call outcomes", "options") if outcome else []
    return {str(option.get("value")): str(option.get("label")) for option in options}


def _outcomes(run: Run) -> Iterator[dict[str, Any]]:
    for value, label in outcomes(run.client, run.company).items():
        yield {"id": value, "label": label}


def warm_list(client: Client, company: Company) -> dict[str, Any] | None:
    """The list that `hubspot.warm_list` names, as HubSpot describes it; None when none is configured or it
    does not exist."""
    name = company.hubspot.warm_list
    if not name:
        return None
    where = f"{path(company, 'lists')}/object-type-id/0-1/name/{urllib.parse.quote(name, safe='')}"
    try:
        return expect(client.get_once(where), dict, f'HubSpot list "{name}"', "list")
    except Gone:
        return None


def _warm_list(run: Run) -> dict[str, Any]:
    """The configured warm list. Without it nobody knows who is on it: its tables keep what they had, and say
    so."""
    if found := warm_list(run.client, run.company):
        return found
    if name := run.company.hubspot.warm_list:
        raise NotAvailable(
            f'HubSpot has no contact list named "{name}"; correct hubspot.warm_list in company.toml'
        )
    raise NotSetUp("hubspot.warm_list in company.toml names no contact list")


def _lists(run: Run) -> Iterator[dict[str, Any]]:
    found = _warm_list(run)
    yield {
        "id": found.get("listId"),
        "name": found.get("name"),
        "size": found.get("size"),
        "processing_type": found.get("processingType"),
    }


def _members(run: Run) -> Iterator[dict[str, Any]]:
    found = _warm_list(run)
    list_id, today, any_member = str(found["listId"]), local_date(run.started_at, run.company.zone), False
    for page in paged(
        run.client, f"{path(run.company, 'lists')}/{list_id}/memberships", {"limit": 250}, rows=results
    ):
        for row in page:
            any_member = True
            yield {
                "snapshot_date": today,
                "list_id": list_id,
                "record_id": row.get("recordId"),
                "membership_timestamp": row.get("membershipTimestamp"),
            }
    if not any_member:
        yield {"snapshot_date": today, "list_id": list_id, "record_id": None, "membership_timestamp": None}


def _account(run: Run) -> Iterator[dict[str, Any]]:
    facts = expect(run.client.get_once(path(run.company, "account")), dict, "HubSpot account details")
    yield {
        "portal_id": facts.get("portalId"),
        "time_zone": facts.get("timeZone"),
        "company_currency": facts.get("companyCurrency"),
        "ui_domain": facts.get("uiDomain"),
    }


def totals(run: Run) -> Iterator[tuple[str, int]]:
    """How many records there are of each object, without archived ones, as a search tells it."""
    for name in run.countable(TARGETS):
        where = f"{path(run.company, 'objects', name)}/search"
        yield (
            name,
            expect(
                run.client.post(where, {"filterGroups": [], "limit": 1}, lane="search"),
                int,
                f"HubSpot {where}",
                "total",
            ),
        )


def settle(connection: Any, outcome: Outcome) -> None:
    """After the load, with the lock held: mark the records that were merged into others."""
    for name in filter(outcome.read, TARGETS):
        # a merge removes the losing records without a trace but in the winner's list
        connection.execute(
            f"update raw_hubspot.{name} set archived = true, archived_at = coalesce(archived_at, ?) where not"
            " archived and id in (select alias_id from (select id as winner_id,"
            f" trim(unnest(string_split(hs_merged_object_ids, ';'))) as alias_id from raw_hubspot.{name}"
            " where hs_merged_object_ids <> '') where alias_id <> winner_id)",
            [outcome.started_at],
        )


def diagnose(client: Client[Facts], settings: Settings, company: Company) -> Iterator[Finding]:
    """Scopes, configured ids, people and budget, with a request per object or so."""
    facts = client.get_once(path(company, "account"))
    yield Finding(
        SOURCE, "account", "ok", f"portal {facts.get('portalId')}, time zone {facts.get('timeZone')}"
    )
    yield from currency_differs(SOURCE, "HubSpot", facts.get("companyCurrency"), company)
    for name in TARGETS:
        ask = partial(client.get, path(company, "objects", name), {"limit": 1})
        yield readable(SOURCE, name, ask, ADD_SCOPE)
    yield from _diagnose_mails(client, company)
    yield readable(SOURCE, "owners", lambda: client.get(path(company, "owners"), {"limit": 1}), ADD_SCOPE)
    known: dict[str, dict[str, dict[str, Any]]] = {}
    for name in ("contacts", "deals", "meetings", "calls"):
        ask = partial(client.get_once, path(company, "properties", name))
        found = readable(SOURCE, f"properties of {name}", ask, ADD_SCOPE)
        if found.level == "ok":
            known[name] = {
                row["name"]: row
                for row in results(client.get_once(path(company, "properties", name)), "HubSpot properties")
            }
        else:
            yield found
    yield from _diagnose_settings(known, company)
    try:
        pipelines = {
            row["id"]: row["label"]
            for row in results(client.get_once(path(company, "pipelines", "deals")), "HubSpot pipelines")
        }
        yield existing(SOURCE, "pipelines", company.hubspot.pipelines, pipelines, "deal pipeline")
    except NotAvailable as error:
        yield Finding(SOURCE, "pipelines", "fail", str(error), "Add the scope to the key.")
    if company.hubspot.warm_list:
        try:
            found_list = warm_list(client, company)
        except NotAvailable as error:
            yield Finding(SOURCE, "warm_list", "fail", str(error), "Add the scope to the key.")
        else:
            if found_list:
                yield Finding(
                    SOURCE,
                    "warm_list",
                    "ok",
                    f'list "{found_list["name"]}" has {found_list.get("size")} members',
                )
            else:
                yield Finding(
                    SOURCE,
                    "warm_list",
                    "fail",
                    f'no contact list is named "{company.hubspot.warm_list}"',
                    "Correct hubspot.warm_list in company.toml, or remove it.",
                )
    yield from marketing.diagnose(client, company, local_date(settings.now(), company.zone))
    yield from _diagnose_people(client, settings, company)
    left = client.facts.requests_left_today
    yield Finding(
        SOURCE, "budget", "ok" if left else "info", f"{left or 'unknown number of'} requests left today"
    )


def _diagnose_mails(client: Client, company: Company) -> Iterator[Finding]:
    """Whether mails come with their details: a key without the scope for them gets the mails, and silently
    nothing about them."""
    asked = {"limit": 10, "properties": "hs_email_direction"}
    with contextlib.suppress(NotAvailable):  # said above
        mails = record_rows(client.get(path(company, "objects", "emails"), asked), "HubSpot emails")
        if any(mail["properties"].get("hs_email_direction") for mail in mails):
            yield Finding(SOURCE, "details of emails", "ok", "mails come with their direction")
        elif mails:
            yield Finding(SOURCE, "details of emails", "warn", WITHOUT_DIRECTION, MAIL_SCOPE)


def _diagnose_settings(known: dict[str, dict[str, dict[str, Any]]], company: Company) -> Iterator[Finding]:
    """The properties and values that company.toml names."""
    settings = company.hubspot
    for setting, name, wanted, kinds in (
        ("decision_maker_property", "contacts", settings.decision_maker_property, ()),
        ("coi_property", "contacts", settings.coi_property, ("date", "datetime")),
        ("mrr_property", "deals", settings.mrr_property, ("number",)),
    ):
        if name not in known:
            continue
        found = known[name].get(wanted)
        if found is None:
            yield Finding(
                SOURCE,
                setting,
                "fail",
                f"{name} have no property {wanted}",
                f"Correct hubspot.{setting} in company.toml; use the property's internal name.",
            )
        elif kinds and found.get("type") not in kinds:
            yield Finding(
                SOURCE,
                setting,
                "fail",
                f"the property {wanted} of {name} is of type {found.get('type')}, not {' or '.join(kinds)}",
                f"Choose another property for hubspot.{setting} in company.toml.",
            )
        else:
            yield Finding(SOURCE, setting, "ok", f"{name} have the property {wanted}")
    for setting, name, prop, wanted_values, what in (
        ("connected_outcomes", "calls", "hs_call_disposition", settings.connected_outcomes, "call outcome"),
        (
            "first_appointment_types",
            "meetings",
            "hs_activity_type",
            settings.first_appointment_types,
            "meeting type",
        ),
        ("coi_meeting_types", "meetings", "hs_activity_type", settings.coi_meeting_types, "meeting type"),
        (
            "decision_maker_values",
            "contacts",
            settings.decision_maker_property,
            settings.decision_maker_values,
            "value",
        ),
        ("renewal_deal_types", "deals", "dealtype", settings.renewal_deal_types, "deal type"),
    ):
        options = known.get(name, {}).get(prop, {}).get("options")
        if options:  # a property of free text lists no options, so nothing can be compared
            yield existing(
                SOURCE, setting, wanted_values, {str(o["value"]): str(o["label"]) for o in options}, what
            )
    stages = {
        str(o["value"]): str(o["label"])
        for o in known.get("contacts", {}).get("lifecyclestage", {}).get("options") or ()
    }
    ordered = {stage.strip().lower() for stage in settings.lifecycle_stages}
    if missing := [f"{value} ({label})" for value, label in stages.items() if value.lower() not in ordered]:
        yield Finding(
            SOURCE,
            "lifecycle_stages",
            "warn",
            f"hubspot.lifecycle_stages lacks {', '.join(missing)}: whether contacts in it are leads is"
            " unknown",
            "Add it to hubspot.lifecycle_stages in company.toml, in its place.",
        )


def _diagnose_people(client: Client, settings: Settings, company: Company) -> Iterator[Finding]:
    try:
        emails = {
            str(row.get("email", "")).lower()
            for page in paged(
                client, path(company, "owners"), {"limit": 100, "archived": "false"}, rows=results
            )
            for row in page
        }
    except NotAvailable:
        return  # said above
    yield from people_missing(SOURCE, settings, "hubspot_email", emails, "HubSpot owner")
