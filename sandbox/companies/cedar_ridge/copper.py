"""Cedar Ridge's other CRM: the resale business (wholesale and distribution) with its own opportunities at the
firms of HubSpot, and everything that the sales people log: the calls of the phone system and of their
mobiles, mails, notes, meetings.
"""

from __future__ import annotations

import random
from datetime import timedelta
from typing import Any

from sandbox.companies import names
from sandbox.companies.base import (
    BEN,
    DANA,
    DAY,
    HOUR,
    LAST_MONDAY,
    MAYA,
    NOOR,
    RILEY,
    VICTOR,
    ZONE,
    Book,
    Owner,
    at,
    mondays,
    season,
    vanish,
    work_days,
)
from sandbox.companies.cedar_ridge import phone
from sandbox.engine.store import ARCHIVED, GONE, from_ms

USERS: dict[int, Owner] = {
    940101: MAYA,
    940102: VICTOR,
    940103: NOOR,
    940104: DANA,
    940105: RILEY,
    940106: BEN,
}
_IDS = {owner.id: user for user, owner in USERS.items()}

NOTE, PHONE_CALL, MEETING, NO_CONNECT, OLD_CALL = 0, 190711, 190712, 190713, 190700
PROPERTY_CHANGED, STAGE_CHANGED, EMAIL = 1, 3, 6
_TYPES = {
    "user": (
        (NOTE, "Note", False),
        (PHONE_CALL, "Phone Call", False),
        (MEETING, "Meeting", False),
        (NO_CONNECT, "Call - no connect", False),
        (OLD_CALL, "Phone Call (old)", True),
    ),
    "system": (
        (PROPERTY_CHANGED, "Property Changed", False),
        (STAGE_CHANGED, "Pipeline Stage Changed", False),
        (EMAIL, "Email", False),
    ),
}

RESALE, RENEWALS = 7710, 7711
STAGES = {
    RESALE: (
        (881001, "A - Need found", 10),
        (881002, "B - Quoted", 40),
        (881003, "C - Verbal yes", 80),
        (881004, "Payment received", 100),
    ),
    RENEWALS: ((881011, "Planned", 50), (881012, "Sent", 70)),
}
SALE_TYPE, PO_NUMBER, SHIP_BY = 7001, 7002, 7003
WHOLESALE, DISTRIBUTION = 88001, 88002
_FIELDS: tuple[dict[str, Any], ...] = (
    {"id": SALE_TYPE, "name": "Sale Type", "data_type": "Dropdown", "available_on": ["opportunity"], "is_filterable": True,
     "options": [{"id": WHOLESALE, "name": "Wholesale", "rank": 0}, {"id": DISTRIBUTION, "name": "Distribution", "rank": 1}]},
    {"id": PO_NUMBER, "name": "PO number", "data_type": "String", "available_on": ["opportunity"], "is_filterable": False},
    {"id": SHIP_BY, "name": "Ship by", "data_type": "Date", "available_on": ["opportunity", "project"], "is_filterable": True},
)  # fmt: skip


def write(book: Book) -> None:
    """The account, its users, opportunities and activities."""
    _account(book)
    _opportunities(book)
    _calls(book)
    _office_work(book)


def _account(book: Book) -> None:
    store, opened = book.store, at(MAYA.joined, 9)
    for user, owner in USERS.items():
        made = at(owner.joined, 9)
        groups = [{"id": 1, "name": "West"}] if owner in (MAYA, VICTOR) else []
        store.add(
            "copper.users",
            user,
            made,
            {"name": f"{owner.first} {owner.last}", "email": owner.email, "groups": groups},
        )
        if owner.left:
            vanish(book, "copper.users", user, at(owner.left + timedelta(days=3), 10))
    for category, types in _TYPES.items():
        for number, (type_id, name, disabled) in enumerate(types):
            props = {"type_id": type_id, "category": category, "name": name, "is_disabled": disabled}
            store.add(
                "copper.activity_types",
                f"{category}:{number}",
                opened,
                props | {"count_as_interaction": category == "user"},
            )
    for pipeline, name in ((RESALE, "Resale"), (RENEWALS, "Renewals")):
        stages = [
            {"id": stage, "name": label, "win_probability": chance}
            for stage, label, chance in STAGES[pipeline]
        ]
        store.add(
            "copper.pipelines",
            pipeline,
            opened,
            {"name": name, "type": "opportunity", "is_revenue": True, "stages": stages},
        )
    for field in _FIELDS:
        store.add("copper.custom_fields", field["id"], opened, field)


def _seconds(ms: int) -> int:
    return ms // 1000


def _day(ms: int) -> str:
    """A close date as Copper writes it: not zero padded, month first in this account."""
    local = from_ms(ms).astimezone(ZONE)
    return f"{local.month}/{local.day}/{local.year}"


# ------------------------------------------------------------------ opportunities


def _opportunities(book: Book) -> None:
    firms = [
        (company, versions[0].props["name"], versions[0].at)
        for company, versions in book.store.tables["hubspot.companies"].items()
    ]
    reps = (MAYA, VICTOR, VICTOR, BEN, NOOR, RILEY)
    number = 0
    for monday in mondays():
        rng = book.rng("copper opportunities", monday)
        for _ in range(round(6 * season(monday) + rng.uniform(-1, 1))):
            rep = rng.choice(reps)
            if rep.joined > monday or (rep.left and rep.left <= monday):
                rep = MAYA
            made = at(rng.choice(work_days(monday)), rng.uniform(8, 17.5))
            firm = rng.choice([one for one in firms[:160] if one[2] < made])
            number += 1
            _opportunity(book, rng, 50_100_000 + number * 7, made, rep, firm, number)


def _opportunity(
    book: Book, rng: random.Random, key: int, made: int, rep: Owner, firm: tuple[int, str, int], number: int
) -> None:
    pipeline = RENEWALS if rng.random() < 0.12 else RESALE
    stages = STAGES[pipeline]
    value: int | float | None = rng.choice((380, 640, 1_250, 1_600, 2_400, 3_950, 1_999.5))
    closes = made + round(rng.uniform(25, 80)) * DAY
    custom = [
        {
            "custom_field_definition_id": SALE_TYPE,
            "value": rng.choices((WHOLESALE, DISTRIBUTION, None), (6, 4, 1))[0],
        },
        {"custom_field_definition_id": PO_NUMBER, "value": None},
        {
            "custom_field_definition_id": SHIP_BY,
            "value": _seconds(at(from_ms(closes).date(), 0)) if rng.random() < 0.3 else None,
        },
    ]
    rng.shuffle(custom)
    name = (
        names.UNUSUAL_TEXTS[number // 40 % len(names.UNUSUAL_TEXTS)]
        if number % 40 == 7
        else f"{firm[1]} order {number}"
    )
    props: dict[str, Any] = {
        "name": name,
        "assignee_id": None if rng.random() < 0.03 else _IDS[rep.id],
        "close_date": _day(closes) if rng.random() < 0.93 else None,
        "company_id": 61_000_000 + firm[0] % 1_000_000,
        "company_name": firm[1],
        "customer_source_id": None,
        "details": None,
        "loss_reason_id": None,
        "pipeline_id": pipeline,
        "pipeline_stage_id": stages[0][0],
        "primary_contact_id": None,
        "priority": rng.choice(("None", "Low", "High", None)),
        "status": "Open",
        "tags": ["reorder"] if rng.random() < 0.2 else [],
        "interaction_count": 0,
        "monetary_unit": "USD" if rng.random() < 0.8 else None,
        "monetary_value": value if rng.random() < 0.96 else None,
        "converted_unit": "USD",
        "converted_value": value,
        "win_probability": stages[0][2],
        "date_stage_changed": _seconds(made),
        "date_last_contacted": None,
        "leads_converted_from": [],
        "date_lead_created": None,
        "date_created": _seconds(made),
        "date_modified": _seconds(made),
        "custom_fields": custom,
    }
    store, table = book.store, "copper.opportunities"
    store.add(table, key, made, props)
    when = made
    won = rng.random() < 0.34
    for stage, _, chance in stages[1 : len(stages) if won else 1 + rng.choice((0, 0, 1, 2))]:
        when += round(rng.uniform(2, 16) * DAY)
        change = {"pipeline_stage_id": stage, "win_probability": chance, "date_stage_changed": _seconds(when)}
        store.change(table, key, when, change | {"date_modified": _seconds(when)})
        _activity(book, when, when, STAGE_CHANGED, "system", (key, "opportunity"), rep, None)
    if won:
        when += round(rng.uniform(0.1, 4) * DAY)
        store.change(
            table,
            key,
            when,
            {
                "status": "Won",
                "close_date": _day(when),
                "win_probability": 100,
                "date_modified": _seconds(when),
            },
        )
    elif rng.random() < 0.9:
        when += round(rng.uniform(5, 40) * DAY)
        store.change(
            table,
            key,
            when,
            {"status": rng.choice(("Lost", "Lost", "Abandoned")), "date_modified": _seconds(when)},
        )
    if number % 17 == 5:
        # deleted by a user: disappears without a trace
        vanish(book, table, key, when + 6 * DAY)


# ------------------------------------------------------------------ activities


def _activity(
    book: Book,
    when: int,
    logged: int,
    type_id: int,
    category: str,
    parent: tuple[int, str],
    rep: Owner | None,
    details: Any,
) -> int:
    key = book.new_id("copper.activities", 3_900_001)
    props = {
        "parent": {"id": parent[0], "type": parent[1]},
        "type": {"id": type_id, "category": category},
        "user_id": _IDS[rep.id] if rep else None,
        "details": details,
        "activity_date": _seconds(when),
        "old_value": None,
        "new_value": None,
        "date_created": _seconds(logged),
        "date_modified": _seconds(logged),
    }
    book.store.add("copper.activities", key, logged, props)
    return key


def _person(contact: int | None) -> tuple[int, str]:
    return (160_000_000 + (contact or 0) % 10_000_000, "person") if contact else (61_000_001, "company")


def _calls(book: Book) -> None:
    """What the phone system wrote (a few seconds late), and what was typed in by hand."""
    rng = book.rng("copper calls")
    for number, call in enumerate(phone.calls(book)):
        if not call.in_crm:
            continue
        if call.in_phone:
            whom = call.name if number % 11 == 0 else f"{call.name} (+{call.number})"
            details: str | None = (
                f"{'Incoming call from' if call.inbound else 'Outgoing call to'} {whom} via JustCall"
            )
        elif call.number:
            # people type the number without its country code
            details = (
                f"Called {call.name or 'them'} at {call.number[1:4]}-{call.number[4:7]}-{call.number[7:]}"
            )
        else:
            details = rng.choice(("Called about reorder", "", None))
        kind = NO_CONNECT if not call.answered and not call.in_phone and number % 3 == 0 else PHONE_CALL
        key = _activity(
            book,
            call.at + call.lag * 1000,
            call.logged,
            kind,
            "user",
            _person(call.contact),
            call.rep,
            details,
        )
        if call.in_phone:
            continue
        if number % 41 == 0:
            # a user deletes what was typed in: half of them answer as stubs, the others vanish
            book.store.change(
                "copper.activities", key, call.logged + 2 * DAY, {}, state=ARCHIVED if number % 2 else GONE
            )
        elif number % 29 == 0:
            edited = call.logged + round(rng.uniform(0.1, 5) * DAY)
            change = {"details": f"{details or 'Called'}. Wants a quote.", "date_modified": _seconds(edited)}
            book.store.change("copper.activities", key, edited, change)


def _office_work(book: Book) -> None:
    for monday in mondays():
        rng, days = book.rng("copper office", monday), work_days(monday)
        for rep in (MAYA, VICTOR, NOOR, RILEY, BEN):
            if rep.joined > monday or (rep.left and rep.left <= monday):
                continue
            for _ in range(rng.randint(2, 6)):
                when = at(rng.choice(days), rng.uniform(8, 18))
                mail = {
                    "sender": {"email": rep.email, "name": f"{rep.first} {rep.last}"},
                    "subject": rng.choice(names.EMAIL_SUBJECTS),
                }
                if rng.random() < 0.25:
                    # a client's answer is an activity as well
                    mail = {
                        "sender": {"email": f"buyer{rng.randrange(90)}@client.example", "name": "Buyer"},
                        "subject": "Re: Quote",
                    }
                whose = rep if rng.random() < 0.5 else None
                _activity(
                    book, when, when + 5_000, EMAIL, "system", _person(rng.randrange(1, 10**6)), whose, mail
                )
            for _ in range(rng.randint(0, 2)):
                when = at(rng.choice(days), rng.uniform(9, 17))
                # notes and meetings are back-dated: typed in up to four days later
                logged = when + round(rng.uniform(0.01, 4) * DAY)
                kind = rng.choice((NOTE, MEETING))
                text = (
                    rng.choice(names.UNUSUAL_TEXTS)
                    if rng.random() < 0.05
                    else rng.choice(("Met at their office", "Wants a sample", ""))
                )
                _activity(book, when, logged, kind, "user", _person(rng.randrange(1, 10**6)), rep, text)
        if monday < LAST_MONDAY and rng.random() < 0.3:
            # planned for next week already
            when = at(monday + timedelta(days=8), 10)
            _activity(
                book,
                when,
                when - 6 * DAY - HOUR,
                MEETING,
                "user",
                _person(rng.randrange(1, 10**6)),
                VICTOR,
                "Site visit",
            )
