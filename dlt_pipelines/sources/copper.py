"""Copper CRM (Developer API v1).

POST /users/search               -> raw_copper.users (merge on id; who left is missing there, keeps the row
    and gets deleted_at)
GET  /activity_types             -> activity_types: an object keyed user and system, whose ids may collide
POST /activities/search          -> activities (merge on id)
POST /opportunities/search       -> opportunities (merge on id), opportunity_stages (every open one, one row a
    day)
GET  /pipelines                  -> pipelines, pipeline_stages (those embedded; /pipeline_stages answers 401
    to some keys)
GET  /custom_field_definitions   -> custom_fields, custom_field_options
GET  /account                    -> account

Activities cannot be asked for by their change, by user or in an order: every run asks again for the last
`activity_days` by activity_date, once a week for the last 90 days, because people back-date and edit. What is
gone from such a window, or answers as a stub, gets deleted_at. Opportunities are asked for by their change,
with a day of overlap, and once a week all of them: a deleted one disappears without a trace. A search reaches
its first 100,000 records; a larger one is split by time until each part is smaller.

Pages are numbered, so they shift while records come and go. A page that is shorter than the total promises is
asked for once more (the total may be too high), and before anything counts as deleted the search is walked a
second time.

A backfill works per user: opportunities by assignee, and the window of activities is fetched once and dealt
out by user_id.

UNCONFIRMED, and what is done: date bounds may or may not include their edge (windows touch, and rows at an
edge are never taken for deleted); the shape of e-mail activities (details is text, an object or nothing:
sender and phone number are read from it, texts are not stored); 429 without Retry-After waits a minute;
`user_ids` and `sort_by` of activities are not sent, as unknown attributes are a 422; `full_result` is not
sent, so that an e-mail to several people is one row. Close dates are texts in the order of the account's
locale: copper.date_order says which, never a guess per row. A key sees what its owner sees: use an
administrator's.

Settings: COPPER_API_KEY, COPPER_USER_EMAIL, COPPER_BASE_URL, section [copper] of company.toml.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import dlt
from pydantic import Field, SecretStr

from dlt_pipelines.core.records import Fields, as_json, at, kinds, typed
from dlt_pipelines.core.run import Run, snapshot_day
from dlt_pipelines.core.source import EVERYTHING, Source, Table, replaces_same
from dlt_pipelines.doctor.findings import Finding, existing, people_missing, readable
from dlt_pipelines.errors import NotAvailable, SourceError
from dlt_pipelines.wire.budget import Budget, Limit
from dlt_pipelines.wire.client import Client
from dlt_pipelines.wire.connect import Access, connects
from dlt_pipelines.wire.credentials import Credentials
from dlt_pipelines.wire.messages import Answer, Retry, retry_after
from dlt_pipelines.wire.paging import entries, expect, once
from foundation.settings import Company, Settings
from foundation.settings.types import WebAddress

SOURCE = "copper"
VENDOR_URL = "https://api.copper.com/developer_api/v1"
PAGE = 200
REACHABLE = 100_000
MINUTE = 180
WAIT = 60.0
"""Seconds to wait at a 429 without Retry-After."""
OVERLAP = timedelta(hours=1)
CHANGED_OVERLAP = timedelta(days=1)
SWEEP_DAYS = 7
SWEPT = timedelta(days=90)
BEGINNING = datetime(2000, 1, 1, tzinfo=UTC)
AHEAD = timedelta(days=400)
"""Meetings are logged for days to come."""

USERS: Fields = {"id": ("id", "bigint"), "name": ("name", "text"), "email": ("email", "text")}
ACTIVITY_TYPES: Fields = {
    "category": ("category", "text"),
    "id": ("id", "bigint"),
    "name": ("name", "text"),
    "is_disabled": ("is_disabled", "bool"),
    "count_as_interaction": ("count_as_interaction", "bool"),
}
ACTIVITIES: Fields = {
    "id": ("id", "bigint"),
    "parent_id": ("parent.id", "bigint"),
    "parent_type": ("parent.type", "text"),
    "type_id": ("type.id", "bigint"),
    "type_category": ("type.category", "text"),
    "user_id": ("user_id", "bigint"),
    "activity_date": ("activity_date", "timestamp"),
    "date_created": ("date_created", "timestamp"),
    "date_modified": ("date_modified", "timestamp"),
    "sender_email": ("sender_email", "text"),
    "phone_number": ("phone_number", "text"),
}
OPPORTUNITIES: Fields = {
    "id": ("id", "bigint"),
    "name": ("name", "text"),
    "assignee_id": ("assignee_id", "bigint"),
    "company_id": ("company_id", "bigint"),
    "company_name": ("company_name", "text"),
    "pipeline_id": ("pipeline_id", "bigint"),
    "pipeline_stage_id": ("pipeline_stage_id", "bigint"),
    "status": ("status", "text"),
    "close_date": ("close_date", "date"),
    "monetary_value": ("monetary_value", "decimal"),
    "monetary_unit": ("monetary_unit", "text"),
    "converted_value": ("converted_value", "decimal"),
    "converted_unit": ("converted_unit", "text"),
    "win_probability": ("win_probability", "decimal"),
    "loss_reason_id": ("loss_reason_id", "bigint"),
    "customer_source_id": ("customer_source_id", "bigint"),
    "date_stage_changed": ("date_stage_changed", "timestamp"),
    "date_created": ("date_created", "timestamp"),
    "date_modified": ("date_modified", "timestamp"),
    "custom_fields": ("custom_fields", "text"),
}
STAGES_NOW: Fields = {
    "snapshot_date": ("snapshot_date", "date"),
    "opportunity_id": ("id", "bigint"),
    **{
        column: OPPORTUNITIES[column]
        for column in (
            "pipeline_id",
            "pipeline_stage_id",
            "status",
            "assignee_id",
            "monetary_value",
            "converted_value",
        )
    },
}
PIPELINES: Fields = {
    "id": ("id", "bigint"),
    "name": ("name", "text"),
    "type": ("type", "text"),
    "is_revenue": ("is_revenue", "bool"),
}
PIPELINE_STAGES: Fields = {
    "id": ("id", "bigint"),
    "pipeline_id": ("pipeline_id", "bigint"),
    "name": ("name", "text"),
    "win_probability": ("win_probability", "decimal"),
    "position": ("position", "bigint"),
}
CUSTOM_FIELDS: Fields = {"id": ("id", "bigint"), "name": ("name", "text"), "data_type": ("data_type", "text")}
CUSTOM_FIELD_OPTIONS: Fields = {
    "id": ("id", "bigint"),
    "custom_field_id": ("custom_field_id", "bigint"),
    "name": ("name", "text"),
    "rank": ("rank", "bigint"),
}
ACCOUNT: Fields = {
    "id": ("id", "bigint"),
    "name": ("name", "text"),
    "primary_timezone": ("primary_timezone", "text"),
}

# what older accounts lack, and what we put there ourselves
_MAY_LACK = {
    "is_disabled",
    "count_as_interaction",
    "type",
    "is_revenue",
    "primary_timezone",
    "sender_email",
    "phone_number",
    "rank",
}
_EPOCHS = ("activity_date", "date_created", "date_modified", "date_stage_changed")


class CopperCredentials(Credentials):
    """What Copper needs: a key and the address of the user to whom it belongs."""

    api_key: SecretStr = Field(alias="COPPER_API_KEY")
    user_email: SecretStr = Field(alias="COPPER_USER_EMAIL")
    base_url: WebAddress | None = Field(None, alias="COPPER_BASE_URL")


WAY_OUT = (
    "Check COPPER_API_KEY and COPPER_USER_EMAIL: the key and the address of the administrator to whom it"
    " belongs."
)
LOOK_OUT = "Use the key of a Copper administrator (Settings, Integrations, API Keys)."


class LastTotal(threading.local):
    """How many records the last answer to this thread's request says there are."""

    total = 0


@dataclass
class Facts:
    """What is known of the connection."""

    told: LastTotal = field(default_factory=LastTotal)
    windows: dict[Any, list[list[Any]]] = field(default_factory=dict)
    """Pages of activities that one request brought for several persons."""


@connects(CopperCredentials, SOURCE)
def connect(access: Access[CopperCredentials]) -> Client[Facts]:
    """A client that keeps Copper's limits."""
    credentials, facts = access.credentials, Facts()

    def judge(answer: Answer) -> Retry | SourceError | None:
        total = answer.headers.get("x-pw-total", "")
        facts.told.total = int(total) if total.isdigit() else 0
        return _judge(answer)

    vendor = access.vendor("Copper", VENDOR_URL, WAY_OUT)
    below = "/developer_api/v1" if access.place == "sandbox" else ""
    vendor = replace(
        vendor,
        base_url=f"{vendor.base_url}{below}",
        headers={
            "X-PW-AccessToken": credentials.api_key.get_secret_value(),
            "X-PW-Application": "developer_api",
            "X-PW-UserEmail": credentials.user_email.get_secret_value(),
            # expected on GET too
            "Content-Type": "application/json",
        },
        budget=Budget({"": (Limit(MINUTE, 60),)}),
        judge=judge,
    )
    return Client(vendor, facts, access.counters)


def _judge(answer: Answer) -> Retry | SourceError | None:
    if answer.status == 429:
        asked = retry_after(answer.headers)
        return Retry(
            "the account's requests for this minute are used up",
            asked if asked is not None else WAIT,
            everybody=True,
        )
    if answer.status == 403:
        return NotAvailable(f"the owner of the key may not read this (403): {answer.start}. {LOOK_OUT}")
    return None


def identify(client: Client) -> str:
    """The account behind the credentials, so that two accounts never mix in one warehouse."""
    return f"account {expect(client.get_once('/account'), int, 'Copper account', 'id')}"


# ------------------------------------------------------------------ searches


def search(client: Client[Facts], entity: str, body: Mapping[str, Any]) -> Iterator[list[Any]]:
    """Pages of one search, as far as a search reaches."""
    told, before = client.facts.told, None
    for number in range(1, REACHABLE // PAGE + 1):

        def doubt(answer: Any, number: int = number, before: Any = before) -> str | None:
            if not isinstance(answer, list):
                return None
            if answer and answer == before:
                return "the page before once more"
            if len(answer) < PAGE and (number - 1) * PAGE + len(answer) < min(told.total, REACHABLE):
                return f"a page of {len(answer)} rows, although {told.total} match"
            return None

        asked = {**body, "page_number": number, "page_size": PAGE}
        page = expect(
            client.post(f"/{entity}/search", asked, complaint=once(doubt)), list, f"Copper {entity}"
        )
        if page:
            yield page
        if len(page) < PAGE:
            return
        before = page


def dated(
    client: Client[Facts], entity: str, body: Mapping[str, Any], field: str, since: datetime, until: datetime
) -> Iterator[list[Any]]:
    """Pages of a search between two instants of `field`, split by time where one search would not reach all
    of it."""
    low, high = int(since.timestamp()), int(until.timestamp()) + 1
    pages = search(client, entity, {**body, f"minimum_{field}": low, f"maximum_{field}": high})
    first = next(pages, [])
    if client.facts.told.total > REACHABLE and high - low > 2:
        middle = since + (until - since) / 2
        yield from dated(client, entity, body, field, since, middle)
        yield from dated(client, entity, body, field, middle, until)
        return
    if first:
        yield first
    yield from pages


def _settled(
    walk: Callable[[], Iterable[list[Any]]], known: Collection[int], gone: set[int]
) -> Iterator[list[Any]]:
    """Pages of a walk. What of `known` is not there is looked for in a second walk before it is put into
    `gone`: pages may have shifted."""
    missing = set(known)
    for _ in (1, 2):
        for page in walk():
            missing.difference_update(at(row, "id") for row in page)
            yield page
        if not missing:
            return
    gone |= missing


# ------------------------------------------------------------------ rows


def _clean(row: Any) -> Any:
    """A row with instants as our tables want them: Copper's are Unix seconds."""
    if not isinstance(row, dict):
        return row
    return row | {name: row[name] * 1000 for name in _EPOCHS if type(row.get(name)) in (int, float)}


@dataclass
class _Memory:
    """What a run of Copper remembers."""

    alive: dict[str, set[int]] = field(default_factory=dict)
    """Table -> ids of the rows that are alive in the warehouse and that the searches must bring again."""


_Run = Run[Client[Facts], _Memory]

_NUMBER = re.compile(r"\+?\d[\d\s().-]{8,}\d")
_DATE = re.compile(r"\d{4}-\d\d-\d\d")


def phone_number(text: str) -> str | None:
    """The digits of the first phone number in a text."""
    for found in _NUMBER.findall(_DATE.sub(" ", text)):
        digits = re.sub(r"\D", "", found)
        if 10 <= len(digits) <= 15:
            return digits
    return None


def _activity(row: Any) -> Any:
    details = at(row, "details")
    sender = details.get("sender") if isinstance(details, dict) else None
    return (
        row
        if not isinstance(row, dict)
        else _clean(row)
        | {
            "sender_email": (
                str(sender["email"]) if isinstance(sender, dict) and sender.get("email") else None
            ),
            "phone_number": phone_number(details) if isinstance(details, str) else None,
        }
    )


_ORDERS = {"mdy": (0, 1), "dmy": (1, 0)}


def close_date(text: Any, order: str) -> str | None:
    """`M/D/YYYY` or `D/M/YYYY`, not zero padded, as ISO; None where it is no such date."""
    parts = str(text).split("/")
    if len(parts) != 3 or not all(part.isdigit() for part in parts):
        return None
    month, day = (int(parts[place]) for place in _ORDERS[order])
    try:
        return date(int(parts[2]), month, day).isoformat()
    except ValueError:
        return None


def _opportunity(run: _Run, row: Any) -> Any:
    if not isinstance(row, dict):
        return row
    row, order = _clean(row), run.company.copper.date_order
    text = row.get("close_date")
    if isinstance(text, str) and "/" in text:
        other = "dmy" if order == "mdy" else "mdy"
        row["close_date"] = close_date(text, order) or text
        if row["close_date"] == text and close_date(text, other):
            run.warn(
                f'Copper: close dates such as "{text}" are not written {order}; set copper.date_order ='
                f' "{other}" in company.toml'
            )
    fields = row.get("custom_fields")
    if isinstance(fields, list):
        # the order varies and most are unset: only what is set, by definition
        values = {
            str(one.get("custom_field_definition_id")): one.get("value")
            for one in fields
            if isinstance(one, dict)
        }
        row["custom_fields"] = as_json(
            {key: values[key] for key in sorted(values) if values[key] not in (None, [], "")}
        )
    return row


def _typed(
    run: _Run, name: str, fields: Fields, pages: Iterable[list[Any]], key: str | tuple[str, ...] = "id"
) -> Iterator[Any]:
    return typed(f"copper.{name}", fields, pages, run.warn, key=key, may_lack=_MAY_LACK)


# ------------------------------------------------------------------ what is pulled


def _pulled_at(run: _Run, name: str) -> datetime | None:
    kept = run.state.get("tables", {}).get(name, {}).get("pulled_at")
    return datetime.fromisoformat(kept) if kept else None


def _advance(run: _Run, name: str, sweep: bool) -> None:
    if run.advances(name):
        now = run.started_at.isoformat()
        dlt.current.source_state().setdefault("tables", {}).setdefault(name, {}).update(
            {"pulled_at": now} | ({"swept_at": now} if sweep else {})
        )


def _start(run: _Run) -> datetime:
    """From when on the account is asked for records."""
    start = run.company.copper.start_date
    return datetime.combine(start, time(), run.company.zone).astimezone(UTC) if start else BEGINNING


def _due(run: _Run, name: str) -> bool:
    """Whether this run reads all of a table's window again."""
    return not run.backfill and run.due(run.state.get("tables", {}).get(name, {}).get("swept_at"), SWEEP_DAYS)


def _window(run: _Run) -> tuple[datetime, datetime]:
    """Between which instants of activity_date this run asks for activities."""
    pulled_at = _pulled_at(run, "activities")
    until = run.started_at + AHEAD
    if run.backfill:
        return run.window.since or _start(run), run.window.until or until
    if pulled_at is None:
        return _start(run), until
    days = SWEPT if _due(run, "activities") else timedelta(days=run.company.copper.activity_days)
    return max(_start(run), min(run.started_at - days, pulled_at - OVERLAP)), until


def recall(connection: Any, run: _Run) -> None:
    """Before the run, with the lock held: which rows that are alive in the warehouse the searches must bring
    again."""
    settled = run.started_at - OVERLAP  # what was made since may have been loaded by another run meanwhile
    loaded = run.tables & set(run.state.get("tables", {})) if not run.window.person else frozenset()
    if "activities" in loaded:
        since, until = _window(run)
        rows = connection.execute(
            "select id from raw_copper.activities "
            "where deleted_at is null and activity_date > ? and activity_date < ? and date_created < ?",
            [since, until, settled],
        ).fetchall()
        run.memory.alive["activities"] = {row[0] for row in rows}
    if "opportunities" in loaded and _due(run, "opportunities"):
        rows = connection.execute(
            "select id from raw_copper.opportunities where deleted_at is null and date_created < ? and"
            " date_created > ?",
            [settled, _start(run)],
        ).fetchall()
        run.memory.alive["opportunities"] = {row[0] for row in rows}


def _activities(run: _Run) -> Iterator[Any]:
    since, until = _window(run)
    run.reaches_back(
        "activities",
        run.company.copper.start_date,
        whole=_pulled_at(run, "activities") is None and not run.backfill,
    )
    gone: set[int] = set()

    def walk() -> Iterable[list[Any]]:
        if not run.window.person:
            return dated(run.client, "activities", {}, "activity_date", since, until)
        # there is no filter by user: the window is fetched once and dealt out
        windows: dict[Any, list[list[Any]]] = run.client.facts.windows
        if (since, run.window.until) not in windows:
            windows[since, run.window.until] = list(
                dated(run.client, "activities", {}, "activity_date", since, until)
            )
        return windows[since, run.window.until]

    def rows() -> Iterator[list[Any]]:
        for page in _settled(walk, run.memory.alive.get("activities", ()), gone):
            gone.update(row["id"] for row in page if at(row, "is_deleted") and at(row, "id"))
            yield [
                _activity(row)
                for row in page
                if not at(row, "is_deleted") and run.window.wants(at(row, "user_id"))
            ]

    yield from _typed(run, "activities", ACTIVITIES, rows())
    run.gone("activities", gone)
    _advance(run, "activities", sweep=_due(run, "activities"))


def _opportunities(run: _Run) -> Iterator[Any]:
    pulled_at, sweep = _pulled_at(run, "opportunities"), _due(run, "opportunities")
    body: dict[str, Any] = {"sort_by": "date_created", "sort_direction": "asc"}
    if run.backfill:
        # whatever was made or closed in the window was changed in it or later
        body |= {"minimum_modified_date": int((run.window.since or _start(run)).timestamp())}
    elif pulled_at and not sweep:
        body |= {"minimum_modified_date": int((pulled_at - CHANGED_OVERLAP).timestamp())}
    if run.window.person:
        body |= {"assignee_ids": [int(run.window.person)]}
    gone: set[int] = set()
    run.reaches_back(
        "opportunities",
        run.company.copper.start_date,
        whole=not run.backfill and (sweep or pulled_at is None),
    )

    def walk() -> Iterator[list[Any]]:
        return dated(
            run.client, "opportunities", body, "created_date", _start(run), run.started_at + CHANGED_OVERLAP
        )

    def rows() -> Iterator[list[Any]]:
        for page in _settled(walk, run.memory.alive.get("opportunities", ()), gone):
            yield [_opportunity(run, row) for row in page if run.window.wants(at(row, "assignee_id"))]

    yield from _typed(run, "opportunities", OPPORTUNITIES, rows())
    run.gone("opportunities", gone)
    _advance(run, "opportunities", sweep)


def _stages_now(run: _Run) -> Iterator[Any]:
    today = snapshot_day(run, "opportunity_stages")
    body = {"status_ids": [0], "sort_by": "date_created", "sort_direction": "asc"}
    pages = dated(
        run.client, "opportunities", body, "created_date", BEGINNING, run.started_at + CHANGED_OVERLAP
    )
    rows = ([row | {"snapshot_date": today} for row in page] for page in pages)
    yield from _typed(run, "opportunity_stages", STAGES_NOW, rows, key=("opportunity_id", "snapshot_date"))


def _users(run: _Run) -> Iterator[Any]:
    pages = list(search(run.client, "users", {}))
    yield from _typed(run, "users", USERS, pages)
    if any(pages):  # an account without users would be a mistake
        run.listed("users")


def people(client: Client[Facts]) -> dict[str, str]:
    """Whom a backfill works through: user id -> name."""
    return {
        str(expect(row, int, "Copper users", "id")): str(row.get("name") or row.get("email") or row["id"])
        for page in search(client, "users", {})
        for row in page
    }


def _types(client: Client[Facts]) -> list[dict[str, Any]]:
    """Every type with its category; ids are only unique within one."""
    found = expect(client.get_once("/activity_types"), dict, "Copper activity types")
    return [
        {"category": category, **row}
        for category, rows in found.items()
        for row in entries(rows, "Copper activity types")
    ]


def _pipelines(client: Client[Facts]) -> list[dict[str, Any]]:
    return entries(client.get_once("/pipelines"), "Copper pipelines")


def _stages(client: Client[Facts]) -> list[dict[str, Any]]:
    return [
        {**stage, "pipeline_id": pipeline.get("id"), "position": number}
        for pipeline in _pipelines(client)
        for number, stage in enumerate(
            entries(pipeline, "Copper pipelines", "stages", beside=pipeline.keys())
        )
    ]


def _definitions(client: Client[Facts]) -> list[dict[str, Any]]:
    return entries(client.get_once("/custom_field_definitions"), "Copper custom fields")


def _options(client: Client[Facts]) -> list[dict[str, Any]]:
    return [
        {**option, "custom_field_id": field.get("id")}
        for field in _definitions(client)
        for option in entries(field, "Copper custom fields", "options", beside=field.keys())
    ]


def _account(client: Client[Facts]) -> list[dict[str, Any]]:
    return [expect(client.get_once("/account"), dict, "Copper account")]


def _listing(
    name: str,
    grain: str,
    fields: Fields,
    read: Callable[[Client[Facts]], list[dict[str, Any]]],
    key: tuple[str, ...] = ("id",),
) -> Table[_Run]:
    """A table of a list that comes in one answer."""

    def fetch(run: _Run) -> Iterator[Any]:
        return _typed(run, name, fields, [read(run.client)], key[::-1])

    return Table(name, grain, key, kinds(fields), fetch, EVERYTHING, whole=True)


TABLES: tuple[Table[_Run], ...] = (
    Table(
        "users",
        "One row per user, also of those who left; deleted_at: when a user was first missing from Copper's"
        " list.",
        "id",
        kinds(USERS, deleted_at="timestamp"),
        _users,
    ),
    _listing(
        "activity_types",
        "One row per activity type; ids are only unique within a category (user or system).",
        ACTIVITY_TYPES,
        _types,
        key=("category", "id"),
    ),
    Table(
        "activities",
        "One row per logged activity: call, mail, note, stage change. phone_number: digits found in its text,"
        " which is not kept.",
        "id",
        kinds(ACTIVITIES, deleted_at="timestamp"),
        _activities,
        newest="date_modified",
        per_person=True,
    ),
    Table(
        "opportunities",
        "One row per opportunity as it stands. custom_fields: JSON, definition id -> value, unset ones left"
        " out.",
        "id",
        kinds(OPPORTUNITIES, deleted_at="timestamp"),
        _opportunities,
        newest="date_modified",
        per_person=True,
    ),
    Table(
        "opportunity_stages",
        "One row per day and opportunity that was open on it: its stage, owner and value then.",
        ("snapshot_date", "opportunity_id"),
        kinds(STAGES_NOW),
        _stages_now,
        write=replaces_same("snapshot_date"),
        whole=True,
        is_snapshot=True,
    ),
    _listing("pipelines", "One row per pipeline.", PIPELINES, _pipelines),
    _listing("pipeline_stages", "One row per stage of a pipeline, in their order.", PIPELINE_STAGES, _stages),
    _listing("custom_fields", "One row per custom field definition.", CUSTOM_FIELDS, _definitions),
    _listing(
        "custom_field_options",
        "One row per option of a dropdown; records hold the option's id.",
        CUSTOM_FIELD_OPTIONS,
        _options,
    ),
    _listing("account", "The account: one row, with its time zone.", ACCOUNT, _account),
)


def diagnose(client: Client[Facts], settings: Settings, company: Company) -> Iterator[Finding]:
    """Access, the account's zone, configured types, stages and fields, people, and whether the key's owner
    sees anything."""
    wanted = company.copper
    about = expect(client.get_once("/account"), dict, "Copper account")
    zone = about.get("primary_timezone")
    if zone and zone != company.company.time_zone:
        yield Finding(
            SOURCE,
            "time zone",
            "warn",
            f"the account's zone is {zone}, the company's {company.company.time_zone}; days are cut in the"
            " company's",
            "Correct company.time_zone in company.toml if that is not meant.",
        )
    way_out = f"Give the key's owner access to it. {LOOK_OUT}"
    yield readable(SOURCE, "users", lambda: next(search(client, "users", {}), []), way_out)
    yield readable(SOURCE, "opportunities", lambda: next(search(client, "opportunities", {}), []), way_out)
    yield from _diagnose_activities(client, settings, way_out)
    names = {
        str(row.get("name") or "").strip().lower()
        for row in _types(client)
        if row["category"] == "user" and not row.get("is_disabled")
    }
    calls = [name for name in wanted.call_types if name.lower() in names]
    yield (
        Finding(SOURCE, "call_types", "ok", f"{', '.join(calls)} count as calls")
        if calls
        else existing(
            SOURCE, "call_types", wanted.call_types, {name: name for name in sorted(names)}, "activity type"
        )
    )
    mails = {str(row.get("name") or "").strip().lower() for row in _types(client)} & {
        name.lower() for name in wanted.email_types
    }
    if not mails:
        yield Finding(
            SOURCE,
            "email_types",
            "warn",
            "the account has no activity type for e-mails; e-mails sent will be missing",
            "Connect mailboxes in Copper, or name the type with which people log their mails:"
            " copper.email_types in company.toml.",
        )
    stages = {stage["id"]: str(stage.get("name")) for stage in _stages(client)}
    for letter in ("a", "b", "c"):
        setting = f"stage_{letter}_ids"
        yield existing(SOURCE, setting, getattr(wanted, setting), stages, "pipeline stage")
    if wanted.sale_type_field_id is not None:
        fields = {field["id"]: str(field.get("name")) for field in _definitions(client)}
        yield existing(SOURCE, "sale_type_field_id", [wanted.sale_type_field_id], fields, "custom field")
        options = {option["id"]: str(option.get("name")) for option in _options(client)}
        for setting in ("wholesale_option_ids", "distribution_option_ids"):
            yield existing(SOURCE, setting, getattr(wanted, setting), options, "option of that field")
    emails = {str(row.get("email") or "").lower() for page in search(client, "users", {}) for row in page}
    yield from people_missing(SOURCE, settings, "copper_email", emails, "Copper user")


def _diagnose_activities(client: Client[Facts], settings: Settings, way_out: str) -> Iterator[Finding]:
    now = settings.now()
    try:
        found = next(dated(client, "activities", {}, "activity_date", now - timedelta(days=14), now), [])
    except NotAvailable as error:
        yield Finding(SOURCE, "activities", "fail", str(error), way_out)
        return
    if found:
        yield Finding(
            SOURCE, "activities", "ok", f"{client.facts.told.total or len(found)} in the last 14 days"
        )
    else:
        yield Finding(
            SOURCE, "activities", "warn", "the key's owner sees no activity of the last 14 days", LOOK_OUT
        )


source = Source(
    SOURCE,
    CopperCredentials,
    TABLES,
    connect,
    identify,
    diagnose,
    memory=_Memory,
    recall=recall,
    people=people,
)
