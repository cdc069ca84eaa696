"""Cold outreach: the campaigns in Smartlead, how many leads they hold and contact each day, and the mailboxes
that send."""

from __future__ import annotations

import json
from datetime import date, timedelta
from typing import Any

from sandbox.companies.base import DAY, HOLIDAYS, LAST_MONDAY, MAYA, RILEY, VICTOR, Book, at, season, vanish
from sandbox.engine.formats import smartlead_time

ACCOUNT = 9

# id, name, first day, last day of new contacts, new leads a day, parent
_CAMPAIGNS: tuple[tuple[int, str, date, date, int, int | None], ...] = (
    (5001, "Dentists: ransomware checklist", date(2024, 7, 8), date(2024, 12, 20), 20, None),
    (5004, "Law firms: client data", date(2024, 9, 9), date(2025, 3, 14), 16, None),
    (5007, "Manufacturers' downtime & \U0001f3ed", date(2025, 1, 13), date(2025, 6, 27), 22, None),
    (5011, "Accountants \u2013 tax season", date(2025, 2, 3), date(2025, 5, 16), 13, None),
    (5012, "Clinics: audit in 30 days", date(2025, 5, 5), date(2025, 12, 19), 23, None),
    (5015, "Manufacturers: second wave", date(2025, 6, 16), date(2026, 3, 27), 25, None),
    (5016, "Manufacturers: second wave, owners", date(2025, 8, 4), date(2026, 2, 27), 7, 5015),
    (5019, "Non-profits: cyber insurance", date(2025, 8, 11), date(2025, 10, 10), 11, None),
    (
        5023,
        "Law firms: \u0645\u0631\u062d\u0628\u0627 again",
        date(2025, 11, 10),
        date(2026, 6, 26),
        21,
        None,
    ),
    (5027, "Dentists: new owners", date(2026, 2, 2), date(2026, 9, 25), 24, None),
    (5031, "Schools: summer projects", date(2026, 5, 4), date(2026, 12, 18), 22, None),
    (5034, "Freight: phone fraud", date(2026, 8, 3), LAST_MONDAY, 20, None),
)
_PAUSED = (5019, date(2025, 10, 13))
"""Stopped by hand with half of its leads not started; it stays paused."""
_DELETED = (5011, date(2025, 11, 20))
_DRAFT = 5021
_STEPS = (0, 3, 8)
"""Sending days after the first e-mail."""


def write(book: Book) -> None:
    """Every campaign and every mailbox."""
    for campaign in _CAMPAIGNS:
        _campaign(book, *campaign)
    made = at(date(2025, 9, 30), 15)
    book.store.add(
        "smartlead.campaigns", _DRAFT, made, _props("Draft: do not start", made, "DRAFTED", None, None)
    )
    vanish(book, "smartlead.campaigns", _DELETED[0], at(_DELETED[1], 9))
    _mailboxes(book)


def _props(name: str, made: int, status: str, per_day: int | None, parent: int | None) -> dict[str, Any]:
    schedule = {"tz": "America/Chicago", "days": [1, 2, 3, 4, 5], "startHour": "08:30", "endHour": "16:30"}
    return {
        "user_id": ACCOUNT,
        "created_at": smartlead_time(made),
        "updated_at": smartlead_time(made),
        "status": status,
        "name": name,
        "track_settings": json.dumps(["DONT_TRACK_LINK_CLICK"]),
        # an object on new campaigns, JSON text on old ones, nothing on drafts
        "scheduler_cron_value": (
            None if per_day is None else schedule if per_day % 4 else json.dumps(schedule)
        ),
        "min_time_btwn_emails": 8,
        "max_leads_per_day": per_day or 20,
        "stop_lead_settings": "REPLY_TO_AN_EMAIL",
        "follow_up_percentage": 100 if per_day is None else 60,
        "client_id": None,
        "parent_campaign_id": parent,
    }


def _campaign(
    book: Book, number: int, name: str, first: date, last: date, per_day: int, parent: int | None
) -> None:
    rng = book.rng("outreach", number)
    made = at(first - timedelta(days=4), 14)
    book.store.add("smartlead.campaigns", number, made, _props(name, made, "DRAFTED", per_day, parent))
    _status(book, number, at(first, 8), "ACTIVE")
    days = [first + timedelta(days=n) for n in range((last - first).days + 40)]
    days = [day for day in days if day.weekday() < 5 and day not in HOLIDAYS]
    contacting = [day for day in days if day <= last]
    counts = [
        max(1, round(per_day * min(1.0, season(day - timedelta(days=day.weekday()))) * rng.uniform(0.7, 1.0)))
        for day in contacting
    ]
    stopped = _PAUSED[1] if number == _PAUSED[0] else None
    lead = 0
    for position, (day, count) in enumerate(zip(contacting, counts, strict=True)):
        steps = [days[position + step] for step in _STEPS if position + step < len(days)]
        steps = [step for step in steps if stopped is None or step < stopped]
        props = {"campaign": number, "first": lead, "count": count, "days": tuple(map(str, steps))}
        book.store.add("smartlead.cohorts", f"{number}:{day}", at(day, 0), props)
        lead += count
    _enrol(book, number, contacting, counts)
    if stopped:
        book.store.add("smartlead.batches", f"{number}:rest", made, {"campaign": number, "count": 350})
        _status(book, number, at(stopped, 9), "PAUSED")
    else:
        _status(book, number, at(days[min(len(contacting) + 9, len(days) - 1)], 17), "COMPLETED")


def _status(book: Book, number: int, when: int, status: str) -> None:
    book.store.change(
        "smartlead.campaigns", number, when, {"status": status, "updated_at": smartlead_time(when)}
    )


def _enrol(book: Book, number: int, days: list[date], counts: list[int]) -> None:
    """Lists are bought for about seven weeks at a time and added when some three weeks are left, now and then
    too late."""
    rng = book.rng("outreach lists", number)
    needed, position, left = sum(counts), 0, 0
    for index, day in enumerate(days):
        if left < 20 * (sum(counts[:index]) / index if index else 0) or index == 0:
            size = min(needed, round(sum(counts) / len(counts) * rng.uniform(28, 42)))
            if size:
                when = at(day, 7) - (3 * DAY if index == 0 else 0)
                book.store.add(
                    "smartlead.batches", f"{number}:{position}", when, {"campaign": number, "count": size}
                )
                needed, left, position = needed - size, left + size, position + 1
        left -= counts[index]
    if needed > 0:
        book.store.add(
            "smartlead.batches", f"{number}:last", at(days[-1], 6), {"campaign": number, "count": needed}
        )


def _mailboxes(book: Book) -> None:
    """22 mailboxes on two look-alike domains, warmed up one after the other; two cannot log in, one is
    spare."""
    rng = book.rng("mailboxes")
    for number in range(22):
        owner = (MAYA, VICTOR, RILEY)[number % 3]
        domain = ("cedarridge-it.example", "trycedarridge.example")[number % 2]
        made = at(date(2024, 6, 17) + timedelta(days=9 * number), 10)
        props = {
            "from_name": f"{owner.first} {owner.last}",
            "from_email": f"{owner.first}.{owner.last}{number or ''}@{domain}".lower(),
            "type": ("GMAIL", "OUTLOOK", "SMTP")[number % 3],
            "message_per_day": 30,
            "is_smtp_success": True,
            "is_imap_success": True,
            "client_id": None,
            "in_use": number != 21,
            "warmup_details": {
                "status": "ACTIVE",
                "total_sent_count": 900,
                "total_spam_count": 4,
                "warmup_reputation": f"{rng.randrange(93, 101)}%",
            },
        }
        box = 301 + 4 * number
        book.store.add("smartlead.mailboxes", box, made, props)
        if number in (5, 12):
            book.store.change(
                "smartlead.mailboxes", box, at(date(2025, 10, 6 + number), 11), {"is_smtp_success": False}
            )
    vanish(book, "smartlead.mailboxes", 301 + 4 * 20, at(date(2025, 12, 1), 10))
