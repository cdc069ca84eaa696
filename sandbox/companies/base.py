"""Cedar Ridge IT: its clock, its people and the helpers with which its life is written into the store.

People, codes and holidays agree with `company.toml` and the seeds of the dbt project; `tests/sandbox` holds
them together.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from sandbox.engine.finances import Finances, NoFinances
from sandbox.engine.formats import hubspot_time
from sandbox.engine.store import ARCHIVED, GONE, Links, Props, Store, local_ms, to_ms

ZONE = ZoneInfo("America/Chicago")
FIRST_MONDAY = date(2024, 7, 1)
CRM_MONDAY = date(2024, 1, 8)
"""The CRM and its calls and deals begin half a year earlier than the rest: each year to date has one before it."""
LAST_MONDAY = date(2026, 12, 28)
DEMO_CLOCK = to_ms(datetime(2025, 10, 27, 12, tzinfo=UTC))
"""Monday 07:00 of 2025-W44 at the company. What the golden weeks show is in the store before this instant."""
GOLDEN_MONDAYS = (date(2025, 9, 29), date(2025, 10, 6), date(2025, 10, 13), date(2025, 10, 20))
Q4_START = GOLDEN_MONDAYS[0]

HOLIDAYS = {
    date.fromisoformat(day)
    for day in [
        "2024-05-27",
        "2024-07-04",
        "2024-09-02",
        "2024-11-28",
        "2024-11-29",
        "2024-12-25",
        "2025-01-01",
        "2025-05-26",
        "2025-07-04",
        "2025-09-01",
        "2025-11-27",
        "2025-11-28",
        "2025-12-25",
        "2026-01-01",
        "2026-05-25",
        "2026-07-03",
        "2026-09-07",
        "2026-11-26",
        "2026-11-27",
        "2026-12-25",
    ]
}

HOUR, DAY = 3_600_000, 86_400_000
MAIL = "cedar-ridge.example"


@dataclass(frozen=True)
class Owner:
    """Someone in HubSpot."""

    id: int
    user_id: int
    first: str
    last: str
    email: str
    team: str | None = None
    joined: date = date(2023, 12, 4)
    left: date | None = None


MAYA = Owner(71200101, 5511001, "Maya", "Torres", f"maya.torres@{MAIL}", "Inside sales")
VICTOR = Owner(71200102, 5511002, "Victor", "Lang", f"victor.lang@{MAIL}", "Outside sales")
NOOR = Owner(
    71200107, 5511093, "Noor", "Haddad", f"Noor.Haddad@{MAIL}", "Hybrid sales", joined=date(2025, 9, 30)
)
DANA = Owner(71200103, 5511003, "Dana", "Whitfield", f"dana.whitfield@{MAIL}")
BEN = Owner(
    71200104, 5511004, "Ben", "Ashford", f"ben.ashford@{MAIL}", "Hybrid sales", left=date(2025, 3, 28)
)
RILEY = Owner(71200106, 5511071, "Riley", "Stone", "riley.stone@leadpath.example", joined=date(2025, 2, 10))
"""An outside caller who is not in people.csv."""
OWNERS = (MAYA, VICTOR, NOOR, DANA, BEN, RILEY)


@dataclass(frozen=True)
class Technician:
    """Someone in Autotask."""

    id: int
    first: str
    last: str
    email: str
    title: str
    daily_hours: float
    joined: date = date(2024, 1, 8)
    kind: str = "Employee"


TECHNICIANS = (
    Technician(29680901, "Sam", "Okafor", f"sam.okafor@{MAIL}", "Service Manager", 4.5),
    Technician(29680902, "Priya", "Nair", f"priya.nair@{MAIL}", "Senior Engineer", 8.0),
    Technician(29680903, "Leo", "Brandt", f"leo.b@{MAIL}", "Engineer", 8.0),
    Technician(29680904, "Jun", "Park", f"Jun.Park@{MAIL}", "Engineer", 8.0, joined=date(2024, 3, 4)),
    Technician(
        29680905, "Ada", "Kowalski", f"ada.kowalski@{MAIL}", "Technician", 8.0, joined=date(2024, 6, 3)
    ),
    Technician(29680906, "Tom", "Reyes", f"tom.reyes@{MAIL}", "Technician", 4.8, joined=date(2025, 2, 3)),
    Technician(
        29680911,
        "Kai",
        "Mercer",
        "kai.mercer@fieldforce.example",
        "Field Contractor",
        2.0,
        date(2025, 4, 7),
        "Contractor",
    ),
)
"""The last one, a contractor, is not in people.csv."""


def mondays(first: date = FIRST_MONDAY, last: date = LAST_MONDAY) -> Iterator[date]:
    """Every Monday from `first` to `last`."""
    while first <= last:
        yield first
        first += timedelta(days=7)


def work_days(monday: date) -> list[date]:
    """Monday to Friday of a week without the company's holidays."""
    days = [monday + timedelta(days=offset) for offset in range(5)]
    return [day for day in days if day not in HOLIDAYS]


def at(day: date, hours: float) -> int:
    """The instant at which the company's wall clock shows `hours` on `day`."""
    return local_ms(ZONE, day, hours)


def season(monday: date) -> float:
    """How busy a week is: summers and the end of the year are slow, spring and autumn busy, holidays cost
    their share."""
    by_month = (0.95, 1.02, 1.05, 1.04, 1.0, 0.97, 0.92, 0.93, 1.03, 1.06, 1.0, 0.85)
    return by_month[(monday + timedelta(days=3)).month - 1] * (0.4 + 0.12 * len(work_days(monday)))


def before_demo(monday: date, instant: int) -> int:
    """Records of the golden weeks are all typed in before the demo's clock, whatever chance says."""
    return min(instant, DEMO_CLOCK - HOUR) if monday in GOLDEN_MONDAYS else instant


@dataclass
class Book:
    """The store being written, its seed and the ids given out."""

    seed: int
    store: Store = field(default_factory=Store)
    _last: dict[str, int] = field(default_factory=dict)

    def rng(self, *key: object) -> random.Random:
        """A stream of its own for every topic and week, so that a change in one does not move the others."""
        return random.Random(f"{self.seed}/{'/'.join(map(str, key))}")

    def new_id(self, table: str, first: int) -> int:
        """Ids rise with gaps, as on a shared database."""
        last = self._last.get(table, first - 1)
        self._last[table] = last + 1 + (last * 7 + len(table)) % 5
        return self._last[table]


class Databases(Protocol):
    """A company's own databases."""

    def write_warehouse(self, path: Path) -> None:
        """Write the warehouse, an SQLite file."""

    def collections(self) -> dict[str, list[dict[str, Any]]]:
        """Documents of MongoDB by collection, each with the instant `updated_at` from which it is visible."""


@dataclass(frozen=True)
class Company:
    """An invented company: what it works with, and how its life gets into the store."""

    zone: ZoneInfo
    write: Callable[[Book], None]
    """Writes what is always there."""
    lives: Mapping[str, Callable[[Book], None]] = field(default_factory=dict)
    """Vendor -> writes that vendor's tables when the vendor is first asked. It may read what `write` wrote, not
    the tables of other vendors: what two vendors share is a function of the seed."""
    vendors: tuple[str, ...] | None = None
    """The vendors the company works with; None is all. The others answer, and have nothing of it."""
    finances: Callable[[int], Finances] = lambda _: NoFinances()
    """Seed -> the company's money."""
    databases: Callable[[int], Databases] | None = None
    """Seed -> the company's own databases."""


_FIRST_IDS = {
    "contacts": 50_100_001,
    "companies": 90_200_001,
    "deals": 31_400_001,
    "calls": 70_500_001,
    "meetings": 64_600_001,
    "notes": 45_700_001,
    "tasks": 38_800_001,
    "emails": 57_900_001,
}
_SOURCES = {"contacts": "IMPORT", "companies": "IMPORT", "calls": "MOBILE", "emails": "INTEGRATION"}


def stamp(kind: str) -> tuple[str, str]:
    """Names of the created and the modified property of an object."""
    created = "createdate" if kind in ("contacts", "companies", "deals") else "hs_createdate"
    return created, "lastmodifieddate" if kind == "contacts" else "hs_lastmodifieddate"


def add(book: Book, kind: str, created: int, props: Props, links: dict[str, list[int]] | None = None) -> int:
    """A new HubSpot record that is in the account from `created` on. Returns its id."""
    record_id = book.new_id(kind, _FIRST_IDS[kind])
    names = stamp(kind)
    props |= {names[0]: hubspot_time(created), names[1]: hubspot_time(created)}
    props.setdefault("hs_object_source_label", _SOURCES.get(kind, "CRM_UI"))
    book.store.add(f"hubspot.{kind}", record_id, created, props, _links(links))
    return record_id


def edit(
    book: Book,
    kind: str,
    record_id: int,
    when: int,
    props: Props,
    links: dict[str, list[int]] | None = None,
    *,
    silent: bool = False,
) -> None:
    """A later change. `silent`: the vendor does not move the modified date (a changed association)."""
    change = props if silent else props | {stamp(kind)[1]: hubspot_time(when)}
    book.store.change(f"hubspot.{kind}", record_id, when, change, _links(links))


def archive(book: Book, kind: str, record_id: int, when: int) -> None:
    """Deleted by a user: leaves the lists, stays readable as archived."""
    book.store.change(f"hubspot.{kind}", record_id, when, {}, state=ARCHIVED)


def vanish(book: Book, table: str, record_id: Any, when: int) -> None:
    """Deleted without a trace."""
    book.store.change(table, record_id, when, {}, state=GONE)


def _links(links: dict[str, list[int]] | None) -> Links | None:
    return None if links is None else {f"hubspot.{name}": tuple(ids) for name, ids in links.items() if ids}


def spread(rng: random.Random, total: int, weights: list[float]) -> list[int]:
    """`total` split over the weights at random."""
    counts = [0] * len(weights)
    for chosen in rng.choices(range(len(weights)), weights, k=total) if weights else ():
        counts[chosen] += 1
    return counts
