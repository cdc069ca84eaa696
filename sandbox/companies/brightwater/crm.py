"""Who sells, how much there is, and what the CRM holds while it is written."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import date

from sandbox.companies.base import Owner
from sandbox.companies.brightwater.calendar import at

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


def there(rng: random.Random, when: int) -> str:
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
