"""Smartlead (API v1): cold outreach by e-mail.

GET /campaigns                        -> raw_smartlead.campaigns (merge on id; one that is gone gets
    deleted_at)
GET /campaigns/<id>/analytics         -> raw_smartlead.campaign_stats: daily snapshot of totals and of leads
    by state
GET /campaigns/<id>/statistics        -> raw_smartlead.sends: one row per e-mail sent (merge on id)
GET /email-accounts/                  -> raw_smartlead.mailboxes: daily snapshot of what the mailboxes may
    send and have sent

Campaigns that are active or paused, or whose status has changed, are read daily, all others once a week. Of
e-mails the first run reads the last history_days, later runs what was sent since three days before the last
one (late bounces, opens and replies), and once a week the last four weeks again. Days are asked for one wider
than needed: the zone of Smartlead's filter is UNCONFIRMED.

The key travels in the query string of every request, there is no other way; texts, errors and logs are
redacted. The answer for mailboxes holds their passwords and tokens: only the columns below leave the page.
E-mails are stored without address, name, subject and text: `lead_key` is a digest of the address, enough to
count a person once.

Quirks: counts are texts; objects arrive as JSON inside a text; failures may be a 200 with `success: false`,
or an object where a list belongs; unknown parameters are refused; the mailbox list gives no total. A paused
campaign keeps its `notStarted`, so only active campaigns have leads in the queue; whether a sub-campaign
holds the leads of its parent once more is UNCONFIRMED, so parent_campaign_id is kept. Which of three
published limits is enforced is UNCONFIRMED: we stay below all of them, with a margin, and obey the vendor's
rate headers. Whether `isInUse` may be asked for is read defensively: refused, is_in_use stays empty.

Settings: SMARTLEAD_API_KEY, SMARTLEAD_BASE_URL, section [smartlead] of company.toml.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import dlt
import duckdb

from dlt_pipelines.core.api_versions import only
from dlt_pipelines.core.records import at, kinds, sound, typed
from dlt_pipelines.core.run import Run, snapshot_day
from dlt_pipelines.core.source import Source, Table, replaces_same
from dlt_pipelines.errors import Gone, PermanentError
from dlt_pipelines.sources.smartlead.access import SOURCE, WAY_OUT, SmartleadCredentials, connect
from dlt_pipelines.sources.smartlead.diagnosis import diagnose
from dlt_pipelines.sources.smartlead.fields import CAMPAIGNS, COUNTS, MAILBOX, SENDS, STATS
from dlt_pipelines.sources.smartlead.lists import ROWS, Row, campaign_rows, mailbox_pages, pages
from dlt_pipelines.sources.smartlead.rows import campaign_row, send_id, send_row
from dlt_pipelines.wire.client import Client
from dlt_pipelines.wire.paging import capped, expect
from foundation.settings import Company

LIVE = ("ACTIVE", "PAUSED")
WEEK = 7
"""Days after which a campaign that rests, and the last weeks' e-mails, are read again."""
AGAIN = timedelta(days=3)
SWEPT = timedelta(days=28)


@dataclass
class _Memory:
    """The memory of a run of Smartlead."""

    living: int = 0
    """How many campaigns the warehouse thinks are there."""


_Run = Run[Client[Company], _Memory]


def recall(connection: Any, run: _Run) -> None:
    """Before the run, with the lock held: how many campaigns the warehouse thinks are there."""
    with contextlib.suppress(duckdb.CatalogException):  # the first run
        found = connection.execute(
            "select count(*) from raw_smartlead.campaigns where deleted_at is null"
        ).fetchone()
        run.memory.living = found[0] if found else 0


def begin(run: _Run) -> None:
    """Before the first row: a list that is empty by mistake would mark every campaign as deleted.

    Raises:
        PermanentError: there is no campaign where there were some.
    """
    living = run.memory.living or len(run.state.get("stats", ()))
    if living and not campaign_rows(run.client, run.company):
        chosen = " for that client_id of company.toml" if run.company.smartlead.client_id else ""
        raise PermanentError(
            f"there is no campaign in this account{chosen}, where there were {living}. {WAY_OUT}"
        )


def identify(client: Client[Company]) -> str:
    """The user whose key it is, so that two accounts never mix in one warehouse; empty while no campaign
    names one."""
    campaigns = campaign_rows(client, client.facts)
    users = [row["user_id"] for row in campaigns if isinstance(row.get("user_id"), int)]
    return f"user {min(users)}" if users else ""


def _campaigns(run: _Run) -> Iterator[Any]:
    rows = [campaign_row(row) for row in campaign_rows(run.client, run.company)]
    yield from typed(
        "smartlead.campaigns", CAMPAIGNS, [rows], run.warn, may_lack=("parent_campaign_id", "client_id")
    )
    chosen = run.company.smartlead.client_id
    run.listed("campaigns", where="client_id = ?" if chosen else "true", values=[chosen] if chosen else [])


_REMEMBERED = {"stats": ("at",), "sends": ("at", "swept_at")}
"""Instants of a reading; one without them does not count (they may have lain in the future)."""


def _due(run: _Run, kind: str) -> Iterator[tuple[Row, dict[str, Any]]]:
    """Campaigns to read now, each with what is remembered of its last reading ({} the first time)."""
    name = {"stats": "campaign_stats"}.get(kind, kind)
    for row in sound(f"smartlead.{name}", campaign_rows(run.client, run.company), "id", run.warn):
        before = run.state.get(kind, {}).get(str(row["id"]), {})
        if any(name not in before for name in _REMEMBERED[kind]):
            before = {}
        window = run.backfill and kind == "sends"
        if (
            row.get("status") in LIVE
            or row.get("status") != before.get("status")
            or run.due(before.get("at"), WEEK)
            or window
        ):
            yield row, before


def _remember(run: _Run, kind: str, rows: list[Row], more: Mapping[str, Any]) -> None:
    """Write that these campaigns were read, each with `more[id]`."""
    if run.backfill:
        return
    now = run.started_at.isoformat()
    new = {
        str(row["id"]): {"at": now, "status": row.get("status"), **more.get(str(row["id"]), {})}
        for row in rows
    }
    dlt.current.source_state()[kind] = {**run.state.get(kind, {}), **new}


def _stats(run: _Run) -> Iterator[Any]:
    read: list[Row] = []
    day = snapshot_day(run, "campaign_stats")

    def found() -> Iterator[list[Row]]:
        for row, _ in _due(run, "stats"):
            try:
                stats = expect(
                    run.client.get(f"/campaigns/{row['id']}/analytics"), dict, "Smartlead analytics"
                )
            except Gone as error:
                run.warn(f'the totals of campaign {row["id"]} "{row.get("name")}" cannot be read: {error}')
                # a row without numbers: nobody knows them, which is not zero
                yield [{"id": row["id"], "status": row.get("status"), "snapshot_date": day}]
                continue
            read.append(row)
            # the list was read first: its status is what the other tables go by
            yield [{**stats, "id": row["id"], "status": row.get("status"), "snapshot_date": day}]

    rare = (
        "leads_paused",
        "leads_interested",
        "parent_campaign_id",
        *(name for name in COUNTS if name.startswith("unique_")),
    )
    yield from typed(
        "smartlead.campaign_stats",
        STATS,
        found(),
        run.warn,
        key=("campaign_id", "snapshot_date"),
        may_lack=rare,
    )
    _remember(run, "stats", read, {})


def _sends(run: _Run) -> Iterator[Any]:
    read: list[Row] = []
    swept: dict[str, Any] = {}
    first = (
        run.state.get("sends_from")
        or (run.started_at - timedelta(days=run.company.smartlead.history_days)).isoformat()
    )
    run.complete_from["sends"] = datetime.fromisoformat(first)

    def found() -> Iterator[list[Row]]:
        for row, before in _due(run, "sends"):
            if row.get("status") == "DRAFTED":
                continue
            swept_at, since = run.started_at, datetime.fromisoformat(first)
            if before:
                sweep = run.due(before["swept_at"], WEEK)
                swept_at = run.started_at if sweep else datetime.fromisoformat(before["swept_at"])
                since = max(since, datetime.fromisoformat(before["at"]) - (SWEPT if sweep else AGAIN))
            window = [
                ("start", run.window.since if run.backfill else since, -1),
                ("end", run.window.until, 1),
            ]
            asked = "&".join(
                f"sent_time_{end}_date={(when + timedelta(days=add)).date()}"
                for end, when, add in window
                if when
            )
            path = f"/campaigns/{row['id']}/statistics{f'?{asked}' if asked else ''}"
            try:
                for page in pages(run.client, path, ROWS, partial(send_id, row["id"]), "total_stats"):
                    good = [send for send in page if at(send, "lead_email")]
                    if len(good) < len(page):
                        run.warn(
                            f"smartlead.sends: e-mails of campaign {row['id']} without address are left out",
                            lacks="sends",
                        )
                    yield [send_row(row["id"], send) for send in good]
            except Gone as error:
                run.warn(
                    f'the e-mails of campaign {row["id"]} "{row.get("name")}" cannot be read: {error}',
                    lacks="sends",
                )
                continue
            read.append(row)
            swept[str(row["id"])] = {"swept_at": swept_at.isoformat()}

    yield from typed("smartlead.sends", SENDS, capped(found(), 100_000, "Smartlead e-mails"), run.warn)
    if not run.backfill:
        dlt.current.source_state()["sends_from"] = first
    _remember(run, "sends", read, swept)


def _mailboxes(run: _Run) -> Iterator[Any]:
    try:
        used: set[Any] | None = {
            at(row, "id") for page in mailbox_pages(run.client, run.company, "isInUse=true") for row in page
        }
    except Gone as error:
        used = None
        run.warn(f"Smartlead does not say which mailboxes are in use: {error}")

    day = snapshot_day(run, "mailboxes")

    def found() -> Iterator[list[Row]]:
        for page in mailbox_pages(run.client, run.company):
            yield [
                row | {"snapshot_date": day, "is_in_use": None if used is None else at(row, "id") in used}
                for row in page
            ]

    yield from typed("smartlead.mailboxes", MAILBOX, found(), run.warn, key=("mailbox_id", "snapshot_date"))


TABLES: tuple[Table[_Run], ...] = (
    Table(
        "campaigns",
        "One row per campaign. schedule is JSON; deleted_at: when it was found to be gone;"
        " parent_campaign_id: of a sub-campaign.",
        "id",
        kinds(CAMPAIGNS, deleted_at="timestamp"),
        _campaigns,
        newest="updated_at",
    ),
    Table(
        "campaign_stats",
        "One row per campaign and local day on which it was read: totals since its start, and its leads by"
        " state that day.",
        ("snapshot_date", "campaign_id"),
        kinds(STATS),
        _stats,
        is_snapshot=True,
    ),
    Table(
        "sends",
        "One row per e-mail sent. sequence_number 1 is the first contact; lead_key stands for the person.",
        "id",
        kinds(SENDS),
        _sends,
        newest="sent_at",
    ),
    Table(
        "mailboxes",
        "One row per mailbox and local day: e-mails it may send a day, sent so far that day, and whether it"
        " can send at all.",
        ("snapshot_date", "mailbox_id"),
        kinds(MAILBOX),
        _mailboxes,
        write=replaces_same("snapshot_date"),
        whole=True,
        is_snapshot=True,
    ),
)


source = Source(
    SOURCE,
    SmartleadCredentials,
    TABLES,
    connect,
    identify,
    diagnose,
    memory=_Memory,
    recall=recall,
    begin=begin,
    versions=only("v1"),
)
