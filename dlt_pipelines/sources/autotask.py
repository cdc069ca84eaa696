"""Autotask PSA (REST, V1.0).

GET  /atservicesrest/v1.0/zoneInformation          -> which host serves this account; raw_autotask.account
POST /Tickets/query, /TimeEntries/query            -> raw_autotask.tickets, raw_autotask.time_entries (merge
    on id)
POST /Resources/query, /Companies/query, /BillingCodes/query -> resources, companies, billing_codes (in full,
    every run)
GET  /<entity>/entityInformation/fields            -> raw_autotask.picklists
POST /<entity>/query/count                         -> cheap check for deleted rows
GET  /ThresholdInformation                         -> how much of the account's hour others have used

Rows are walked by id (`id gt last`, 500 a page). The first run reads everything (or from start_date); later
runs what changed, with an hour of overlap. Once a week all open tickets and everything made or completed in
the last 90 days is read again, because not every change is sure to move lastActivityDate. Autotask keeps no
trace of a deleted row: for the last 60 days the number of rows is compared, and where it differs the ids;
what is gone gets deleted_at.

Quirks: 500 with a list of texts stands for wrong queries as well as for outages; "Thread Threshold Exceeded"
is a rate limit whatever its status; picklist values are texts while rows hold integers; dateWorked is a local
date at midnight Z and is never shifted; a user without the permission for non-billable time gets only
billable rows, silently.

Settings: AUTOTASK_USERNAME, AUTOTASK_SECRET, AUTOTASK_INTEGRATION_CODE, AUTOTASK_BASE_URL (where the zone is
asked for), section [autotask] of company.toml.
"""

from __future__ import annotations

import urllib.parse
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import dlt
from pydantic import Field, SecretStr

from dlt_pipelines.core.records import at, kinds, parse, plain, typed
from dlt_pipelines.core.run import Run
from dlt_pipelines.core.settlement import Outcome
from dlt_pipelines.core.source import EVERYTHING, ColumnType, Source, Table
from dlt_pipelines.doctor.findings import Finding, existing, people_missing
from dlt_pipelines.errors import NotAvailable, PermanentError, SourceError, TransientError
from dlt_pipelines.wire.bearer import Auth, Flow
from dlt_pipelines.wire.budget import Budget, Limit
from dlt_pipelines.wire.client import Client
from dlt_pipelines.wire.connect import Access, connects
from dlt_pipelines.wire.credentials import Credentials
from dlt_pipelines.wire.messages import Answer, Request, Retry, retry_after
from dlt_pipelines.wire.paging import capped, entries, expect
from foundation.settings import Company, Settings
from foundation.settings.types import WebAddress

SOURCE = "autotask"
VENDOR_URL = "https://webservices2.autotask.net"
OVERLAP = timedelta(hours=1)
SWEEP_DAYS = 7
SWEPT = timedelta(days=90)
RECONCILED = timedelta(days=60)
POLITE_SHARE = 0.8
"""The hour's requests are shared with every other integration of the account: above this share we stop."""

ENTITIES = {
    "tickets": "Tickets",
    "time_entries": "TimeEntries",
    "resources": "Resources",
    "companies": "Companies",
    "billing_codes": "BillingCodes",
}
FIELDS: dict[str, dict[str, tuple[str, ColumnType]]] = {
    "tickets": {
        "id": ("id", "bigint"),
        "ticket_number": ("ticketNumber", "text"),
        "title": ("title", "text"),
        "company_id": ("companyID", "bigint"),
        "queue_id": ("queueID", "bigint"),
        "status": ("status", "bigint"),
        "priority": ("priority", "bigint"),
        "issue_type": ("issueType", "bigint"),
        "ticket_type": ("ticketType", "bigint"),
        "assigned_resource_id": ("assignedResourceID", "bigint"),
        "creator_resource_id": ("creatorResourceID", "bigint"),
        "completed_by_resource_id": ("completedByResourceID", "bigint"),
        "create_date": ("createDate", "timestamp"),
        "completed_date": ("completedDate", "timestamp"),
        "last_activity_date": ("lastActivityDate", "timestamp"),
        "first_response_date_time": ("firstResponseDateTime", "timestamp"),
    },
    "time_entries": {
        "id": ("id", "bigint"),
        "ticket_id": ("ticketID", "bigint"),
        "task_id": ("taskID", "bigint"),
        "time_entry_type": ("timeEntryType", "bigint"),
        "resource_id": ("resourceID", "bigint"),
        "date_worked": ("dateWorked", "date"),
        "start_date_time": ("startDateTime", "timestamp"),
        "end_date_time": ("endDateTime", "timestamp"),
        "hours_worked": ("hoursWorked", "decimal"),
        "hours_to_bill": ("hoursToBill", "decimal"),
        "is_non_billable": ("isNonBillable", "bool"),
        "billing_code_id": ("billingCodeID", "bigint"),
        "internal_billing_code_id": ("internalBillingCodeID", "bigint"),
        "create_date_time": ("createDateTime", "timestamp"),
        "last_modified_date_time": ("lastModifiedDateTime", "timestamp"),
    },
    "resources": {
        "id": ("id", "bigint"),
        "first_name": ("firstName", "text"),
        "last_name": ("lastName", "text"),
        "email": ("email", "text"),
        "is_active": ("isActive", "bool"),
        "resource_type": ("resourceType", "text"),
        "title": ("title", "text"),
    },
    "companies": {
        "id": ("id", "bigint"),
        "company_name": ("companyName", "text"),
        "company_type": ("companyType", "bigint"),
        "is_active": ("isActive", "bool"),
        "create_date": ("createDate", "timestamp"),
        "last_activity_date": ("lastActivityDate", "timestamp"),
    },
    "billing_codes": {
        "id": ("id", "bigint"),
        "name": ("name", "text"),
        "use_type": ("useType", "bigint"),
        "is_active": ("isActive", "bool"),
    },
}
"""Table -> column -> (field on the wire, type). Only these fields are asked for: home phones and pay stay
    where they are."""

_MAY_LACK = {"title", "ticket_type", "issue_type", "priority", "resource_type", "company_type"}
"""Every field that is asked for comes, if only as null. These decide nothing, so a table can do without."""

PICKLISTS: dict[str, ColumnType] = {
    "entity": "text",
    "field": "text",
    "value": "bigint",
    "label": "text",
    "is_active": "bool",
    "sort_order": "bigint",
}
ACCOUNT: dict[str, ColumnType] = {"zone_name": "text", "url": "text", "web_url": "text"}

_CHANGED = {"tickets": "lastActivityDate", "time_entries": "lastModifiedDateTime"}
_MADE = {"tickets": ("createDate", "create_date"), "time_entries": ("createDateTime", "create_date_time")}
_DATED = {"tickets": "completedDate", "time_entries": "dateWorked"}
_HOUR = 10_000
WAIT = 60.0
"""Seconds to wait at a 429 without Retry-After."""

_OUR_FAULT = ("Unable to find", "MaxRecords", "is not valid", "not supported", "at least one filter")
"""Words in the texts of a 500 that mean a wrong query: trying again would only burn the hour's requests."""

Filter = dict[str, Any]


class AutotaskCredentials(Credentials):
    """What Autotask needs: an API-only user and the tracking identifier of the integration."""

    username: SecretStr = Field(alias="AUTOTASK_USERNAME")
    secret: SecretStr = Field(alias="AUTOTASK_SECRET")
    integration_code: SecretStr = Field(alias="AUTOTASK_INTEGRATION_CODE")
    base_url: WebAddress | None = Field(None, alias="AUTOTASK_BASE_URL")


WAY_OUT = (
    "Check AUTOTASK_USERNAME, AUTOTASK_SECRET and AUTOTASK_INTEGRATION_CODE, and in Autotask (Admin,"
    " Resources) that the API user is active and not locked; failed attempts lock it."
)


@dataclass
class Zone(Auth):
    """Where the account's data are. Asked for again at a 401, since accounts move between zones."""

    finder: Client
    """Asks the host that knows the zone of every user."""
    user: str
    known: Mapping[str, Any]
    """What that host said: `url`, `zoneName`, `ci` (the tenant)."""

    @property
    def base_url(self) -> str:
        return f"{str(self.known['url']).rstrip('/')}/V1.0"

    def flow(self, request: Request) -> Flow:
        request.base_url = self.base_url
        answer = yield request
        if answer.status == 401:
            before, self.known = self.known["url"], _zone(self.finder, self.user)
            if self.known["url"] != before:
                request.base_url = self.base_url
                yield request


@dataclass
class Facts:
    """What is known of the connection."""

    zone: Zone
    hour: Limit
    """The requests of an hour that are left to us."""


@connects(AutotaskCredentials, SOURCE)
def connect(access: Access[AutotaskCredentials]) -> Client[Facts]:
    """A client for the account's zone that keeps Autotask's limits.

    Raises:
        PermanentError: the user is unknown, or the zone is on a host that is not Autotask's.
    """
    credentials, user = access.credentials, access.credentials.username.get_secret_value()
    anywhere = access.vendor("Autotask", VENDOR_URL, WAY_OUT)
    finder = Client(replace(anywhere, judge=_zone_judge), counters=access.counters)
    zone = Zone(finder, user, _zone(finder, user))
    # one request at a time per entity keeps clear of the limit of three threads; all share the hour
    hour = Limit(_HOUR, 3600)
    lanes = {"": (hour,), **{entity: (Limit(1, 0), hour) for entity in ENTITIES.values()}}
    vendor = replace(
        anywhere,
        base_url=zone.base_url,
        auth=zone,
        headers={
            "UserName": user,
            "Secret": credentials.secret.get_secret_value(),
            "ApiIntegrationCode": credentials.integration_code.get_secret_value(),
        },
        budget=Budget(lanes),
        judge=_judge,
        read_seconds=300.0,
    )
    return Client(vendor, Facts(zone, hour), access.counters)


def _zone(finder: Client, user: str) -> dict[str, Any]:
    what, asked = "Autotask zone information", finder.vendor.base_url
    zone = expect(finder.get("/atservicesrest/v1.0/zoneInformation", {"user": user}), dict, what)
    expect(zone, str, what, "url")
    host = urllib.parse.urlsplit(zone["url"]).hostname or ""
    if host != urllib.parse.urlsplit(asked).hostname and not (
        host.endswith(".autotask.net") and zone["url"].startswith("https://")
    ):
        raise PermanentError(
            f"Autotask: the zone information names the host {host}, which is not Autotask's; nothing is sent"
            " there"
        )
    return dict(zone)


def _zone_judge(answer: Answer) -> Retry | SourceError | None:
    if answer.status == 500 and _texts(answer):
        return PermanentError(
            f"the zone of this user is unknown: {'; '.join(_texts(answer))}. Check AUTOTASK_USERNAME."
        )
    return None


def _texts(answer: Answer) -> list[str]:
    body = answer.json()
    errors = body.get("errors") if isinstance(body, dict) else None
    if not isinstance(errors, list):
        return []
    return [str(error.get("message", error)) if isinstance(error, dict) else str(error) for error in errors]


def _judge(answer: Answer) -> Retry | SourceError | None:
    texts = "; ".join(_texts(answer))
    if "Itgenatr005" in texts or "Thread Threshold Exceeded" in texts:
        return Retry(
            "too many requests at once (another integration with the same tracking identifier?)",
            None,
            everybody=True,
        )
    if answer.status == 429:
        asked = retry_after(answer.headers)
        return Retry(
            "the account's requests for this hour are used up",
            asked if asked is not None else WAIT,
            everybody=True,
        )
    if answer.status == 403:
        return NotAvailable(
            f"the API user may not read this: {texts or answer.start}. Change its security level in Autotask."
        )
    if answer.status == 500 and any(word in texts for word in _OUR_FAULT):
        return PermanentError(f"the query is refused: {texts}")
    return None


def identify(client: Client[Facts]) -> str:
    """The account behind the credentials, so that two accounts never mix in one warehouse."""
    zone = client.facts.zone.known
    return f"tenant {zone.get('ci')} in zone {zone.get('zoneName')}"


@dataclass
class _Memory:
    """What a run of Autotask remembers."""

    alive: dict[str, dict[int, datetime]] = field(default_factory=dict)
    """Table -> id -> when it was made, of the last 60 days' rows that the warehouse thinks are alive."""


_Run = Run[Client[Facts], _Memory]


def recall(connection: Any, run: _Run) -> None:
    """Before the run, with the lock held: the rows that a comparison of ids begins with."""
    for name, (_, made) in _MADE.items():
        if name in run.tables and name in run.state.get("tables", {}):
            rows = connection.execute(
                f"select id, {made} from raw_autotask.{name} where deleted_at is null and {made} >= ?",
                [run.started_at - RECONCILED],
            ).fetchall()
            run.memory.alive[name] = {row[0]: row[1].astimezone(UTC) for row in rows}


def _iso(instant: datetime) -> str:
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _where(field: str, operator: str, value: object) -> Filter:
    return {"op": operator, "field": field, "value": value}


def _any(*items: Filter) -> Filter:
    return items[0] if len(items) == 1 else {"op": "or", "items": list(items)}


def walk(
    client: Client, entity: str, fields: list[str], conditions: list[Filter]
) -> Iterator[list[dict[str, Any]]]:
    """Pages of an entity in the order of ids; each page asks for ids above the last one."""

    def pages() -> Iterator[list[dict[str, Any]]]:
        last = -1  # company 0 is the service provider itself
        while True:
            body = {
                "MaxRecords": 500,
                "IncludeFields": fields,
                "Filter": [_where("id", "gt", last), *conditions],
            }
            answer = client.post(
                f"/{entity}/query", body, lane=entity, complaint=partial(_incomplete, last=last)
            )
            items = expect(answer, list, f"Autotask {entity}", "items")
            # rows without an id are left out further on
            ids = [key for item in items if isinstance(key := at(item, "id"), int)]
            if any(key <= last for key in ids):
                raise PermanentError(f"Autotask {entity}: pages no longer advance after id {last}")
            if len(items) < 500:
                if items:
                    yield items
                return
            if ids != sorted(ids):
                # the next page would begin behind rows that never came
                raise PermanentError(
                    f"Autotask {entity}: a page is not in the order of ids, so rows would be lost. Report"
                    " this text."
                )
            yield items
            if not ids:
                raise PermanentError(
                    f"Autotask {entity}: a whole page after id {last} is without ids. Report this text."
                )
            last = ids[-1]

    yield from capped(pages(), 100_000, f"Autotask {entity}")


def _incomplete(answer: Any, last: int) -> str | None:
    """What is wrong with a page that was asked for with `id gt last`."""
    items = answer.get("items") if isinstance(answer, dict) else None
    if not isinstance(items, list):
        return None
    details = answer.get("pageDetails")
    if isinstance(details, dict) and details.get("count") != len(items):
        return f"a page of {len(items)} rows that says it has {details.get('count')}"
    ids = [key for item in items if isinstance(key := at(item, "id"), int)]
    if any(key <= last for key in ids):
        return "the page before once more"
    return None


def count(client: Client, entity: str, conditions: list[Filter]) -> int:
    """How many rows match."""
    answer = client.post(f"/{entity}/query/count", {"Filter": conditions}, lane=entity)
    return int(expect(answer, int, f"Autotask {entity} count", "queryCount"))


def threshold(client: Client) -> tuple[int, int]:
    """(requests used in the running hour by every integration of the account, requests allowed)."""
    facts = client.get_once("/ThresholdInformation")
    what = "Autotask threshold information"
    return expect(facts, int, what, "currentTimeframeRequestCount"), expect(
        facts, int, what, "externalRequestThreshold"
    )


def check_budget(client: Client[Facts]) -> None:
    """Stop politely while others need the hour, and take no more than what is left of it.

    Raises:
        TransientError: more than 80 % of the hour's requests are used.
    """
    used, allowed = threshold(client)
    if used > POLITE_SHARE * allowed:
        raise TransientError(
            f"Autotask: {used} of the account's {allowed} requests an hour are used, most by other"
            " integrations; run again in an hour"
        )
    client.facts.hour.most = max(1, int(POLITE_SHARE * allowed) - used)


def _rows(run: _Run, name: str, conditions: list[Filter]) -> Iterator[Any]:
    pages = walk(run.client, ENTITIES[name], [field for field, _ in FIELDS[name].values()], conditions)
    yield from typed(f"autotask.{name}", FIELDS[name], pages, run.warn, may_lack=_MAY_LACK)


def _changing(run: _Run, name: str) -> Iterator[Any]:
    """Tickets or time entries: everything, the changes, or a window; then the search for deleted rows."""
    cursor = run.state.get("tables", {}).get(name, {})
    pulled_at = datetime.fromisoformat(cursor["pulled_at"]) if "pulled_at" in cursor else None
    new = {"pulled_at": run.started_at.isoformat()}
    changed, made, dated = _CHANGED[name], _MADE[name][0], _DATED[name]
    begins = run.reaches_back(
        name, run.company.autotask.start_date, whole=pulled_at is None and not run.backfill
    )
    sweep = run.due(cursor.get("swept_at"), SWEEP_DAYS)
    if run.backfill:
        bounds = [
            (operator, _iso(bound))
            for operator, bound in (("gte", run.window.since), ("lte", run.window.until))
            if bound
        ]
        conditions = [
            _any(
                *(
                    {"op": "and", "items": [_where(field, *bound) for bound in bounds]}
                    for field in (changed, made, dated)
                )
            )
        ]
    elif pulled_at is None:
        conditions = (
            [_any(*(_where(field, "gte", _iso(begins)) for field in (changed, made, dated)))]
            if begins
            else []
        )
    elif sweep:
        since = _iso(run.started_at - SWEPT)
        still_open = (
            [_where("status", "notIn", run.company.autotask.complete_status_ids)] if name == "tickets" else []
        )
        recent = [_where(field, "gte", since) for field in (made, dated)]
        conditions = [_any(*still_open, *recent, _where(changed, "gte", _iso(pulled_at - OVERLAP)))]
    else:
        conditions = [_where(changed, "gte", _iso(pulled_at - OVERLAP))]
    yield from _rows(run, name, conditions)
    if run.backfill:
        return
    if pulled_at is None:
        # everything, or everything changed or made since the start date: what did not come is gone
        columns = (
            [column for column, (field, _) in FIELDS[name].items() if field in (changed, made)]
            if begins
            else []
        )
        where = " or ".join(f"{column} >= cast(? as timestamptz)" for column in columns) or "true"
        run.listed(name, where=f"({where})", values=[_iso(begins) for _ in columns] if begins else [])
    else:
        _find_deleted(run, name, pulled_at, compare_ids=sweep)
    if not run.advances(name):
        return
    if sweep:
        new["swept_at"] = new["pulled_at"]
    dlt.current.source_state().setdefault("tables", {})[name] = {**cursor, **new}


def _find_deleted(run: _Run, name: str, pulled_at: datetime, *, compare_ids: bool) -> None:
    """Which of the rows that the warehouse knows, made in the last 60 days and before the last run, are no
    longer there."""
    entity, (field, _) = ENTITIES[name], _MADE[name]
    since, until = run.started_at - RECONCILED, pulled_at - OVERLAP
    known = {key for key, made in run.memory.alive.get(name, {}).items() if since <= made < until}
    conditions = [_where(field, "gte", _iso(since)), _where(field, "lt", _iso(until))]
    if until <= since or (not compare_ids and count(run.client, entity, conditions) == len(known)):
        return
    there = {at(row, "id") for page in walk(run.client, entity, ["id"], conditions) for row in page}
    if None not in there:  # a row without an id may be any of them
        run.gone(name, known - there)


def picklist_rows(client: Client, entity: str) -> list[dict[str, Any]]:
    """Every picklist field of an entity, as Autotask describes it."""
    found = client.get_once(f"/{entity}/entityInformation/fields", lane=entity)
    return [
        field for field in entries(found, f"Autotask fields of {entity}", "fields") if field.get("isPickList")
    ]


def _values(field: dict[str, Any]) -> list[dict[str, Any]]:
    """The values of a picklist; null where it has none."""
    return (
        [] if field.get("picklistValues") is None else entries(field, "Autotask picklists", "picklistValues")
    )


def _picklists(run: _Run) -> Iterator[Any]:
    used = {wire for fields in FIELDS.values() for wire, _ in fields.values()}
    rows = [
        {
            "entity": entity,
            "field": field.get("name"),
            "value": parse(
                "bigint",
                value.get("value"),
                f"autotask.picklists {entity}.{field.get('name')}: value",
                run.warn,
            ),
            "label": value.get("label"),
            "is_active": value.get("isActive"),
            "sort_order": value.get("sortOrder"),
        }
        for entity in ("Tickets", "TimeEntries", "Companies", "BillingCodes")
        for field in picklist_rows(run.client, entity)
        if field.get("name") in used
        for value in _values(field)
    ]
    known = [row for row in rows if row["value"] is not None]
    yield from typed(
        "autotask.picklists",
        plain(PICKLISTS),
        [known],
        run.warn,
        key=("value", "entity", "field"),
        may_lack=PICKLISTS,
    )


def _account(run: _Run) -> Iterator[Any]:
    zone = run.client.facts.zone.known
    row = {"zone_name": zone.get("zoneName"), "url": zone["url"], "web_url": zone.get("webUrl")}
    yield from typed("autotask.account", plain(ACCOUNT), [[row]], run.warn, key="zone_name")


def _tickets(run: _Run) -> Iterator[Any]:
    return _changing(run, "tickets")


def _time_entries(run: _Run) -> Iterator[Any]:
    return _changing(run, "time_entries")


def _listed(name: str) -> Callable[[_Run], Iterator[Any]]:
    return lambda run: _rows(run, name, [])


TABLES: tuple[Table[_Run], ...] = (
    Table(
        "tickets",
        "One row per ticket. queue_id is the queue now; deleted_at: when the ticket was found to be gone.",
        "id",
        kinds(FIELDS["tickets"], deleted_at="timestamp"),
        _tickets,
        newest="last_activity_date",
    ),
    Table(
        "time_entries",
        "One row per time entry. date_worked is the local work date, hours are hours; neither ticket nor"
        " task: internal time.",
        "id",
        kinds(FIELDS["time_entries"], deleted_at="timestamp"),
        _time_entries,
        newest="last_modified_date_time",
    ),
    Table(
        "resources",
        "One row per resource (a person in Autotask), inactive ones included.",
        "id",
        kinds(FIELDS["resources"]),
        _listed("resources"),
    ),
    Table(
        "companies",
        "One row per company; company 0 is the service provider itself.",
        "id",
        kinds(FIELDS["companies"]),
        _listed("companies"),
        newest="last_activity_date",
    ),
    Table(
        "billing_codes",
        "One row per billing code: work types and internal-time codes such as time off.",
        "id",
        kinds(FIELDS["billing_codes"]),
        _listed("billing_codes"),
    ),
    Table(
        "picklists",
        "One row per value of a picklist (queues, statuses, ...), inactive values included because old rows"
        " still use them.",
        ("entity", "field", "value"),
        PICKLISTS,
        _picklists,
        write=EVERYTHING,
        whole=True,
    ),
    Table(
        "account",
        "The zone that serves the account: one row. web_url is where its pages are.",
        "zone_name",
        ACCOUNT,
        _account,
        write=EVERYTHING,
        whole=True,
    ),
)


def begin(run: _Run) -> None:
    """Before the first row: is there room in the account's hour?"""
    check_budget(run.client)


NON_BILLABLE_WARNING = (
    "Autotask: the last 30 days hold no non-billable and no internal time. The API user's security level"
    " probably lacks the permission to view non-billable time entries; utilization would show 100 %. Grant it"
    " in Autotask: Admin, Security Levels, Timesheets."
)


def totals(run: _Run) -> Iterator[tuple[str, int]]:
    """How many tickets and time entries there are, as far as the API user may see them."""
    for name in run.countable(_CHANGED):
        yield name, count(run.client, ENTITIES[name], [_where("id", "gte", 0)])


def settle(connection: Any, outcome: Outcome) -> None:
    """After the load, with the lock held: look for signs of a missing permission."""
    if outcome.read("time_entries"):
        seen = connection.execute(
            "select count(*), count(*) filter (is_non_billable or (ticket_id is null and task_id is null))"
            " from raw_autotask.time_entries where deleted_at is null and date_worked >= ?",
            [(outcome.started_at - timedelta(days=30)).date()],
        ).fetchone()
        if seen and seen[0] and not seen[1]:
            outcome.warn(NON_BILLABLE_WARNING)


def diagnose(client: Client[Facts], settings: Settings, company: Company) -> Iterator[Finding]:
    """Zone, permissions, configured ids, people and budget."""
    zone = client.facts.zone.known
    yield Finding(
        SOURCE, "zone", "ok", f"{zone.get('zoneName')}, {urllib.parse.urlsplit(zone['url']).hostname}"
    )
    readable = set()
    for entity in ENTITIES.values():
        try:
            info = expect(
                client.get(f"/{entity}/entityInformation", lane=entity), dict, f"Autotask {entity}", "info"
            )
        except NotAvailable as error:
            info, reason = {}, str(error)
        else:
            reason = f"the API user may not query {entity}"
        if info.get("canQuery"):
            readable.add(entity)
            yield Finding(SOURCE, entity, "ok", "may be queried")
        else:
            yield Finding(
                SOURCE,
                entity,
                "fail",
                reason,
                "Give the API user's security level access to it (Admin, Security Levels).",
            )
    if "Tickets" in readable:
        lists = {
            field["name"]: {
                int(value["value"]): str(value.get("label"))
                for value in _values(field)
                if str(value.get("value")).isdigit()
            }
            for field in picklist_rows(client, "Tickets")
            if field.get("name") in ("queueID", "status")
        }
        yield existing(
            SOURCE,
            "reactive_queue_ids",
            company.autotask.reactive_queue_ids,
            lists.get("queueID", {}),
            "queue",
        )
        yield existing(
            SOURCE,
            "complete_status_ids",
            company.autotask.complete_status_ids,
            lists.get("status", {}),
            "ticket status",
        )
    if "BillingCodes" in readable:
        names = {
            row["name"]: row["name"]
            for page in walk(client, "BillingCodes", ["id", "name"], [])
            for row in page
        }
        yield existing(SOURCE, "time_off_codes", company.autotask.time_off_codes, names, "billing code")
    if "TimeEntries" in readable:
        yield _diagnose_non_billable(client, settings)
    if "Resources" in readable:
        emails = {
            str(row.get("email") or "").lower()
            for page in walk(client, "Resources", ["id", "email"], [])
            for row in page
        }
        yield from people_missing(SOURCE, settings, "autotask_email", emails, "Autotask resource")
    used, allowed = threshold(client)
    spare = used <= POLITE_SHARE * allowed
    yield Finding(
        SOURCE,
        "budget",
        "ok" if spare else "warn",
        f"{used} of {allowed} requests of the running hour are used, by all integrations",
        (
            ""
            if spare
            else "Loads wait until less than 80 % are used; see which other integration asks so much."
        ),
    )


def _diagnose_non_billable(client: Client, settings: Settings) -> Finding:
    recent = _where("dateWorked", "gte", _iso(settings.now() - timedelta(days=30)))
    internal = {
        "op": "and",
        "items": [_where("ticketID", "notExist", None), _where("taskID", "notExist", None)],
    }
    entries = count(client, "TimeEntries", [recent])
    if entries and not count(
        client, "TimeEntries", [recent, _any(_where("isNonBillable", "eq", True), internal)]
    ):
        text, _, way_out = NON_BILLABLE_WARNING.removeprefix("Autotask: ").partition(" Grant it")
        return Finding(SOURCE, "non-billable time", "warn", text, f"Grant it{way_out}")
    return Finding(
        SOURCE,
        "non-billable time",
        "ok",
        f"{entries} time entries in 30 days, non-billable or internal ones among them",
    )


source = Source(
    SOURCE,
    AutotaskCredentials,
    TABLES,
    connect,
    identify,
    diagnose,
    memory=_Memory,
    recall=recall,
    begin=begin,
    totals=totals,
    settle=settle,
)
