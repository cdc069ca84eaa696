"""What the company can sell: capacity of events by type and day, inventory as it was added, and the nightly
reports about both.

It lives in two databases of the company's own, an SQLite file and collections in MongoDB.
"""

from __future__ import annotations

import random
import sqlite3
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from bson.decimal128 import Decimal128
from bson.objectid import ObjectId

from sandbox.companies.base import FIRST_MONDAY, LAST_MONDAY, mondays

EVENT_TYPES = ("Concert", "Gala", "Sports day", "Trade show", "Côté jardin VIP")
_SEATS = {"Concert": 320, "Gala": 180, "Sports day": 540, "Trade show": 260, "Côté jardin VIP": 40}


@dataclass(frozen=True)
class Event:
    """A planned event: capacity in seats, from `planned_on` on in the plan."""

    id: int
    event_type: str
    event_day: date
    planned_on: date
    capacity: int


@dataclass(frozen=True)
class Item:
    """A piece of inventory, in USD."""

    id: int
    event_type: str
    added_on: date
    list_value: Decimal | None


@dataclass(frozen=True)
class Report:
    """One line of the nightly report: seats that are held back, per event type."""

    event_type: str
    as_of: datetime
    capacity: int | float
    value: Decimal


def events(seed: int) -> list[Event]:
    """Three or four events a week, planned ten to thirty weeks ahead."""
    rng = random.Random(f"{seed}/capacity/events")
    found: list[Event] = []
    for monday in mondays(FIRST_MONDAY, LAST_MONDAY):
        for _ in range(rng.choice((3, 3, 4))):
            kind = rng.choice(EVENT_TYPES)
            day = monday + timedelta(days=rng.choice((2, 3, 4, 5)))
            seats = round(_SEATS[kind] * rng.uniform(0.7, 1.3))
            found.append(
                Event(len(found) + 1, kind, day, day - timedelta(days=rng.randrange(70, 210)), seats)
            )
    return found


def items(seed: int) -> list[Item]:
    """About five a week; now and then one whose value nobody has filled in."""
    rng = random.Random(f"{seed}/capacity/items")
    found: list[Item] = []
    for monday in mondays(FIRST_MONDAY, LAST_MONDAY):
        for _ in range(rng.choice((4, 5, 6))):
            value = None if rng.random() < 0.01 else Decimal(rng.randrange(300_000, 3_400_000)) / 100
            found.append(
                Item(
                    len(found) + 1, rng.choice(EVENT_TYPES), monday + timedelta(days=rng.randrange(5)), value
                )
            )
    return found


def reports(seed: int) -> list[Report]:
    """A line per event type and night, written at 02:00 UTC. Some capacities are doubles, as other programs
    write them."""
    rng = random.Random(f"{seed}/capacity/reports")
    found: list[Report] = []
    day = FIRST_MONDAY
    while day <= LAST_MONDAY:
        for kind in EVENT_TYPES:
            seats = round(_SEATS[kind] * rng.uniform(0.05, 0.2))
            number: int | float = float(seats) if rng.random() < 0.3 else seats
            found.append(
                Report(kind, datetime.combine(day, time(2), UTC), number, Decimal(seats * 7400) / 100)
            )
        day += timedelta(days=1)
    return found


@dataclass(frozen=True)
class Databases:
    """The company's warehouse and its collections in MongoDB."""

    seed: int

    def write_warehouse(self, path: Path) -> None:
        """Tables event_capacity and inventory, days as ISO texts, with everything that will ever be in them."""
        path.unlink(missing_ok=True)
        with sqlite3.connect(path) as connection:
            connection.execute(
                "create table event_capacity (id integer, event_type text, event_day text, planned_on text,"
                " capacity integer)"
            )
            connection.execute(
                "create table inventory (id integer, event_type text, added_on text, list_value numeric)"
            )
            connection.executemany(
                "insert into event_capacity values (?, ?, ?, ?, ?)",
                [
                    (e.id, e.event_type, e.event_day.isoformat(), e.planned_on.isoformat(), e.capacity)
                    for e in events(self.seed)
                ],
            )
            connection.executemany(
                "insert into inventory values (?, ?, ?, ?)",
                [
                    (
                        i.id,
                        i.event_type,
                        i.added_on.isoformat(),
                        None if i.list_value is None else str(i.list_value),
                    )
                    for i in items(self.seed)
                ],
            )

    def collections(self) -> dict[str, list[dict[str, Any]]]:
        """report_datas holds one document per line of a nightly report."""
        documents = [
            {
                "_id": ObjectId(f"66f0aa11{number:016x}"),
                "report": "limited_capacity",
                "event_type": report.event_type,
                "capacity": report.capacity,
                "value": Decimal128(report.value),
                "as_of": report.as_of,
                "updated_at": report.as_of + timedelta(minutes=7),
            }
            for number, report in enumerate(reports(self.seed))
        ]
        return {"report_datas": documents, "sessions": []}
