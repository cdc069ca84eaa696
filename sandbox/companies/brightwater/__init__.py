"""Brightwater Labs, the second invented company: nine people who sell water testing in Britain, in HubSpot
alone.

At the demo's clock its CRM has the volume of `VOLUME`, none of it archived, written down from January 2023 to
October 2025 and growing by the year. Within the twelve months before the clock, and within 2025, it won 7
deals worth 110,019.00 in 733 days together, and lost
19. Nothing is added later; one record in a hundred changes daily, to measure with.
"""

from __future__ import annotations

import bisect
import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import accumulate
from typing import Any
from zoneinfo import ZoneInfo

from sandbox.companies import account, names
from sandbox.companies.account import (
    CONNECTED,
    FIRST_APPOINTMENT,
    GATEKEEPER,
    NO_ANSWER,
    OTHER_MEETINGS,
    VOICEMAIL,
)
from sandbox.companies.base import DAY, HOUR, Book, Company, Owner, add, edit
from sandbox.companies.base import DEMO_CLOCK as _NOW
from sandbox.companies.cedar_ridge.deals import DISQUALIFIED, LOST, WON, walk
from sandbox.companies.cedar_ridge.directory import company_names, company_props, contact_props, slug
from sandbox.companies.cedar_ridge.sales import new_task
from sandbox.engine.formats import hubspot_time
from sandbox.engine.store import local_ms

ZONE = ZoneInfo("Europe/London")
VOLUME = {
    "contacts": 44_602,
    "companies": 17_781,
    "deals": 75,
    "calls": 86,
    "meetings": 3_670,
    "tasks": 7_113,
    "notes": 918,
    "emails": 4_000,
}
CHANGES_FROM, CHANGING_DAYS, CHANGED_SHARE = date(2025, 10, 27), 60, 0.01
"""From that day on, one record in a hundred of every object is edited each day between 13:00 and 14:00 of the
company's clock."""

HOLIDAYS = frozenset(
    date.fromisoformat(day)
    for day in [
        "2023-01-02",
        "2023-04-07",
        "2023-04-10",
        "2023-05-01",
        "2023-05-08",
        "2023-05-29",
        "2023-08-28",
        "2023-12-25",
        "2023-12-26",
        "2024-01-01",
        "2024-03-29",
        "2024-04-01",
        "2024-05-06",
        "2024-05-27",
        "2024-08-26",
        "2024-12-25",
        "2024-12-26",
        "2025-01-01",
        "2025-04-18",
        "2025-04-21",
        "2025-05-05",
        "2025-05-26",
        "2025-08-25",
        "2025-12-25",
        "2025-12-26",
        "2026-01-01",
        "2026-04-03",
        "2026-04-06",
        "2026-05-04",
        "2026-05-25",
        "2026-08-31",
        "2026-12-25",
        "2026-12-28",
    ]
)
"""Bank holidays of England and Wales."""

_HIRED = (
    ("Harriet", "Ashworth", "Inbound", date(2022, 11, 7)),
    ("Callum", "Reid", "Outbound", date(2022, 11, 7)),
    ("Priyanka", "Desai", "Inbound", date(2022, 11, 7)),
    ("Owen", "Pritchard", "Outbound", date(2022, 11, 7)),
    ("Megan", "Doyle", "Inbound", date(2023, 9, 4)),
    ("Tomasz", "Zielinski", "Outbound", date(2024, 2, 5)),
    ("Aisha", "Bello", "Inbound", date(2024, 9, 2)),
    ("Lewis", "Grant", "Outbound", date(2025, 2, 3)),
    ("Freya", "Lindqvist", "Outbound", date(2025, 7, 7)),
)
OWNERS = tuple(
    Owner(
        81_300_101 + number,
        6_620_001 + number,
        first,
        last,
        f"{first}.{last}@brightwater-labs.example".lower(),
        team,
        joined,
    )
    for number, (first, last, team, joined) in enumerate(_HIRED)
)


def at(day: date, hours: float) -> int:
    """The instant at which the company's wall clock shows `hours` on `day`."""
    return local_ms(ZONE, day, hours)


_FIRST, _LAST = date(2023, 1, 3), date(2025, 10, 24)
_DAYS = [
    day
    for day in (_FIRST + timedelta(days=number) for number in range((_LAST - _FIRST).days + 1))
    if day.weekday() < 5 and day not in HOLIDAYS
]
_MIDNIGHTS = [at(day, 0) for day in _DAYS]
# two and a half times as busy at the end as in the beginning, and slow in August and December
_BUSY = list(
    accumulate(
        (1 + 1.5 * n / len(_DAYS)) * (0.75 if day.month in (8, 12) else 1) for n, day in enumerate(_DAYS)
    )
)


def _moments(rng: random.Random, count: int) -> list[int]:
    """Instants in working hours, sorted, more of them the later it is."""
    return sorted(
        start + round(rng.uniform(8, 18.2) * HOUR)
        for start in rng.choices(_MIDNIGHTS, cum_weights=_BUSY, k=count)
    )


def _there(rng: random.Random, when: int) -> str:
    """Id of an owner who had joined by then."""
    return str(rng.choice([owner for owner in OWNERS if at(owner.joined, 0) <= when]).id)


@dataclass(frozen=True)
class Contact:
    """A contact; `opportunity`: when it became one."""

    id: int
    created: int
    firm: int
    owner: str | None
    source: str
    opportunity: int | None = None
    customer: bool = False


@dataclass(frozen=True)
class Deal:
    """A deal, and the time within which something is done about it."""

    id: int
    made: int
    until: int
    contact: Contact
    owner: str


@dataclass
class Crm:
    """Everybody there is: contacts in the order in which they came, those who got anywhere apart."""

    contacts: list[Contact] = field(default_factory=list)
    warm: list[Contact] = field(default_factory=list)
    deals: list[Deal] = field(default_factory=list)
    in_deals: set[int] = field(default_factory=set)
    """Ids of the contacts of deals."""


def write(book: Book) -> None:
    """The whole CRM."""
    account.hubspot_account(
        book,
        portalId=51_330_912,
        timeZone="Europe/London",
        companyCurrency="GBP",
        utcOffset="+00:00",
        utcOffsetMilliseconds=0,
    )
    account.hubspot_owners(book, OWNERS)
    crm = Crm()
    _contacts(book, crm, _companies(book))
    _deals(book, crm)
    _activities(book, crm)
    _daily_changes(book)


# ------------------------------------------------------------------ companies and contacts

_LIFECYCLE = ("lead", "marketingqualifiedlead", "salesqualifiedlead", "opportunity", "customer")
_SOURCES = {
    "ORGANIC_SEARCH": (27, 1.3),
    "OFFLINE": (25, 0.5),
    "DIRECT_TRAFFIC": (15, 0.8),
    "PAID_SEARCH": (13, 1.2),
    "EMAIL_MARKETING": (8, 1.0),
    "REFERRALS": (8, 2.1),
    "SOCIAL_MEDIA": (4, 0.6),
}
"""Original source -> percent of the leads, and how well they go on."""
_RARE = {"PAID_SOCIAL": 2_900, "AI_REFERRALS": 3_900}
"""Source -> one lead in so many: fewer than ten a year."""
_STATUSES = (
    "NEW",
    "OPEN",
    "IN_PROGRESS",
    "ATTEMPTED_TO_CONTACT",
    "CONNECTED",
    "UNQUALIFIED",
    "BAD_TIMING",
    None,
)
_STATUS_AT = {
    1: ("IN_PROGRESS", "CONNECTED", "UNQUALIFIED", "BAD_TIMING"),
    2: ("IN_PROGRESS", "CONNECTED", "CONNECTED", "UNQUALIFIED"),
    3: ("OPEN_DEAL",),
    4: ("CONNECTED",),
}
"""Lead statuses of those who have reached a stage of the lifecycle."""
# chance to go on to the next stage, and about how many days it takes
_ONWARD = ((0.1415, 14), (0.198, 17), (0.142, 24), (0.325, 55))


def _companies(book: Book) -> list[tuple[int, str]]:
    """Id and domain of every company."""
    rng = book.rng("sales", "companies")
    found = company_names(rng, VOLUME["companies"], names.COMPANY_LAST_UK)
    out = []
    for number, (name, made) in enumerate(zip(found, _moments(rng, len(found)), strict=True)):
        props = company_props(rng, name, rng.choices(("lead", "opportunity", "customer"), (90, 8, 2))[0])
        props |= {
            "city": rng.choice(names.CITIES_UK),
            "state": None,
            "hubspot_owner_id": _there(rng, made) if rng.random() < 0.45 else None,
        }
        if rng.random() < 0.08:
            props["industry"] = None
        if number % 2_500 == 1_200:
            props["name"] = names.UNUSUAL_FIRMS[number // 2_500 % len(names.UNUSUAL_FIRMS)]
        out.append((add(book, "companies", made, props), slug(name)))
    return out


def _contacts(book: Book, crm: Crm, firms: list[tuple[int, str]]) -> None:
    rng = book.rng("sales", "contacts")
    sources, weights = list(_SOURCES), [share for share, _ in _SOURCES.values()]
    for number, made in enumerate(_moments(rng, VOLUME["contacts"])):
        firm, domain = firms[min(int(rng.random() * (number + 400) * 0.4), len(firms) - 1)]
        props = contact_props(rng, domain, rng.random() < 0.3)
        rare = next((name for name, every in _RARE.items() if number % every == every // 2), None)
        source = rare or rng.choices(sources, weights)[0]
        owner = _there(rng, made) if rng.random() < 0.31 else None
        visits = 0 if source == "OFFLINE" else 1 + int(rng.expovariate(0.5))
        props |= {
            "hs_analytics_source": source,
            "hs_analytics_num_visits": str(visits),
            "num_conversion_events": str(sum(rng.random() < 0.3 for _ in range(min(visits, 4)))),
            "hs_lead_status": rng.choices(_STATUSES, (36, 14, 8, 12, 6, 13, 4, 7))[0],
            "hubspot_owner_id": owner,
            "lifecyclestage": "lead",
            "hs_v2_date_entered_lead": hubspot_time(made),
            "hs_object_source_label": "IMPORT" if source == "OFFLINE" else "FORM",
            "city": rng.choice(names.CITIES_UK),
            "country": "United Kingdom",
            "phone": f"+44 20 7946 {rng.randrange(1_000):04d}",
        }
        if number % 6_000 == 3_000:
            props["firstname"] = names.UNUSUAL_NAMES[number // 6_000 % len(names.UNUSUAL_NAMES)]
        contact = add(book, "contacts", made, props, {"companies": [firm]})
        crm.contacts.append(_progress(book, rng, crm, Contact(contact, made, firm, owner, source)))


def _progress(book: Book, rng: random.Random, crm: Crm, contact: Contact) -> Contact:
    """How far a contact gets through the lifecycle; a stage that is skipped has no date, and what lies after
    the clock has not happened."""
    when, stage, reached = contact.created, 0, {}
    luck = _SOURCES.get(contact.source, (0, 1.0))[1]
    while stage < 4 and rng.random() < _ONWARD[stage][0] * (luck if stage == 0 else 1):
        when += round(min(rng.expovariate(1 / _ONWARD[stage][1]) + 0.2, 300) * DAY)
        stage += 2 if stage < 3 and rng.random() < 0.07 else 1
        if when >= _NOW - DAY:
            break
        reached[stage] = when
    if not reached:
        return contact
    owner = contact.owner or _there(rng, contact.created)
    for number, moment in reached.items():
        name = _LIFECYCLE[number]
        change = {
            "lifecyclestage": name,
            f"hs_v2_date_entered_{name}": hubspot_time(moment),
            "hubspot_owner_id": owner,
        }
        edit(
            book, "contacts", contact.id, moment, change | {"hs_lead_status": rng.choice(_STATUS_AT[number])}
        )
    found = Contact(
        contact.id,
        contact.created,
        contact.firm,
        owner,
        contact.source,
        reached.get(3) or reached.get(4),
        4 in reached,
    )
    crm.warm.append(found)
    return found


# ------------------------------------------------------------------ deals

_PRODUCTS = (
    "Legionella programme",
    "Effluent analysis",
    "Drinking water survey",
    "Cooling tower testing",
    "Sensor network",
    "Laboratory portal",
    "Compliance audit",
    "Pool water contract",
)

# days from creation to close (733 together), closed on, amount (110,019.00 together)
_WON_2025 = (
    (41, date(2025, 1, 28), "8450.00"),
    (147, date(2025, 3, 12), "22300.00"),
    (84, date(2025, 4, 30), "12975.00"),
    (181, date(2025, 6, 17), "31500.00"),
    (63, date(2025, 7, 24), "9800.00"),
    (119, date(2025, 9, 10), "14494.00"),
    (98, date(2025, 10, 15), "10500.00"),
)
# how many, last stage, first and last day on which they were closed; nothing was closed in November and
# December 2024
_CLOSED = (
    (2, WON, date(2023, 7, 17), date(2023, 12, 8)),
    (3, LOST, date(2023, 6, 5), date(2023, 11, 24)),
    (6, WON, date(2024, 1, 16), date(2024, 10, 8)),
    (15, LOST, date(2024, 1, 9), date(2024, 10, 16)),
    (1, DISQUALIFIED, date(2024, 5, 14), date(2024, 5, 14)),
    (19, LOST, date(2025, 1, 8), date(2025, 10, 22)),
    (2, DISQUALIFIED, date(2025, 3, 18), date(2025, 8, 20)),
)
# stage, made, came into the stage, planned close, amount (None: missing), pushes of the close date, something
# is done until (None: now)
_OPEN: tuple[tuple[str, date, date, date, str | None, int, date | None], ...] = (
    ("1042001", date(2025, 10, 21), date(2025, 10, 21), date(2026, 1, 30), None, 0, None),
    ("1042001", date(2025, 10, 13), date(2025, 10, 13), date(2026, 1, 16), "6200.00", 0, None),
    ("1042001", date(2025, 8, 28), date(2025, 8, 28), date(2025, 12, 12), "4800.00", 0, date(2025, 9, 4)),
    ("1042002", date(2025, 9, 22), date(2025, 10, 16), date(2025, 12, 19), "11250.00", 0, None),
    ("1042002", date(2025, 9, 8), date(2025, 10, 3), date(2026, 2, 13), "8900.00", 1, None),
    ("1042002", date(2025, 7, 15), date(2025, 8, 6), date(2025, 11, 28), None, 2, date(2025, 8, 29)),
    ("appointmentscheduled", date(2025, 9, 3), date(2025, 10, 20), date(2025, 12, 5), "14600.00", 0, None),
    ("appointmentscheduled", date(2025, 8, 18), date(2025, 10, 9), date(2025, 11, 21), "7350.00", 1, None),
    (
        "appointmentscheduled",
        date(2025, 7, 7),
        date(2025, 8, 12),
        date(2025, 10, 10),
        "19800.00",
        1,
        date(2025, 9, 10),
    ),
    ("appointmentscheduled", date(2025, 9, 16), date(2025, 10, 14), date(2026, 1, 9), "5400.00", 0, None),
    ("qualifiedtobuy", date(2025, 6, 24), date(2025, 10, 7), date(2025, 11, 14), "23500.00", 2, None),
    (
        "qualifiedtobuy",
        date(2025, 5, 20),
        date(2025, 8, 1),
        date(2025, 12, 1),
        "16750.00",
        3,
        date(2025, 8, 21),
    ),
    ("qualifiedtobuy", date(2025, 8, 5), date(2025, 10, 22), date(2025, 12, 18), "9950.00", 0, None),
    (
        "qualifiedtobuy",
        date(2025, 6, 3),
        date(2025, 8, 19),
        date(2025, 11, 24),
        "28400.00",
        1,
        date(2025, 9, 3),
    ),
    ("presentationscheduled", date(2025, 6, 11), date(2025, 10, 2), date(2025, 11, 7), "12400.00", 2, None),
    ("presentationscheduled", date(2025, 5, 6), date(2025, 9, 30), date(2025, 10, 17), "34900.00", 4, None),
    (
        "presentationscheduled",
        date(2025, 4, 15),
        date(2025, 7, 22),
        date(2025, 9, 26),
        "10800.00",
        2,
        date(2025, 8, 15),
    ),
    ("decisionmakerboughtin", date(2025, 5, 28), date(2025, 10, 8), date(2025, 11, 4), "17600.00", 1, None),
    ("decisionmakerboughtin", date(2025, 4, 2), date(2025, 9, 11), date(2025, 10, 24), "21300.00", 3, None),
    ("contractsent", date(2025, 3, 26), date(2025, 10, 17), date(2025, 10, 31), "15250.00", 2, None),
)
_MEETS_AHEAD = 13
"""Number of the open deal about which nothing was done lately, but that has a meeting ahead."""


def _deals(book: Book, crm: Crm) -> None:
    rng = book.rng("sales", "deals")
    asked = sorted(
        (contact for contact in crm.warm if contact.opportunity), key=lambda contact: contact.opportunity or 0
    )

    def deal(
        made: int, until: int, last: str, amount: str | None, quiet_from: int, plans: Sequence[int] = ()
    ) -> None:
        # whoever became an opportunity at about the time, if possible a customer where the deal was won, and
        # none elsewhere
        free = [contact for contact in asked if contact.id not in crm.in_deals and contact.created < made]
        contact = min(
            free,
            key=lambda contact: (contact.customer != (last == WON), abs((contact.opportunity or 0) - made)),
        )
        crm.in_deals.add(contact.id)
        number, owner = len(crm.deals), contact.owner or _there(rng, made)
        first = _there(rng, made)
        name = f"{rng.choice(_PRODUCTS)}, {rng.choice(names.CITIES_UK)}"
        estimate = (
            f"{round(float(amount) * rng.uniform(0.7, 1.3), -2):.2f}"
            if amount and number % 3 == 0
            else amount
        )
        props = {
            "dealname": f"{name} & renewal" if number % 20 == 4 else name,
            "dealtype": rng.choices(("newbusiness", "existingbusiness"), (80, 20))[0],
            "deal_currency_code": "GBP",
            "amount": estimate,
            "hs_analytics_source": contact.source,
            "hubspot_owner_id": first if number % 9 == 5 else owner,
        }
        if plans:
            props["closedate"] = hubspot_time(plans[0])
        deal_id = walk(
            book,
            rng,
            made,
            until,
            last,
            props,
            {"contacts": [contact.id], "companies": [contact.firm]},
            pace=3,
        )
        span = min(quiet_from, until) - made
        if estimate != amount:
            edit(book, "deals", deal_id, made + span * 2 // 3, {"amount": amount})
        if number % 9 == 5:
            edit(book, "deals", deal_id, made + span // 3, {"hubspot_owner_id": owner})
        for push, plan in enumerate(plans[1:], 1):
            edit(
                book,
                "deals",
                deal_id,
                made + (quiet_from - made) * push // len(plans),
                {"closedate": hubspot_time(plan)},
            )
        crm.deals.append(Deal(deal_id, made, quiet_from, contact, owner))

    for days, closed, amount in _WON_2025:
        until = at(closed, rng.uniform(9, 16))
        deal(at(closed - timedelta(days=days), rng.uniform(9, 16)), until, WON, amount, until)
    for count, last, earliest, latest in _CLOSED:
        for number in range(count):
            closed = _workday(earliest + (latest - earliest) * number // max(count - 1, 1))
            made = max(
                _workday(closed - timedelta(days=rng.randrange(40, 180 if last == WON else 300))),
                _FIRST + timedelta(days=60),
            )
            until = at(closed, rng.uniform(9, 16))
            deal(at(made, rng.uniform(9, 16)), until, last, f"{rng.randrange(30, 300) * 100}.00", until)
    for stage, begun, entered, planned, worth, pushes, quiet in _OPEN:
        begin = at(begun, rng.uniform(9, 11))
        until = begin if entered == begun else at(entered, rng.uniform(11, 16))
        end = at(planned, 17)
        step = (end - begin) // (pushes + 2)
        deal(
            begin,
            until,
            stage,
            worth,
            at(quiet or _LAST, 17),
            [end - left * step for left in range(pushes, -1, -1)],
        )


def _workday(day: date) -> date:
    while day.weekday() > 4 or day in HOLIDAYS:
        day += timedelta(days=1)
    return day


# ------------------------------------------------------------------ activities


def _activities(book: Book, crm: Crm) -> None:
    pools = [
        [contact for contact in known if contact.id not in crm.in_deals] for known in (crm.warm, crm.contacts)
    ]
    created = [[contact.created for contact in pool] for pool in pools]
    for kind, write_down in _PROPS.items():
        rng = book.rng("sales", kind)
        for when in _moments(rng, VOLUME[kind] - (kind == "meetings")):
            # a deal hears of us until a fortnight before it goes quiet, so that what is planned then lies
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
                owner, deals = contact.owner or _there(rng, when), []
            _add(book, kind, when, write_down(rng, when, _later(rng, when)), contact, owner, deals)
    waiting = crm.deals[-len(_OPEN) + _MEETS_AHEAD]
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


# ------------------------------------------------------------------ after the clock


def _daily_changes(book: Book) -> None:
    for kind in VOLUME:
        rng = book.rng("sales", "changes", kind)
        records = list(book.store.tables[f"hubspot.{kind}"])
        share = max(round(len(records) * CHANGED_SHARE), 1)
        for offset in range(CHANGING_DAYS):
            noon = at(CHANGES_FROM + timedelta(days=offset), 13)
            for record_id in rng.sample(records, share):
                change = {"hs_lead_status": rng.choice(("OPEN", "CONNECTED"))} if kind == "contacts" else {}
                edit(book, kind, record_id, noon + rng.randrange(HOUR), change)


COMPANY = Company(zone=ZONE, write=write, vendors=("hubspot",))
