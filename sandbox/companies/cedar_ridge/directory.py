"""Companies and contacts of the CRM, and the warm list: who there is to call, who decides, and since when."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import product
from typing import Any

from sandbox.companies import names
from sandbox.companies.base import (
    BEN,
    CRM_MONDAY,
    DAY,
    DEMO_CLOCK,
    GOLDEN_MONDAYS,
    MAYA,
    NOOR,
    RILEY,
    VICTOR,
    ZONE,
    Book,
    Owner,
    add,
    archive,
    at,
    edit,
    mondays,
    season,
    vanish,
)
from sandbox.engine.formats import hubspot_time
from sandbox.engine.store import from_ms

WARM_LIST, OTHER_LIST = 44, 51
CLIENTS = 64
"""Companies that are clients, in Autotask too; the first ones of the CRM."""


@dataclass
class Firm:
    """A company of the CRM."""

    id: int
    name: str
    domain: str
    created: int


@dataclass(eq=False)
class Person:
    """A contact. `quiet` ones are never called, so that archiving them changes no number of the past."""

    id: int
    created: int
    firm: Firm
    owner: Owner
    decides: bool
    quiet: bool = False
    warm_since: int | None = None


@dataclass
class Directory:
    """Everybody there is."""

    firms: list[Firm]
    people: list[Person]
    _found: dict[tuple[Owner, bool | None, bool | None], list[Person]] = field(
        default_factory=dict, repr=False
    )
    """What `callable` has found, whenever they were created: it is asked thousands of times."""

    def callable(
        self, owner: Owner, decides: bool | None, before: int, *, warm: bool | None = None
    ) -> list[Person]:
        """Contacts of an owner that can be called before an instant; `warm`: members of the warm list, or
        not."""
        asked = (owner, decides, warm)
        if asked not in self._found:
            self._found[asked] = [
                person
                for person in self.people
                if person.owner is owner
                and not person.quiet
                and (decides is None or person.decides == decides)
                and (warm is None or (person.warm_since is not None) == warm)
            ]
        return [person for person in self._found[asked] if person.created < before]


def company_names(rng: random.Random, count: int, endings: Sequence[str] = names.COMPANY_LAST) -> list[str]:
    """Different invented names."""
    combined = [f"{a} {b} {c}" for a, b, c in product(names.COMPANY_FIRST, names.COMPANY_SECOND, endings)]
    return rng.sample(combined, count)


def slug(name: str) -> str:
    """A domain for a company name; `.example` never resolves."""
    return "".join(letter for letter in name.lower() if letter.isalnum()) + ".example"


def company_props(rng: random.Random, name: str, lifecycle: str) -> dict[str, Any]:
    city, state = rng.choice(names.CITIES)
    return {
        "name": name,
        "domain": slug(name),
        "industry": rng.choice(names.INDUSTRIES),
        "numberofemployees": (
            str(rng.choice((8, 14, 22, 35, 48, 60, 85, 120, 240))) if rng.random() < 0.9 else None
        ),
        "lifecyclestage": lifecycle,
        "city": city,
        "state": state,
    }


ROLES = ("DECISION_MAKER", "BUDGET_HOLDER", "CHAMPION;DECISION_MAKER")
OTHER_ROLES = ("CHAMPION", "INFLUENCER", "END_USER", "", None, None)
SOURCES = (
    "OFFLINE",
    "ORGANIC_SEARCH",
    "REFERRALS",
    "DIRECT_TRAFFIC",
    "PAID_SEARCH",
    "SOCIAL_MEDIA",
    "EMAIL_MARKETING",
    "AI_REFERRALS",
)
_LEAD_STATUS = (
    "NEW",
    "OPEN",
    "IN_PROGRESS",
    "ATTEMPTED_TO_CONTACT",
    "CONNECTED",
    "UNQUALIFIED",
    "BAD_TIMING",
    None,
)
_STAGES = ("lead", "marketingqualifiedlead", "salesqualifiedlead", "opportunity", "customer")


def contact_props(rng: random.Random, domain: str, decides: bool) -> dict[str, Any]:
    first, last = rng.choice(names.FIRST), rng.choice(names.LAST)
    return {
        "firstname": first,
        "lastname": last,
        "email": f"{first}.{last}{rng.randrange(100)}@{domain}".lower() if rng.random() < 0.97 else None,
        "jobtitle": rng.choice(names.DECISION_TITLES if decides else names.OTHER_TITLES),
        "hs_buying_role": rng.choice(ROLES if decides else OTHER_ROLES),
        "hs_analytics_source": rng.choices(SOURCES, (30, 18, 16, 12, 8, 6, 6, 4))[0],
        "hs_lead_status": rng.choice(_LEAD_STATUS),
        "phone": f"+1 312 555 {rng.randrange(10_000):04d}",
    }


def write(book: Book) -> Directory:
    """All companies and contacts, their growth and their changes, and both lists."""
    firms = list(_firms(book))
    people = list(_people(book, firms))
    _unusual_names(book, people)
    _lists(book, people)
    _housekeeping(book, people)
    return Directory(firms, people)


def _firms(book: Book) -> Iterator[Firm]:
    rng = book.rng("companies")
    found = company_names(rng, 760)
    # the CRM was filled by an import before the history starts; two or so are added a week
    created = [at(date(2023, 12, 18), 10) + number * 977 for number in range(470)]
    created += [
        at(monday + timedelta(days=rng.randrange(5)), rng.uniform(8, 17))
        for monday in mondays(CRM_MONDAY)
        for _ in range(2)
    ]
    for number, (name, when) in enumerate(zip(found, created, strict=False)):
        props = company_props(
            rng, name, "customer" if number < CLIENTS else rng.choice(("lead", "lead", "opportunity"))
        )
        yield Firm(add(book, "companies", when, props), name, slug(name), when)


def _owner(rng: random.Random, when: int) -> Owner:
    owner = rng.choices((MAYA, VICTOR, BEN, RILEY, NOOR), (52, 34, 8, 3, 3))[0]
    day = from_ms(when).astimezone(ZONE).date()
    if owner.joined > day or (owner.left and owner.left <= day):
        return MAYA
    return owner


def _people(book: Book, firms: list[Firm]) -> Iterator[Person]:
    rng = book.rng("contacts")
    imported = [at(date(2023, 12, 18), 11) + number * 1_493 for number in range(1_910)]
    grown = []
    for monday in mondays(CRM_MONDAY):
        count = round(7 * season(monday) + rng.uniform(-2.5, 2.5))
        grown += sorted(
            at(monday + timedelta(days=rng.choice((0, 1, 2, 3, 4, 4, 5))), rng.uniform(7.5, 21.5))
            for _ in range(max(count, 1))
        )
    for number, when in enumerate([*imported, *grown]):
        firm = rng.choice(
            [firm for firm in firms[: 470 + number // 5] if firm.created <= when]
            if number > 1_910
            else firms[:470]
        )
        decides = rng.random() < 0.36
        owner = _owner(rng, when)
        props = contact_props(rng, firm.domain, decides)
        props |= {
            "hubspot_owner_id": str(owner.id),
            "lifecyclestage": "lead" if rng.random() < 0.9 else "subscriber",
            "hs_object_source_label": (
                "IMPORT" if number < 1_910 else rng.choice(("CRM_UI", "FORM", "INTEGRATION"))
            ),
            "hs_analytics_num_visits": str(number * 7 % 23),
            "num_conversion_events": str(number % 3),
        }
        if props["lifecyclestage"] == "lead" and number >= 1_910:
            props["hs_v2_date_entered_lead"] = hubspot_time(when + (number % 3) * 1_234)
        links = {} if rng.random() < 0.03 else {"companies": [firm.id]}
        quiet = rng.random() < 0.05
        contact = add(book, "contacts", when, props, links)
        _progress(book, rng, contact, when)
        yield Person(contact, when, firm, owner, decides, quiet)


def _progress(book: Book, rng: random.Random, contact: int, created: int) -> None:
    """Some contacts move through the lifecycle stages, some of them skipping one."""
    begins = at(CRM_MONDAY, 9)
    # who came with the import moves on over two years, not all at once
    when, position = max(created, begins + (contact * 37 % 700 * DAY if created < begins else 0)), 0
    while rng.random() < (0.3, 0.45, 0.5, 0.4)[position]:
        when += round(rng.uniform(2, 120) * DAY)
        position += 1 if rng.random() < 0.9 or position == 3 else 2
        stage = _STAGES[position]
        edit(
            book,
            "contacts",
            contact,
            when,
            {"lifecyclestage": stage, f"hs_v2_date_entered_{stage}": hubspot_time(when)},
        )
        if position == 4:
            break


def _unusual_names(book: Book, people: list[Person]) -> None:
    """Contacts whose names have accents, apostrophes and spaces."""
    before = at(GOLDEN_MONDAYS[0], 0)
    mine = [p for p in people if p.owner is MAYA and p.decides and not p.quiet and p.created < before]
    for text, person in zip(names.UNUSUAL_NAMES, mine, strict=False):
        book.store.change(
            "hubspot.contacts",
            person.id,
            person.created,
            {"firstname": text, "lastname": "O'Brien"},
        )


def unusual_contacts(people: list[Person]) -> list[Person]:
    """The decision makers of Maya with unusual names, in the order of `names.UNUSUAL_NAMES`."""
    before = at(GOLDEN_MONDAYS[0], 0)
    mine = [p for p in people if p.owner is MAYA and p.decides and not p.quiet and p.created < before]
    return mine[: len(names.UNUSUAL_NAMES)]


def _lists(book: Book, people: list[Person]) -> None:
    """The warm list holds 250 members at the demo's clock; some come and go. A second list must not be taken
    for it."""
    store, rng = book.store, book.rng("lists")
    made = at(date(2025, 6, 23), 9.5)
    for list_id, name in ((WARM_LIST, "Warm 250"), (OTHER_LIST, "Warm 250 (old, do not use)")):
        props = {"name": name, "processingType": "MANUAL", "createdAt": hubspot_time(made)}
        store.add("hubspot.lists", list_id, made, props)
    pool = [p for p in people if p.owner is VICTOR and not p.quiet and p.created < made]
    rng.shuffle(pool)
    deciders, others = [p for p in pool if p.decides], [p for p in pool if not p.decides]
    chosen = deciders[:150] + others[:110]
    rng.shuffle(chosen)
    members, spare = chosen[:250], chosen[250:]
    # 249 join in the summer of 2025, one in the middle of the golden week 43
    for number, person in enumerate(members):
        person.warm_since = (
            made + number * 4_001 if number < 200 else at(date(2025, 7, 1) + timedelta(days=number - 200), 11)
        )
    latecomer = next(p for p in members if p.decides)
    latecomer.warm_since = at(date(2025, 10, 23), 16)
    for person in members:
        assert person.warm_since is not None
        _join(book, WARM_LIST, person, person.warm_since)
    # someone who left before the demo's clock, and changes after it
    gone = spare[0]
    _join(book, WARM_LIST, gone, made)
    vanish(book, "hubspot.memberships", f"{WARM_LIST}:{gone.id}", at(date(2025, 9, 12), 10))
    leaver = next(p for p in reversed(members) if not p.decides)
    vanish(book, "hubspot.memberships", f"{WARM_LIST}:{leaver.id}", at(date(2025, 11, 5), 10))
    for weeks, person in enumerate(spare[1:]):
        _join(book, WARM_LIST, person, at(date(2025, 11, 6) + timedelta(days=20 * weeks), 10))
    for person in [p for p in people if p.owner is MAYA and not p.quiet][:40]:
        _join(book, OTHER_LIST, person, max(made, person.created))


def _join(book: Book, list_id: int, person: Person, since: int) -> None:
    props = {"list_id": list_id, "record_id": person.id, "since": hubspot_time(since)}
    book.store.add("hubspot.memberships", f"{list_id}:{person.id}", since, props)


def latecomer(people: list[Person]) -> Person:
    """The member who joined the warm list on the Thursday of golden week 43."""
    thursday = at(date(2025, 10, 23), 16)
    return next(p for p in people if p.warm_since == thursday)


def _housekeeping(book: Book, people: list[Person]) -> None:
    """Archived, merged and erased contacts; and hidden changes that move the modified date of a row that
    looks the same."""
    rng = book.rng("housekeeping")
    quiet = [p for p in people if p.quiet]
    for number, person in enumerate(quiet):
        if number % 5 == 0:
            archive(book, "contacts", person.id, person.created + round(rng.uniform(20, 300) * DAY))
        elif number % 23 == 1:
            vanish(book, "hubspot.contacts", person.id, person.created + round(rng.uniform(20, 300) * DAY))
        elif number % 23 == 2 and number + 1 < len(quiet):
            winner = quiet[number + 1]
            when = max(person.created, winner.created, DEMO_CLOCK - 200 * DAY) + round(
                rng.uniform(20, 300) * DAY
            )
            edit(book, "contacts", winner.id, when, {"hs_merged_object_ids": str(person.id)})
            vanish(book, "hubspot.contacts", person.id, when)
    for person in rng.sample(people, 1_500):
        when = person.created + round(rng.uniform(1, 500) * DAY)
        edit(
            book,
            "contacts",
            person.id,
            when,
            {"num_associated_deals": str(rng.randrange(3))} if rng.random() < 0.2 else {},
        )
