"""Companies and contacts, with the stages they went through."""

from __future__ import annotations

import random

from sandbox.companies import names
from sandbox.companies.base import DAY, Book, add, edit
from sandbox.companies.base import DEMO_CLOCK as _NOW
from sandbox.companies.brightwater.calendar import moments
from sandbox.companies.brightwater.crm import VOLUME, Contact, Crm, there
from sandbox.companies.cedar_ridge.directory import company_names, company_props, contact_props, slug
from sandbox.engine.formats import hubspot_time

LIFECYCLE = ("lead", "marketingqualifiedlead", "salesqualifiedlead", "opportunity", "customer")
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
"""Source -> one lead in this many has it: fewer than ten a year."""
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


def write_companies(book: Book) -> list[tuple[int, str]]:
    """Id and domain of every company."""
    rng = book.rng("sales", "companies")
    found = company_names(rng, VOLUME["companies"], names.COMPANY_LAST_UK)
    out = []
    for number, (name, made) in enumerate(zip(found, moments(rng, len(found)), strict=True)):
        props = company_props(rng, name, rng.choices(("lead", "opportunity", "customer"), (90, 8, 2))[0])
        props |= {
            "city": rng.choice(names.CITIES_UK),
            "state": None,
            "hubspot_owner_id": there(rng, made) if rng.random() < 0.45 else None,
        }
        if rng.random() < 0.08:
            props["industry"] = None
        if number % 2_500 == 1_200:
            props["name"] = names.UNUSUAL_FIRMS[number // 2_500 % len(names.UNUSUAL_FIRMS)]
        out.append((add(book, "companies", made, props), slug(name)))
    return out


def write_contacts(book: Book, crm: Crm, firms: list[tuple[int, str]]) -> None:
    rng = book.rng("sales", "contacts")
    sources, weights = list(_SOURCES), [share for share, _ in _SOURCES.values()]
    for number, made in enumerate(moments(rng, VOLUME["contacts"])):
        firm, domain = firms[min(int(rng.random() * (number + 400) * 0.4), len(firms) - 1)]
        props = contact_props(rng, domain, rng.random() < 0.3)
        rare = next((name for name, every in _RARE.items() if number % every == every // 2), None)
        source = rare or rng.choices(sources, weights)[0]
        owner = there(rng, made) if rng.random() < 0.31 else None
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
    """How far a contact gets through the lifecycle; a stage that is skipped has no date, and what comes after
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
    owner = contact.owner or there(rng, contact.created)
    for number, moment in reached.items():
        name = LIFECYCLE[number]
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
