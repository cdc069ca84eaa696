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

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, time, timedelta
from typing import Any

import dlt

from dlt_pipelines.core.api_versions import only
from dlt_pipelines.core.records import Fields, at, kinds, typed
from dlt_pipelines.core.run import snapshot_day
from dlt_pipelines.core.source import EVERYTHING, Source, Table, replaces_same
from dlt_pipelines.sources.copper.access import SOURCE, CopperCredentials, Facts, connect, identify
from dlt_pipelines.sources.copper.diagnosis import diagnose
from dlt_pipelines.sources.copper.fields import (
    ACCOUNT,
    ACTIVITIES,
    ACTIVITY_TYPES,
    CUSTOM_FIELD_OPTIONS,
    CUSTOM_FIELDS,
    MAY_LACK,
    OPPORTUNITIES,
    PIPELINE_STAGES,
    PIPELINES,
    STAGES_NOW,
    USERS,
)
from dlt_pipelines.sources.copper.lists import (
    account,
    activity_types,
    custom_field_options,
    custom_fields,
    pipeline_stages,
    pipelines,
)
from dlt_pipelines.sources.copper.memory import CopperRun, Memory
from dlt_pipelines.sources.copper.rows import activity_row, opportunity_row
from dlt_pipelines.sources.copper.searches import dated, search, settled
from dlt_pipelines.wire.client import Client
from dlt_pipelines.wire.paging import expect

OVERLAP = timedelta(hours=1)
CHANGED_OVERLAP = timedelta(days=1)
SWEEP_DAYS = 7
SWEPT = timedelta(days=90)
BEGINNING = datetime(2000, 1, 1, tzinfo=UTC)
AHEAD = timedelta(days=400)
"""Meetings are logged for days to come."""


def _typed(
    run: CopperRun, name: str, fields: Fields, pages: Iterable[list[Any]], key: str | tuple[str, ...] = "id"
) -> Iterator[Any]:
    return typed(f"copper.{name}", fields, pages, run.warn, key=key, may_lack=MAY_LACK)


def _pulled_at(run: CopperRun, name: str) -> datetime | None:
    kept = run.state.get("tables", {}).get(name, {}).get("pulled_at")
    return datetime.fromisoformat(kept) if kept else None


def _advance(run: CopperRun, name: str, sweep: bool) -> None:
    if run.advances(name):
        now = run.started_at.isoformat()
        dlt.current.source_state().setdefault("tables", {}).setdefault(name, {}).update(
            {"pulled_at": now} | ({"swept_at": now} if sweep else {})
        )


def _start(run: CopperRun) -> datetime:
    """From when on the account is asked for records."""
    start = run.company.copper.start_date
    return datetime.combine(start, time(), run.company.zone).astimezone(UTC) if start else BEGINNING


def _due(run: CopperRun, name: str) -> bool:
    """Whether this run reads all of a table's window again."""
    return not run.backfill and run.due(run.state.get("tables", {}).get(name, {}).get("swept_at"), SWEEP_DAYS)


def _window(run: CopperRun) -> tuple[datetime, datetime]:
    """Between which instants of activity_date this run asks for activities."""
    pulled_at = _pulled_at(run, "activities")
    until = run.started_at + AHEAD
    if run.backfill:
        return run.window.since or _start(run), run.window.until or until
    if pulled_at is None:
        return _start(run), until
    days = SWEPT if _due(run, "activities") else timedelta(days=run.company.copper.activity_days)
    return max(_start(run), min(run.started_at - days, pulled_at - OVERLAP)), until


def recall(connection: Any, run: CopperRun) -> None:
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


def _activities(run: CopperRun) -> Iterator[Any]:
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
        for page in settled(walk, run.memory.alive.get("activities", ()), gone):
            gone.update(row["id"] for row in page if at(row, "is_deleted") and at(row, "id"))
            yield [
                activity_row(row)
                for row in page
                if not at(row, "is_deleted") and run.window.wants(at(row, "user_id"))
            ]

    yield from _typed(run, "activities", ACTIVITIES, rows())
    run.gone("activities", gone)
    _advance(run, "activities", sweep=_due(run, "activities"))


def _opportunities(run: CopperRun) -> Iterator[Any]:
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
        for page in settled(walk, run.memory.alive.get("opportunities", ()), gone):
            yield [opportunity_row(run, row) for row in page if run.window.wants(at(row, "assignee_id"))]

    yield from _typed(run, "opportunities", OPPORTUNITIES, rows())
    run.gone("opportunities", gone)
    _advance(run, "opportunities", sweep)


def _stages_now(run: CopperRun) -> Iterator[Any]:
    today = snapshot_day(run, "opportunity_stages")
    body = {"status_ids": [0], "sort_by": "date_created", "sort_direction": "asc"}
    pages = dated(
        run.client, "opportunities", body, "created_date", BEGINNING, run.started_at + CHANGED_OVERLAP
    )
    rows = ([row | {"snapshot_date": today} for row in page] for page in pages)
    yield from _typed(run, "opportunity_stages", STAGES_NOW, rows, key=("opportunity_id", "snapshot_date"))


def _users(run: CopperRun) -> Iterator[Any]:
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


def _listing(
    name: str,
    grain: str,
    fields: Fields,
    read: Callable[[Client[Facts]], list[dict[str, Any]]],
    key: tuple[str, ...] = ("id",),
    **more: Any,
) -> Table[CopperRun]:
    """A table of a list that comes in one answer."""

    def fetch(run: CopperRun) -> Iterator[Any]:
        return _typed(run, name, fields, [read(run.client)], key[::-1])

    return Table(name, grain, key, kinds(fields), fetch, EVERYTHING, whole=True, **more)


TABLES: tuple[Table[CopperRun], ...] = (
    Table(
        "users",
        "One row per user, also of those who left; deleted_at: when a user was first missing from Copper's"
        " list.",
        "id",
        kinds(USERS, deleted_at="timestamp"),
        _users,
        whole=True,
    ),
    _listing(
        "activity_types",
        "One row per activity type; ids are only unique within a category (user or system).",
        ACTIVITY_TYPES,
        activity_types,
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
        "One row per opportunity as it is now. custom_fields: JSON, definition id -> value, unset ones left"
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
    _listing("pipelines", "One row per pipeline.", PIPELINES, pipelines),
    _listing(
        "pipeline_stages",
        "One row per stage of a pipeline, in their order.",
        PIPELINE_STAGES,
        pipeline_stages,
    ),
    _listing("custom_fields", "One row per custom field definition.", CUSTOM_FIELDS, custom_fields),
    _listing(
        "custom_field_options",
        "One row per option of a dropdown; records hold the option's id.",
        CUSTOM_FIELD_OPTIONS,
        custom_field_options,
        may_be_empty=True,
    ),
    _listing("account", "The account: one row, with its time zone.", ACCOUNT, account),
)

source = Source(
    SOURCE,
    CopperCredentials,
    TABLES,
    connect,
    identify,
    diagnose,
    memory=Memory,
    recall=recall,
    people=people,
    versions=only("v1"),
)
