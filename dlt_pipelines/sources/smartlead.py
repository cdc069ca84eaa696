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
published limits is enforced is UNCONFIRMED: all are kept, with room, and the vendor's rate headers are
obeyed. Whether `isInUse` may be asked for is read defensively: refused, is_in_use stays empty.

Settings: SMARTLEAD_API_KEY, SMARTLEAD_BASE_URL, section [smartlead] of company.toml.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import dlt
import duckdb
from pydantic import Field, SecretStr

from dlt_pipelines.core.api_versions import only
from dlt_pipelines.core.records import Fields, as_json, at, kinds, sound, typed
from dlt_pipelines.core.run import Run, snapshot_day
from dlt_pipelines.core.source import Source, Table, replaces_same
from dlt_pipelines.doctor.findings import Finding
from dlt_pipelines.errors import Gone, PermanentError, SourceError, TransientError
from dlt_pipelines.wire.budget import Budget, Limit
from dlt_pipelines.wire.client import Client
from dlt_pipelines.wire.connect import Access, connects
from dlt_pipelines.wire.credentials import Credentials
from dlt_pipelines.wire.messages import Answer, Retry, retry_after, seconds_until
from dlt_pipelines.wire.paging import Complaint, capped, entries, expect, once
from foundation.settings import Company, Settings
from foundation.settings.types import WebAddress

SOURCE = "smartlead"
VENDOR_URL = "https://server.smartlead.ai/api/v1"
LIVE = ("ACTIVE", "PAUSED")
WEEK = 7
"""Days after which a campaign that rests, and the last weeks' e-mails, are read again."""
AGAIN = timedelta(days=3)
SWEPT = timedelta(days=28)
ROWS, MAILBOXES = 1000, 100
"""Rows a page of e-mails and of mailboxes may have."""
LONGEST_HINT = 60.0

CAMPAIGNS: Fields = {
    "id": ("id", "bigint"),
    "name": ("name", "text"),
    "status": ("status", "text"),
    "created_at": ("created_at", "timestamp"),
    "updated_at": ("updated_at", "timestamp"),
    "max_leads_per_day": ("max_leads_per_day", "bigint"),
    "follow_up_percentage": ("follow_up_percentage", "decimal"),
    "min_time_btwn_emails": ("min_time_btwn_emails", "bigint"),
    "schedule": ("scheduler_cron_value", "text"),
    "parent_campaign_id": ("parent_campaign_id", "bigint"),
    "client_id": ("client_id", "bigint"),
}
_TWICE = ("sent", "open", "click")
_ONCE = ("reply", "bounce", "unsubscribed", "block", "total", "drafted", "sequence")
_COUNTS = [*(f"{kind}_count" for kind in _TWICE + _ONCE), *(f"unique_{kind}_count" for kind in _TWICE)]
_LEADS = {
    "leads_total": "total",
    "leads_not_started": "notStarted",
    "leads_in_progress": "inprogress",
    "leads_completed": "completed",
    "leads_blocked": "blocked",
    "leads_stopped": "stopped",
    "leads_paused": "paused",
    "leads_interested": "interested",
}
STATS: Fields = {
    "campaign_id": ("id", "bigint"),
    "snapshot_date": ("snapshot_date", "date"),
    "status": ("status", "text"),
    "parent_campaign_id": ("parent_campaign_id", "bigint"),
    **{name: (name, "bigint") for name in _COUNTS},
    **{column: (f"campaign_lead_stats.{name}", "bigint") for column, name in _LEADS.items()},
}
SENDS: Fields = {
    "id": ("id", "text"),
    "campaign_id": ("campaign_id", "bigint"),
    "lead_key": ("lead_key", "text"),
    "sequence_number": ("sequence_number", "bigint"),
    "sent_at": ("sent_time", "timestamp"),
    "opened_at": ("open_time", "timestamp"),
    "clicked_at": ("click_time", "timestamp"),
    "replied_at": ("reply_time", "timestamp"),
    "open_count": ("open_count", "bigint"),
    "click_count": ("click_count", "bigint"),
    "is_bounced": ("is_bounced", "bool"),
    "is_unsubscribed": ("is_unsubscribed", "bool"),
    "lead_category": ("lead_category", "text"),
}
MAILBOX: Fields = {
    "mailbox_id": ("id", "bigint"),
    "snapshot_date": ("snapshot_date", "date"),
    "from_email": ("from_email", "text"),
    "from_name": ("from_name", "text"),
    "type": ("type", "text"),
    "message_per_day": ("message_per_day", "bigint"),
    "daily_sent_count": ("daily_sent_count", "bigint"),
    "is_smtp_success": ("is_smtp_success", "bool"),
    "is_imap_success": ("is_imap_success", "bool"),
    "is_in_use": ("is_in_use", "bool"),
    "client_id": ("client_id", "bigint"),
    "warmup_status": ("warmup_details.status", "text"),
    "warmup_reputation": ("warmup_details.warmup_reputation", "text"),
}
"""The whitelist: nothing else of a mailbox is looked at."""

Row = dict[str, Any]


class SmartleadCredentials(Credentials):
    """One key for the account."""

    api_key: SecretStr = Field(alias="SMARTLEAD_API_KEY")
    base_url: WebAddress | None = Field(None, alias="SMARTLEAD_BASE_URL")


WAY_OUT = "Check SMARTLEAD_API_KEY (Smartlead, Settings, API); the plan must include API access."


@connects(SmartleadCredentials, SOURCE)
def connect(access: Access[SmartleadCredentials]) -> Client[Company]:
    """A client that keeps the strictest of the published limits."""
    budget = Budget({"": (Limit(1, 0), Limit(10, 2), Limit(50, 60), Limit(1000, 3600))})
    vendor = replace(
        access.vendor("Smartlead", VENDOR_URL, WAY_OUT),
        query={"api_key": access.credentials.api_key.get_secret_value()},
        budget=budget,
        judge=partial(_judge, budget),
        discreet=True,
    )
    return Client(vendor, access.company, access.counters)


def _judge(budget: Budget, answer: Answer) -> Retry | SourceError | None:
    body = answer.json()
    if answer.status == 429:
        asked = retry_after(answer.headers)
        error = body.get("error") if isinstance(body, dict) else None
        hint = error.get("retry_after") if isinstance(error, dict) else None
        seconds = (
            asked
            if asked is not None
            else float(hint)
            if isinstance(hint, (int, float))
            else _until_reset(answer)
        )
        return Retry("too many requests (another integration with the same key?)", seconds, everybody=True)
    if answer.headers.get("x-ratelimit-remaining") == "0" and (wait := _until_reset(answer)):
        budget.pause(wait)
    if (
        answer.status == 200
        and isinstance(body, dict)
        and (body.get("success") is False or body.get("ok") is False)
    ):
        return Gone(
            f"refused (200, but no success): {body.get('message') or body.get('error') or answer.start}"
        )
    return None


def _until_reset(answer: Answer) -> float | None:
    """Seconds until the vendor's window resets; whether it tells an instant or a span is not
    published."""
    try:
        told = float(answer.headers.get("x-ratelimit-reset", ""))
    except ValueError:
        return None
    return min(LONGEST_HINT, seconds_until(told, answer.headers) if told > 1e9 else max(0.0, told))


def campaign_rows(client: Client, company: Company) -> list[Row]:
    """Every campaign of the account, asked for once a run; none where that is the answer twice."""
    chosen = company.smartlead.client_id
    path = f"/campaigns?client_id={chosen}" if chosen else "/campaigns"
    return entries(
        client.get_once(path, complaint=once(lambda answer: "no campaign" if answer == [] else None)),
        "Smartlead campaigns",
    )


@dataclass
class _Memory:
    """What a run of Smartlead remembers."""

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


def pages(
    client: Client, path: str, size: int, name: Callable[[Row], str], total: str = ""
) -> Iterator[list[Row]]:
    """Pages of a listing by offset; rows that were there before are left out, so that a list that shifts
    doubles nothing.

    Args:
        path: with its parameters, without offset and limit.
        name: what tells a row from all others.
        total: field that says how many rows there are; with it the rows are under `data`, without it the
        answer is the list.
    """
    seen: set[str] = set()
    what = f"Smartlead {path.partition('?')[0]}"
    while True:
        doubt: Complaint = partial(_odd_page, seen, name, total)
        separator = "&" if "?" in path else "?"
        answer = client.get(f"{path}{separator}offset={len(seen)}&limit={size}", complaint=once(doubt))
        rows = expect(answer, list, what, *(["data"] if total else []))
        # one without a name keeps a place of its own: it is counted here, and left out where rows are stored
        named = {name(row) or f"nameless {number}": row for number, row in enumerate(rows, len(seen))}
        new = {key: row for key, row in named.items() if key not in seen}
        seen |= set(new)
        if new:
            yield list(new.values())
        known = _count(answer, total)
        if not rows and known is not None and known > len(seen):
            raise TransientError(f"{what}: it has {known} rows and gives {len(seen)}. Run it again later.")
        if not new or (len(rows) < size if known is None else len(seen) >= known):
            return


def _count(answer: Any, total: str) -> int | None:
    told = str(answer.get(total)) if total and isinstance(answer, dict) else ""
    return int(told) if told.isdigit() else None


def _odd_page(seen: set[str], name: Callable[[Row], str], total: str, answer: Any) -> str | None:
    """What is wrong with a page, in itself or after the pages before it."""
    rows = answer.get("data") if total and isinstance(answer, dict) else answer
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        return None
    known = _count(answer, total)
    if not rows and (known is None or known > len(seen)):
        return "a page without rows before the end"
    if rows and seen and all(name(row) in seen for row in rows):
        return "the page before once more"
    return None


def _campaigns(run: _Run) -> Iterator[Any]:
    rows = [_plain(row) for row in campaign_rows(run.client, run.company)]
    yield from typed(
        "smartlead.campaigns", CAMPAIGNS, [rows], run.warn, may_lack=("parent_campaign_id", "client_id")
    )
    chosen = run.company.smartlead.client_id
    run.listed("campaigns", where="client_id = ?" if chosen else "true", values=[chosen] if chosen else [])


def _plain(row: Row) -> Row:
    schedule = row.get("scheduler_cron_value")
    return (
        row
        if schedule is None or isinstance(schedule, str)
        else row | {"scheduler_cron_value": as_json(schedule)}
    )


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
        *(name for name in _COUNTS if name.startswith("unique_")),
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
                    yield [_send(row["id"], send) for send in good]
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


def lead_key(address: str) -> str:
    """A person without the address: the same in every campaign."""
    return hashlib.sha256(address.strip().lower().encode()).hexdigest()[:24]


def send_id(campaign: int, row: Row) -> str:
    """An e-mail is a step of a campaign to a person on a day; the vendor gives it no id of its own."""
    if not isinstance(row, dict):
        return ""
    lead = lead_key(str(row.get("lead_email") or ""))
    return f"{campaign}/{lead}/{row.get('sequence_number')}/{str(row.get('sent_time') or '')[:10]}"


def _send(campaign: int, row: Row) -> Row:
    wanted = {name: row[name] for name, _ in SENDS.values() if name in row}
    return wanted | {
        "id": send_id(campaign, row),
        "campaign_id": campaign,
        "lead_key": lead_key(row["lead_email"]),
    }


def mailbox_pages(client: Client, company: Company, condition: str = "") -> Iterator[list[Row]]:
    """Pages of mailboxes, cut to the whitelist before anything else sees them."""
    chosen = company.smartlead.client_id
    asked = "&".join(part for part in (f"client_id={chosen}" if chosen else "", condition) if part)
    path = f"/email-accounts/?{asked}" if asked else "/email-accounts/"
    for page in pages(client, path, MAILBOXES, lambda row: str(at(row, "id") or "")):
        yield [_cut(row) for row in page]


def _cut(row: Row) -> Row:
    """The whitelist's part of a mailbox."""
    warmup = row.get("warmup_details")
    names = {name for name, _ in MAILBOX.values()}
    kept = {name: row[name] for name in names & set(row)}
    inner = (
        {name: warmup[name] for name in ("status", "warmup_reputation") if name in warmup}
        if isinstance(warmup, dict)
        else None
    )
    return kept | {"warmup_details": inner}


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


def diagnose(client: Client, settings: Settings, company: Company) -> Iterator[Finding]:
    """Campaigns that send, and mailboxes that can."""
    rows = campaign_rows(client, company)
    active = sum(row.get("status") == "ACTIVE" for row in rows)
    yield Finding(SOURCE, "campaigns", "ok", f"{len(rows)} campaigns, {active} of them active")
    mailboxes = [row for page in mailbox_pages(client, company) for row in page]
    broken = [str(row.get("from_email")) for row in mailboxes if row.get("is_smtp_success") is False]
    if not mailboxes:
        yield Finding(
            SOURCE,
            "mailboxes",
            "warn",
            "no mailbox, so there is no capacity to send",
            "Connect mailboxes in Smartlead.",
        )
    elif broken:
        text = (
            f"{len(broken)} of {len(mailboxes)} mailboxes cannot send and count as no capacity:"
            f" {', '.join(broken[:10])}"
        )
        yield Finding(SOURCE, "mailboxes", "info", text, "Reconnect them in Smartlead (Email Accounts).")
    else:
        yield Finding(SOURCE, "mailboxes", "ok", f"{len(mailboxes)} mailboxes, all of them can send")


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
