"""Smartlead's wire contract (API v1): the key in the query string, campaigns, their totals and e-mails,
mailboxes.

What the published sources leave open is decided the stricter way: unknown parameters are refused everywhere,
both short rate limits are enforced, the sent-time filter cuts at midnight UTC. The leads themselves are not
served, nobody asks for them.

Tables: `smartlead.campaigns` (as on the wire), `smartlead.batches` (`campaign`, `count` leads added),
`smartlead.cohorts` (`campaign`, `first`, `count`, `days`: the local days on which these leads get step 1, 2,
3), `smartlead.mailboxes` (as on the wire). What becomes of an e-mail (opened, answered, bounced) is a
function of campaign and lead and is worked out when asked for.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import date
from functools import lru_cache
from typing import Any, NamedTuple
from zlib import crc32
from zoneinfo import ZoneInfo

import orjson

from sandbox.engine.formats import smartlead_time
from sandbox.engine.store import Row, from_ms, local_ms, parse_ms, to_ms
from sandbox.engine.world import Answer, Call, World

CREDENTIALS = {"SMARTLEAD_API_KEY": "canary-7e1c-smart/lead+key_9Qx=2"}

OPEN_PATHS = ""
ROWS = ("data",)

BURST, PER_MINUTE = (10, 2.0), (60, 60.0)
MAILBOX_PASSWORD = "canary-mailbox-password-51"
_ZONE = ZoneInfo("America/Chicago")
_HOUR = 3_600_000

_ALLOWED = {
    "campaigns": ("client_id", "include_tags"),
    "analytics": (),
    "analytics-by-date": ("start_date", "end_date", "time_zone"),
    "statistics": (
        "offset",
        "limit",
        "email_sequence_number",
        "email_status",
        "sent_time_start_date",
        "sent_time_end_date",
    ),
    "email-accounts": (
        "offset",
        "limit",
        "isInUse",
        "isSmtpSuccess",
        "emailWarmupStatus",
        "esp",
        "client_id",
    ),
}


class Send(NamedTuple):
    """One e-mail, in milliseconds since 1970; 0: never."""

    lead: int
    step: int
    sent: int
    opened: int
    clicked: int
    replied: int
    bounced: bool
    unsubscribed: bool


def refuse(world: World, call: Call, status: int) -> Answer:
    """Smartlead's own body for an error status."""
    if status == 401:
        return Answer(401, {"error": "Invalid API key"})
    if status == 429:
        return Answer(
            429,
            {"error": {"code": "RATE_LIMIT_EXCEEDED", "message": "Rate limit exceeded", "retry_after": 2}},
        )
    if status == 404:
        return Answer(404, {"error": "Campaign not found - Invalid campaign_id."})
    return Answer(status, {"ok": False, "message": "Something went wrong", "errorCode": status})


def _validation(name: str) -> Answer:
    body = {"statusCode": 400, "error": "Bad Request", "message": f'"{name}" is not allowed'}
    return Answer(400, body | {"validation": {"source": "query", "keys": [name]}})


async def handle(world: World, call: Call) -> Answer:
    """Answer one call."""
    if call.query.get("api_key") != CREDENTIALS["SMARTLEAD_API_KEY"]:
        return refuse(world, call, 401)
    minute = world.limiter("smartlead.minute", *PER_MINUTE)
    allowed = minute.take() and world.limiter("smartlead.burst", *BURST).take()
    if world.limits.enforced and not allowed:
        return refuse(world, call, 429)
    answer = _route(world, call)
    answer.headers |= {
        "x-ratelimit-limit": str(minute.limit),
        "x-ratelimit-remaining": str(max(0, minute.limit - minute.used())),
    }
    answer.headers["x-ratelimit-reset"] = "60"
    return answer


def _route(world: World, call: Call) -> Answer:
    match = re.fullmatch(r"/(campaigns|email-accounts)(?:/(\d+))?(?:/([a-z-]+))?/?", call.path)
    name = (match[3] or match[1]) if match else ""
    if (
        match is None
        or call.method != "GET"
        or name not in _ALLOWED
        or (match[1] == "email-accounts" and match[2])
    ):
        html = f"<!DOCTYPE html><html><body><pre>Cannot {call.method} /api/v1{call.path}</pre></body></html>"
        return Answer(404, html.encode(), content_type="text/html; charset=utf-8")
    if unknown := [key for key in call.query if key != "api_key" and key not in _ALLOWED[name]]:
        return _validation(unknown[0])
    if match[1] == "email-accounts":
        return _mailboxes(world, call)
    campaigns = world.view().table("smartlead.campaigns")
    if match[2] is None:
        return Answer(200, [{"id": row.id, **row.props} for row in campaigns if _of_client(row, call)])
    row = campaigns.by_id.get(int(match[2]))
    if row is None:
        return (
            Answer(404, {"error": "Invalid campaign id'"})
            if name == "analytics-by-date"
            else refuse(world, call, 404)
        )
    if name == "campaigns":
        return Answer(200, {"id": row.id, **row.props})
    sends = sent(world, row.id)
    if name == "analytics":
        return Answer(200, _analytics(world, row, sends))
    return _by_date(row, sends, call) if name == "analytics-by-date" else _statistics(row, sends, call)


def _of_client(row: Row, call: Call) -> bool:
    return "client_id" not in call.query or str(row.props.get("client_id")) == call.query["client_id"]


# ------------------------------------------------------------------ what was sent


def sent(world: World, campaign: int) -> tuple[Send, ...]:
    """Every e-mail of a campaign up to the clock's minute, oldest first."""
    now = to_ms(world.clock.now()) // 60_000 * 60_000
    cohorts = [
        row.props for row in world.view().table("smartlead.cohorts") if row.props["campaign"] == campaign
    ]
    return _until(
        now, campaign, tuple((cohort["first"], cohort["count"], cohort["days"]) for cohort in cohorts)
    )


@lru_cache(maxsize=64)
def _until(
    now: int, campaign: int, cohorts: tuple[tuple[int, int, tuple[str, ...]], ...]
) -> tuple[Send, ...]:
    sends = [send for cohort in cohorts for send in _cohort(campaign, *cohort) if send.sent <= now]
    # what has not happened yet is not told
    shown = [
        (
            send._replace(
                opened=send.opened if send.opened <= now else 0,
                clicked=send.clicked if send.clicked <= now else 0,
                replied=send.replied if send.replied <= now else 0,
            )
            if max(send.opened, send.clicked, send.replied) > now
            else send
        )
        for send in sends
    ]
    return tuple(sorted(shown, key=lambda send: (send.sent, send.lead)))


@lru_cache(maxsize=4096)
def _cohort(campaign: int, first: int, count: int, days: tuple[str, ...]) -> tuple[Send, ...]:
    return tuple(_sends(campaign, first, count, days))


def _sends(campaign: int, first: int, count: int, days: tuple[str, ...]) -> Iterator[Send]:
    for lead in range(first, first + count):
        fate = crc32(f"{campaign}/{lead}".encode())
        bounced, unsubscribed = fate % 50 == 0, fate % 211 == 1
        answers_step = 1 + fate // 7 % 3 if fate // 11 % 29 == 0 else 0
        for step, day in enumerate(days, 1):
            when = local_ms(_ZONE, date.fromisoformat(day), 8.5 + (fate // 13 % 800) / 100)
            luck = crc32(f"{campaign}/{lead}/{step}".encode())
            opened = when + luck % 40 * _HOUR + 61_000 if luck % 5 < 2 and not bounced else 0
            clicked = opened + 45_000 if opened and luck % 17 == 0 else 0
            replied = when + (3 + luck % 50) * _HOUR if answers_step == step and not bounced else 0
            yield Send(lead, step, when, opened, clicked, replied, bounced, unsubscribed and step == 1)
            if bounced or replied or (unsubscribed and step == 1):
                break


_FIRST = ("Ada", "Bo", "Chidi", "Dolores", "Émile", "Fatou", "Gus", "Hana", "Ivo", "Jürgen")
_LAST = ("Example", "O'Neil", "Sørensen", "de la Cruz", "Quill", "Zhang")


def lead_email(campaign: int, lead: int) -> str:
    """A lead's address; one in forty is in another campaign too, written in capitals there."""
    if lead % 40 == 7:
        shared = f"owner{lead}@shared-leads.example"
        return shared.upper() if campaign % 2 else shared
    return f"lead{lead}.{campaign}@prospects.example"


def _statistics(row: Row, sends: Sequence[Send], call: Call) -> Answer:
    query = call.query
    try:
        offset, limit = int(query.get("offset", "0")), int(query.get("limit", "100"))
        start = parse_ms(query["sent_time_start_date"]) if "sent_time_start_date" in query else 0
        end = parse_ms(query["sent_time_end_date"]) if "sent_time_end_date" in query else None
        step = int(query["email_sequence_number"]) if "email_sequence_number" in query else None
    except ValueError:
        return Answer(422, {"ok": False, "message": "Validation failed", "errorCode": "VALIDATION_ERROR"})
    if not 1 <= limit <= 1000 or offset < 0:
        return Answer(
            400,
            {
                "statusCode": 400,
                "error": "Bad Request",
                "message": '"limit" must be less than or equal to 1000',
            },
        )
    found = [
        s for s in sends if s.sent >= start and (end is None or s.sent <= end) and step in (None, s.step)
    ]
    page = [_statistic(row.id, send) for send in found[offset : offset + limit]]
    return Answer(
        200, orjson.dumps({"total_stats": str(len(found)), "data": page, "offset": offset, "limit": limit})
    )


def _statistic(campaign: int, send: Send) -> dict[str, Any]:
    name = f"{_FIRST[send.lead % len(_FIRST)]} {_LAST[send.lead % len(_LAST)]}"
    return {
        "lead_name": name,
        "lead_email": lead_email(campaign, send.lead),
        "lead_category": (
            ("Interested", "Not Interested", "Out Of Office")[send.lead % 3] if send.replied else None
        ),
        "sequence_number": send.step,
        "email_campaign_seq_id": campaign * 10 + send.step,
        "seq_variant_id": None,
        "email_subject": "Quick question",
        "email_message": f"<p>Hi {name}, is your backup tested? canary-mail-body</p>",
        "sent_time": smartlead_time(send.sent),
        "open_time": smartlead_time(send.opened) if send.opened else None,
        "click_time": smartlead_time(send.clicked) if send.clicked else None,
        "reply_time": smartlead_time(send.replied) if send.replied else None,
        "open_count": 1 + send.lead % 3 if send.opened else 0,
        "click_count": 1 if send.clicked else 0,
        "is_unsubscribed": send.unsubscribed,
        "is_bounced": send.bounced,
    }


def _totals(sends: Sequence[Send]) -> dict[str, str]:
    counts = {
        "sent_count": len(sends),
        "unique_sent_count": len({send.lead for send in sends}),
        "open_count": sum(1 + send.lead % 3 for send in sends if send.opened),
        "unique_open_count": len({send.lead for send in sends if send.opened}),
        "click_count": sum(1 for send in sends if send.clicked),
        "unique_click_count": len({send.lead for send in sends if send.clicked}),
        "reply_count": sum(1 for send in sends if send.replied),
        "block_count": 0,
        "bounce_count": sum(1 for send in sends if send.bounced),
        "unsubscribed_count": sum(1 for send in sends if send.unsubscribed),
    }
    return {name: str(count) for name, count in counts.items()}


def _analytics(world: World, row: Row, sends: Sequence[Send]) -> dict[str, Any]:
    enrolled = sum(
        batch.props["count"]
        for batch in world.view().table("smartlead.batches")
        if batch.props["campaign"] == row.id
    )
    newest: dict[int, Send] = {}
    for send in sends:
        newest[send.lead] = send
    blocked = sum(1 for send in newest.values() if send.bounced or send.unsubscribed)
    stopped = sum(1 for send in newest.values() if send.replied)
    completed = sum(
        1
        for send in newest.values()
        if send.step == 3 and not (send.bounced or send.unsubscribed or send.replied)
    )
    steps = 3 * enrolled
    more = {
        "id": row.id,
        "user_id": row.props["user_id"],
        "created_at": row.props["created_at"],
        "name": row.props["name"],
    }
    return {
        **more,
        "status": row.props["status"],
        **_totals(sends),
        "total_count": str(steps),
        "drafted_count": str(steps - len(sends)),
        "sequence_count": "3",
        "tags": [],
        "client_id": None,
        "client_name": None,
        "client_email": None,
        "parent_campaign_id": row.props["parent_campaign_id"],
        "campaign_lead_stats": {
            "total": enrolled,
            "notStarted": enrolled - len(newest),
            "inprogress": len(newest) - blocked - stopped - completed,
            "completed": completed,
            "blocked": blocked,
            "stopped": stopped,
        },
    }


def _by_date(row: Row, sends: Sequence[Send], call: Call) -> Answer:
    try:
        first, last = (date.fromisoformat(call.query[name]) for name in ("start_date", "end_date"))
    except (KeyError, ValueError):
        return Answer(400, {"statusCode": 400, "error": "Bad Request", "message": '"start_date" is required'})
    if (last - first).days > 30:
        return Answer(
            400, {"error": "Invalid start_date & end_date range. Date difference should be max of 30days."}
        )
    zone = ZoneInfo(call.query.get("time_zone", "UTC"))
    found = [send for send in sends if first <= from_ms(send.sent).astimezone(zone).date() <= last]
    return Answer(
        200,
        {
            "start_date": str(first),
            "end_date": str(last),
            **_totals(found),
            "total_count": "0",
            "drafted_count": "0",
        },
    )


# ------------------------------------------------------------------ mailboxes


def _mailboxes(world: World, call: Call) -> Answer:
    query = call.query
    try:
        offset, limit = int(query.get("offset", "0")), int(query.get("limit", "100"))
    except ValueError:
        return Answer(422, {"ok": False, "message": "Validation failed", "errorCode": "VALIDATION_ERROR"})
    if not 1 <= limit <= 100 or offset < 0:
        return Answer(
            400,
            {
                "statusCode": 400,
                "error": "Bad Request",
                "message": '"limit" must be less than or equal to 100',
            },
        )
    rows = [row for row in world.view().table("smartlead.mailboxes") if _of_client(row, call)]
    for name, key in (("isInUse", "in_use"), ("isSmtpSuccess", "is_smtp_success")):
        if name in query:
            rows = [row for row in rows if str(row.props[key]).lower() == query[name].lower()]
    today = from_ms(to_ms(world.clock.now())).astimezone(_ZONE).date()
    page = []
    for row in rows[offset : offset + limit]:
        props = {name: value for name, value in row.props.items() if name != "in_use"}
        secrets = {
            "password": f'{MAILBOX_PASSWORD} "{row.id}"',
            "imap_password": f"{MAILBOX_PASSWORD}-imap",
            "refresh_token": "canary-oauth-1//0x",
        }
        sent_today = crc32(f"{row.id}/{today}".encode()) % 30 if today.weekday() < 5 else 0
        page.append({"id": row.id, **secrets, **props, "daily_sent_count": sent_today})
    return Answer(200, page)
