"""The marketing side of HubSpot: the website's forms and who filled them in, newsletters and what became of
them, web traffic, and which one-to-one e-mails were opened, clicked and answered.

From late September to the day after the demo's clock the website's forms are broken after a relaunch: twenty
forms, no submission in the quarter. Contacts who came through the website before and after did so by a form.
"""

from __future__ import annotations

import random
import uuid
from datetime import date, timedelta
from typing import Any

from sandbox.companies import names
from sandbox.companies.base import (
    DAY,
    FIRST_MONDAY,
    HOUR,
    LAST_MONDAY,
    ZONE,
    Book,
    add,
    at,
    edit,
    mondays,
    season,
)
from sandbox.engine.formats import hubspot_time
from sandbox.engine.store import ARCHIVED, GONE, from_ms

BROKEN = (at(date(2025, 9, 26), 17), at(date(2025, 10, 28), 10))
SITE = "https://www.cedar-ridge.example"
_FORMS = (
    ("Contact us", "hubspot", "/contact"),
    ("Free assessment", "hubspot", "/assessment"),
    ("Newsletter", "hubspot", "/newsletter"),
    ("Cyber insurance checklist", "hubspot", "/resources/cyber-insurance"),
    ("Backup guide", "hubspot", "/resources/backup"),
    ("Co-managed IT guide", "hubspot", "/resources/co-managed"),
    ("Webinar: passkeys", "hubspot", "/webinars/passkeys"),
    ("Webinar: moving to Windows 11", "hubspot", "/webinars/windows-11"),
    ("Open house", "hubspot", "/events/open-house"),
    ("Careers", "hubspot", "/careers"),
    ("Refer a friend", "hubspot", "/refer"),
    ("Support survey", "hubspot", "/survey"),
    ("Pop-up: pricing", "flow", "/pricing"),
    ("Pop-up: leaving", "flow", "/services"),
    ("Blog comments", "blog_comment", "/blog"),
    ("Footer (old site)", "captured", "/old"),
    ("Quote (old site)", "captured", "/old/quote"),
    ("Partner enquiry", "hubspot", "/partners"),
    ("Dental practices", "hubspot", "/industries/dental"),
    ("Café & co-working", "hubspot", "/test"),
)
_ONLINE = (
    "ORGANIC_SEARCH",
    "DIRECT_TRAFFIC",
    "PAID_SEARCH",
    "SOCIAL_MEDIA",
    "AI_REFERRALS",
    "REFERRALS",
    "EMAIL_MARKETING",
)

_TRAFFIC = {
    "organic": 62,
    "direct": 48,
    "paid": 21,
    "referrals": 11,
    "social": 9,
    "email": 6,
    "paid-social": 5,
    "ai-referrals": 3,
    "other": 1,
}
"""Source -> sessions of an ordinary working day."""
_NEW = {"organic": 0.78, "direct": 0.46, "paid": 0.83, "referrals": 0.7, "social": 0.74, "email": 0.12}

_SUBJECTS = (
    "Three things that would have stopped last month's breach",
    "Is your backup really a backup?",
    "Windows 10 is leaving: your checklist",
    "What your cyber insurer asks this year",
    "Meet us at the open house",
    names.UNUSUAL_TEXTS[4],
    "Passkeys in plain words",
    names.UNUSUAL_TEXTS[0],
)
_AUTOMATED = (("Welcome", 6), ("After the assessment", 3), ("Contract renewal in 90 days", 2))
"""Automated mails and how many each sends in a week."""
_SETTLES = ((2 * HOUR, 0.55), (DAY, 0.86), (4 * DAY, 0.97), (21 * DAY, 1.0))
"""When after the send this share of all opens and clicks has come."""


def write(book: Book) -> None:
    """All of it."""
    _forms(book)
    _newsletters(book)
    _automated(book)
    _traffic(book)
    _answers(book)
    _tracking(book)


# ------------------------------------------------------------------ forms


def _forms(book: Book) -> None:
    rng = book.rng("forms")
    opened = at(FIRST_MONDAY - timedelta(days=120), 10)
    guids = []
    for number, (name, kind, _) in enumerate(
        (*_FORMS, ("Spring campaign 2024", "hubspot", ""), ("Test", "hubspot", ""))
    ):
        made = opened + number * DAY
        guid = str(uuid.UUID(int=rng.getrandbits(128), version=4))
        props = {
            "name": name,
            "formType": kind,
            "createdAt": hubspot_time(made),
            "updatedAt": hubspot_time(made),
            "fieldGroups": [],
        }
        book.store.add("hubspot.forms", guid, made, props)
        guids.append(guid)
    book.store.change("hubspot.forms", guids[-2], at(date(2024, 9, 2), 9), {}, state=ARCHIVED)
    book.store.change("hubspot.forms", guids[-1], at(date(2024, 9, 3), 9), {}, state=GONE)
    book.store.change("hubspot.forms", guids[14], at(date(2025, 11, 12), 9), {}, state=ARCHIVED)
    first = at(FIRST_MONDAY, 0)
    emails: list[tuple[int, str]] = []
    for versions in book.store.tables["hubspot.contacts"].values():
        made, props = versions[0].at, versions[0].props
        if address := str(props.get("email") or ""):
            emails.append((made, address))
            if made > first and props.get("hs_analytics_source") in _ONLINE and rng.random() < 0.8:
                _submit(book, rng, guids, made - rng.randint(20_000, 90_000), address)
    emails.sort()
    for monday in mondays():
        known = [address for made, address in emails[:400] if made < at(monday, 0)]
        for _ in range(rng.randint(2, 6) if known else 0):
            when = at(monday + timedelta(days=rng.randrange(7)), rng.uniform(6, 23))
            email = None if rng.random() < 0.05 else rng.choice(known)
            _submit(book, rng, guids, when, email.title() if email and rng.random() < 0.1 else email)


def _submit(book: Book, rng: random.Random, guids: list[str], when: int, email: str | None) -> None:
    form = rng.choices(range(13), (30, 22, 18, 8, 6, 4, 4, 4, 2, 2, 1, 1, 3))[0]
    conversion = str(uuid.UUID(int=rng.getrandbits(128), version=4))
    if BROKEN[0] <= when < BROKEN[1]:
        return
    page = (
        SITE
        + _FORMS[form][2]
        + ("?utm_source=google&email=visitor%40client.example#form" if rng.random() < 0.3 else "")
    )
    values = [{"name": "firstname", "value": rng.choice(names.FIRST), "objectTypeId": "0-1"}]
    if email:
        values.append({"name": "email", "value": email, "objectTypeId": "0-1"})
    book.store.add(
        "hubspot.submissions",
        conversion,
        when,
        {"formId": guids[form], "submittedAt": when, "pageUrl": page, "values": values},
    )


# ------------------------------------------------------------------ marketing mails


def _counters(rng: random.Random, sent: int) -> dict[str, int]:
    """What becomes of a mail in the end."""
    hard, soft = round(sent * rng.uniform(0.004, 0.012)), round(sent * rng.uniform(0.004, 0.015))
    opened = round(sent * rng.uniform(0.24, 0.41))
    return {
        "sent": sent,
        "delivered": sent - hard - soft,
        "open": opened,
        "click": round(opened * rng.uniform(0.05, 0.16)),
        "reply": rng.randint(0, 3),
        "bounce": hard + soft,
        "hardbounced": hard,
        "softbounced": soft,
        "dropped": rng.randint(0, 9),
        "unsubscribed": rng.randint(0, 5),
        "spamreport": int(rng.random() < 0.1),
        "selected": sent + 30,
        "suppressed": 30,
        "pending": 0,
        "contactslost": hard,
        "notsent": 0,
    }


_MOVING = ("open", "click", "reply", "unsubscribed", "spamreport")


def _mail(book: Book, made: int, name: str, subject: str, planned: int, kind: str = "BATCH_EMAIL") -> int:
    """A draft. It carries the date for which it is planned."""
    mail = book.new_id("marketing_mails", 190_300_001)
    props: dict[str, Any] = {
        "name": name,
        "subject": subject,
        "state": "DRAFT" if kind == "BATCH_EMAIL" else "AUTOMATED_DRAFT",
        "type": kind,
        "subcategory": kind.split("_")[0].lower(),
        "isPublished": False,
        "publishDate": hubspot_time(planned),
        "createdAt": hubspot_time(made),
        "updatedAt": hubspot_time(made),
        "counters": dict.fromkeys(_counters(random.Random(0), 0), 0),
    }
    book.store.add("hubspot.marketing_mails", mail, made, props)
    return mail


def _publish(book: Book, mail: int, when: int, state: str, counters: dict[str, int]) -> None:
    change = {
        "state": state,
        "isPublished": True,
        "publishedAt": hubspot_time(when),
        "primaryEmailCampaignId": str(mail - 100_000),
    }
    book.store.change(
        "hubspot.marketing_mails",
        mail,
        when,
        change | {"updatedAt": hubspot_time(when), "counters": counters},
    )


def _newsletters(book: Book) -> None:
    """One newsletter every other week, now and then a second mail; one in twelve is planned and never
    sent."""
    readers = 620
    for number, monday in enumerate(mondays()):
        rng = book.rng("newsletter", monday)
        readers += rng.randint(0, 7)
        for extra in range((number % 2 == 0) + (rng.random() < 0.18)):
            planned = at(monday + timedelta(days=1 + extra), 10)
            if planned - 6 * DAY < at(FIRST_MONDAY, 0):
                continue
            subject = rng.choice(_SUBJECTS)
            mail = _mail(
                book,
                planned - 5 * DAY,
                f"{monday:%b %Y} {'news' if not extra else 'offer'} {number}",
                subject,
                planned,
            )
            fate = rng.random()
            if fate < 0.08:
                state = GONE if fate < 0.02 else None
                book.store.change("hubspot.marketing_mails", mail, planned + 9 * DAY, {}, state=state)
                continue
            final = _counters(rng, readers if not extra else readers // 3)
            _publish(book, mail, planned, "PUBLISHED", final | dict.fromkeys(_MOVING, 0))
            for after, share in _SETTLES:
                # opens and clicks move no modified date
                counters = final | {name: round(final[name] * share) for name in _MOVING}
                book.store.change("hubspot.marketing_mails", mail, planned + after, {"counters": counters})
            if rng.random() < 0.06:
                book.store.change("hubspot.marketing_mails", mail, planned + 200 * DAY, {}, state=ARCHIVED)


def _automated(book: Book) -> None:
    """Mails that a workflow sends on and on: published once, their counters never stop."""
    for name, weekly in _AUTOMATED:
        rng = book.rng("automated", name)
        when = at(FIRST_MONDAY + timedelta(days=2), 9)
        mail = _mail(book, when - DAY, name, name, when, "AUTOMATED_EMAIL")
        total = dict.fromkeys(_counters(rng, 0), 0)
        _publish(book, mail, when, "AUTOMATED", dict(total))
        for monday in mondays(FIRST_MONDAY + timedelta(days=7)):
            for name_, count in _counters(rng, rng.randint(weekly // 2, weekly * 2)).items():
                total[name_] += count
            book.store.change("hubspot.marketing_mails", mail, at(monday, 6), {"counters": dict(total)})


# ------------------------------------------------------------------ web traffic


def _traffic(book: Book) -> None:
    """Sessions by day and source: half of a day's are there at its noon, all of them when it is over,
    corrected two days later."""
    for monday in mondays(FIRST_MONDAY - timedelta(days=84), LAST_MONDAY):
        rng = book.rng("traffic", monday)
        busy = season(monday) * (1 + max((monday - FIRST_MONDAY).days, 0) / 1_500)
        for weekday in range(7):
            day = monday + timedelta(days=weekday)
            for source, usual in _TRAFFIC.items():
                sessions = round(usual * busy * (0.38 if weekday > 4 else 1.0) * rng.uniform(0.7, 1.3))
                if not sessions:
                    continue
                key = f"{day}/{source}"
                book.store.add(
                    "hubspot.web_traffic", key, at(day, 12), _visits(rng, source, max(sessions // 2, 1))
                )
                book.store.change("hubspot.web_traffic", key, at(day, 23.9), _visits(rng, source, sessions))
                if rng.random() < 0.1:
                    book.store.change(
                        "hubspot.web_traffic",
                        key,
                        at(day + timedelta(days=2), 4),
                        _visits(rng, source, sessions + 1),
                    )


def _visits(rng: random.Random, source: str, sessions: int) -> dict[str, Any]:
    new = round(sessions * _NEW.get(source, 0.6))
    return {
        "visits": sessions,
        "visitors": max(sessions - sessions // 9, 1),
        "returningVisits": sessions - new,
        "newVisitorSessionRate": round(new / sessions, 4),
        "rawViews": round(sessions * 2.3),
        "contacts": int(rng.random() < sessions / 150),
        "leads": 0,
    }


# ------------------------------------------------------------------ one-to-one e-mails: answers, and what is
#     tracked


def _answers(book: Book) -> None:
    """Nine in ten e-mails of clients are answered, most within hours, in the office's time; a few after
    days."""
    rng = book.rng("answers")
    for versions in list(book.store.tables["hubspot.emails"].values()):
        props, people = versions[0].props, (versions[0].links or {}).get("hubspot.contacts")
        if (
            props["hs_email_direction"] != "INCOMING_EMAIL"
            or props["hs_email_status"] != "SENT"
            or not people
            or rng.random() >= 0.9
        ):
            continue
        hours = rng.choices((rng.uniform(0.2, 3), rng.uniform(3, 9), rng.uniform(30, 110)), (6, 3, 1))[0]
        answered = from_ms(versions[0].at + round(hours * HOUR)).astimezone(ZONE)
        day, hour = answered.date(), answered.hour + answered.minute / 60
        if hour >= 18 or answered.weekday() > 4:
            day, hour = (
                day + timedelta(days=max(7 - answered.weekday(), 1) if answered.weekday() >= 4 else 1),
                8 + rng.random() * 2,
            )
        when = max(at(day, max(hour, 8 + rng.random())), versions[0].at + 60_000)
        answer = {
            "hs_timestamp": hubspot_time(when),
            "hs_email_direction": "EMAIL",
            "hs_email_status": "SENT",
            "hs_email_subject": f"Re: {props['hs_email_subject']}",
            "hubspot_owner_id": props["hubspot_owner_id"],
        }
        firms = (versions[0].links or {}).get("hubspot.companies", ())
        add(book, "emails", when + 1_234, answer, {"contacts": list(people), "companies": list(firms)})


def _tracking(book: Book) -> None:
    """Six in ten e-mails that were sent are tracked. Who opens does so within days, now and then again; few
    click, few answer."""
    rng = book.rng("tracking")
    for mail, versions in book.store.tables["hubspot.emails"].items():
        sent, props = versions[0].at, versions[0].props
        if (
            props["hs_email_direction"] != "EMAIL"
            or props["hs_email_status"] != "SENT"
            or rng.random() >= 0.6
        ):
            continue
        # in the first version: a mail is tracked from the start
        props |= {"hs_email_open_count": "0", "hs_email_click_count": "0", "hs_email_reply_count": "0"}
        if rng.random() < 0.45:
            when = sent + round(rng.expovariate(1 / (9 * HOUR))) + 60_000
            opens = rng.choice((1, 1, 1, 2, 3))
            clicks = int(rng.random() < 0.2)
            edit(
                book,
                "emails",
                mail,
                when,
                {"hs_email_open_count": str(opens), "hs_email_click_count": str(clicks)},
            )
            if rng.random() < 0.35:
                edit(book, "emails", mail, when + rng.randint(60_000, DAY), {"hs_email_reply_count": "1"})
