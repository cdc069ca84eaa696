"""Calls, meetings, tasks, notes and e-mails."""

from __future__ import annotations

import bisect
import random
from datetime import date
from typing import Any

from sandbox.companies import names
from sandbox.companies.account import (
    CONNECTED,
    FIRST_APPOINTMENT,
    GATEKEEPER,
    NO_ANSWER,
    OTHER_MEETINGS,
    VOICEMAIL,
)
from sandbox.companies.base import DAY, HOUR, Book, add
from sandbox.companies.base import DEMO_CLOCK as _NOW
from sandbox.companies.brightwater.calendar import at, moments
from sandbox.companies.brightwater.crm import VOLUME, Contact, Crm, there
from sandbox.companies.brightwater.deals import OPEN_DEALS
from sandbox.companies.cedar_ridge.sales.office_work import new_task
from sandbox.engine.formats import hubspot_time

_MEETS_AHEAD = 13
"""Number of the open deal about which nothing was done lately, but that has a meeting ahead."""


def write_activities(book: Book, crm: Crm) -> None:
    pools = [
        [contact for contact in known if contact.id not in crm.in_deals] for known in (crm.warm, crm.contacts)
    ]
    created = [[contact.created for contact in pool] for pool in pools]
    for kind, write_down in _PROPS.items():
        rng = book.rng("sales", kind)
        for when in moments(rng, VOLUME[kind] - (kind == "meetings")):
            # a deal gets activities until a fortnight before it goes quiet, so that what is planned then is
            # within that time as well
            alive = [
                deal
                for deal in crm.deals
                if deal.made < when < (_NOW if deal.until > _NOW - 4 * DAY else deal.until - 14 * DAY)
            ]
            if alive and rng.random() < 0.2:
                deal = rng.choice(alive)
                contact, owner, deals = deal.contact, deal.owner, [deal.id]
            else:
                pool = rng.random() < 0.45
                contact = pools[pool][rng.randrange(max(bisect.bisect(created[pool], when), 1))]
                owner, deals = contact.owner or there(rng, when), []
            _add(book, kind, when, write_down(rng, when, _later(rng, when)), contact, owner, deals)
    waiting = crm.deals[-len(OPEN_DEALS) + _MEETS_AHEAD]
    start = at(date(2025, 11, 4), 10)
    made = at(date(2025, 9, 2), 15)
    _add(
        book,
        "meetings",
        made,
        _meeting(book.rng("sales", "ahead"), made, start),
        waiting.contact,
        waiting.owner,
        [waiting.id],
    )


def _later(rng: random.Random, when: int) -> int:
    """The same time of day, some working days later: ten days at most."""
    when += rng.choice((1, 1, 2, 3, 5, 7, 8)) * DAY
    while (when // DAY + 3) % 7 > 4:  # the first day of 1970 was a Thursday
        when += DAY
    return when


def _add(
    book: Book, kind: str, when: int, props: dict[str, Any], contact: Contact, owner: str, deals: list[int]
) -> None:
    links = {"contacts": [contact.id], "companies": [contact.firm], "deals": deals}
    add(book, kind, when, props | {"hubspot_owner_id": owner}, links)


def _meeting(rng: random.Random, made: int, start: int) -> dict[str, Any]:
    outcome = rng.choices(("COMPLETED", "NO_SHOW", "CANCELED", "RESCHEDULED", None), (74, 8, 7, 6, 5))[0]
    return {
        "hs_timestamp": hubspot_time(start),
        "hs_meeting_start_time": hubspot_time(start),
        "hs_meeting_end_time": hubspot_time(start + HOUR),
        "hs_meeting_outcome": "SCHEDULED" if start > _NOW else outcome,
        "hs_meeting_title": rng.choice(names.UNUSUAL_TEXTS) if rng.random() < 0.02 else "Meeting",
        "hs_activity_type": rng.choice((FIRST_APPOINTMENT, *OTHER_MEETINGS)),
    }


def _task(rng: random.Random, made: int, due: int) -> dict[str, Any]:
    done = due - HOUR
    props = new_task(rng, due)
    if done < _NOW - 2 * DAY and rng.random() < 0.84:
        props |= {"hs_task_status": "COMPLETED", "hs_task_completion_date": hubspot_time(done)}
    return props


def _note(rng: random.Random, made: int, _: int) -> dict[str, Any]:
    return {"hs_timestamp": hubspot_time(made), "hs_note_body": rng.choice(names.NOTES) * rng.randint(1, 4)}


def _call(rng: random.Random, made: int, _: int) -> dict[str, Any]:
    return {
        "hs_timestamp": hubspot_time(made),
        "hs_call_duration": str(rng.randrange(600_000)),
        "hs_call_direction": rng.choices(("OUTBOUND", "INBOUND"), (3, 1))[0],
        "hs_call_disposition": rng.choice((CONNECTED, NO_ANSWER, VOICEMAIL, GATEKEEPER)),
        "hs_call_status": "COMPLETED",
        "hs_call_title": rng.choice(names.CALL_TITLES),
    }


def _email(rng: random.Random, made: int, _: int) -> dict[str, Any]:
    out = rng.random() < 0.64
    opens = int(rng.expovariate(0.8)) if out else None
    return {
        "hs_timestamp": hubspot_time(made),
        "hs_email_direction": "EMAIL" if out else "INCOMING_EMAIL",
        "hs_email_status": "BOUNCED" if out and rng.random() < 0.03 else "SENT",
        "hs_email_subject": rng.choice(names.EMAIL_SUBJECTS),
        "hs_email_open_count": None if opens is None else str(opens),
        "hs_email_reply_count": None if opens is None else str(int(opens > 1 and rng.random() < 0.3)),
    }


_PROPS = {"calls": _call, "meetings": _meeting, "tasks": _task, "notes": _note, "emails": _email}
