"""Time entries of Autotask."""

from __future__ import annotations

import bisect
import random
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from sandbox.companies import names
from sandbox.companies.account import (
    HOLIDAY,
    INTERNAL,
    ONSITE,
    PROJECT_WORK,
    REMOTE,
    SICK,
    TIME_OFF,
    UNBILLED,
)
from sandbox.companies.base import (
    DAY,
    GOLDEN_MONDAYS,
    HOLIDAYS,
    HOUR,
    TECHNICIANS,
    Book,
    Technician,
    at,
    before_demo,
)
from sandbox.companies.cedar_ridge.service.plans import W42, W43, plan
from sandbox.engine.formats import autotask_time


@dataclass
class _Slot:
    """A technician's day: hours that still fit, and the hour at which the next entry begins."""

    person: Technician
    day: date
    left: float
    clock: float = 8.0


def _pieces(rng: random.Random, total: int) -> list[int]:
    """Hours (in hundredths) cut into entries that add up exactly."""
    pieces = []
    while total > 0:
        piece = min(rng.choice((25, 50, 50, 75, 100, 100, 125, 150, 200, 250)), total)
        pieces.append(piece)
        total -= piece
    return pieces


def write_time(book: Book, monday: date, tickets: list[tuple[int, int]]) -> None:
    """Time entries whose worked hours add up to the plan, and time off beside them."""
    rng = book.rng("time", monday)
    week = plan(book, monday, 40)
    slots = []
    for person in TECHNICIANS:
        gone = person.kind == "Contractor" and monday > date(2026, 2, 27)
        for day in [monday + timedelta(days=offset) for offset in range(5)]:
            if person.joined > day or gone:
                continue
            off = _day_off(rng, monday, person, day)
            if off:
                _time_off(book, rng, monday, person, day, off)
            elif day not in HOLIDAYS:
                slots.append(_Slot(person, day, person.daily_hours))
    billable = [(piece, True) for piece in _pieces(rng, week.billable)]
    rest = [(piece, False) for piece in _pieces(rng, week.total - week.billable)]
    entries = billable + rest
    rng.shuffle(entries)
    for piece, is_billable in entries:
        slot = rng.choices(slots, [max(slot.left, 0.05) for slot in slots])[0]
        _time_entry(book, rng, monday, slot, piece, is_billable, tickets)


def _day_off(rng: random.Random, monday: date, person: Technician, day: date) -> int | None:
    """The internal code of a day off, None on a working day. The golden weeks have two days off and one of
    sickness."""
    if person.kind == "Contractor":
        return None
    if day in HOLIDAYS:
        return HOLIDAY
    if monday in GOLDEN_MONDAYS:
        if person.first == "Priya" and day in (W42 + timedelta(days=3), W42 + timedelta(days=4)):
            return TIME_OFF
        return SICK if person.first == "Leo" and day == W43 + timedelta(days=2) else None
    return rng.choices((None, TIME_OFF, SICK), (94, 5, 1))[0]


def add_entry(book: Book, created: int, props: dict[str, Any], rng: random.Random) -> int:
    entry = book.new_id("timeentries", 91_001)
    moment = autotask_time(created)
    props |= {
        "createDateTime": moment,
        "creatorUserID": props["resourceID"],
        "lastModifiedDateTime": moment,
        "lastModifiedUserID": props["resourceID"],
        "billingApprovalLevelMostRecent": 0,
        "roleID": 29680011,
        "isInternalNotesVisibleToComanaged": False,
        "summaryNotes": rng.choice(names.WORK_NOTES),
    }
    book.store.add("autotask.timeentries", entry, created, props)
    return entry


def _time_off(book: Book, rng: random.Random, monday: date, person: Technician, day: date, code: int) -> None:
    hours = Decimal("4.8") if person.daily_hours == 4.8 else Decimal(8)
    created = before_demo(monday, at(day, 8) - (5 * DAY if code != SICK else -2 * DAY))
    props = internal_work(person, day, hours, code) | {"isNonBillable": True}
    add_entry(book, created, props, rng)


def internal_work(person: Technician, day: date, hours: Decimal, code: int) -> dict[str, Any]:
    return {
        "timeEntryType": 10,
        "resourceID": person.id,
        "dateWorked": f"{day}T00:00:00Z",
        "hoursWorked": hours,
        "hoursToBill": Decimal(0),
        "offsetHours": Decimal(0),
        "isNonBillable": True,
        "showOnInvoice": False,
        "internalBillingCodeID": code,
    }


def _time_entry(
    book: Book,
    rng: random.Random,
    monday: date,
    slot: _Slot,
    piece: int,
    billable: bool,
    tickets: list[tuple[int, int]],
) -> None:
    hours = Decimal(piece) / 100
    evening = rng.random() < 0.03
    begins = at(slot.day, rng.uniform(19.2, 20.8) if evening else min(slot.clock, 20.9))
    ends = begins + piece * HOUR // 100
    slot.left -= piece / 100
    slot.clock += 0 if evening else piece / 100 + rng.choice((0, 0, 0.1, 0.25))
    props: dict[str, Any]
    if not billable and rng.random() < 0.55:
        props = internal_work(slot.person, slot.day, hours, rng.choice(INTERNAL))
        # no ticket and no task: internal, whatever the flag says
        props["isNonBillable"] = rng.random() < 0.7
    else:
        on_task = billable and rng.random() < 0.12
        code = PROJECT_WORK if on_task else rng.choice((REMOTE, REMOTE, ONSITE)) if billable else UNBILLED
        invoiced = -(-piece // 25) * 25 if billable else 0
        props = {
            "timeEntryType": 6 if on_task else 2,
            "ticketID": None if on_task else _some_ticket(rng, tickets, begins),
            "taskID": 8_801_000 + rng.randrange(60) if on_task else None,
            "resourceID": slot.person.id,
            "dateWorked": f"{slot.day}T00:00:00Z",
            "hoursWorked": hours,
            "hoursToBill": Decimal(invoiced + (25 if billable and rng.random() < 0.1 else 0)) / 100,
            "offsetHours": Decimal(0),
            "isNonBillable": not billable,
            "showOnInvoice": billable,
            "billingCodeID": code,
            "internalBillingCodeID": code,
            "contractID": 29680333,
        }
    if props.get("ticketID") or rng.random() < 0.5:
        props |= {"startDateTime": autotask_time(begins), "endDateTime": autotask_time(ends)}
    late = round(rng.uniform(1, 4) * DAY) if rng.random() < 0.07 else rng.randint(60_000, 1_500_000)
    created = before_demo(monday, ends + late)
    mistyped = rng.random() < 0.02
    entry = add_entry(
        book, created, props | {"hoursWorked": hours + Decimal("0.25")} if mistyped else props, rng
    )
    if mistyped:
        _edit_entry(
            book,
            entry,
            before_demo(monday, created + rng.randint(300_000, 20 * HOUR)),
            {"hoursWorked": hours},
        )
    if billable:
        # approved in one go, all with the same moment
        tuesday = monday + timedelta(days=8)
        while at(tuesday, 15) <= created + DAY:
            tuesday += timedelta(days=7)
        when = at(tuesday, 15) + 77
        approval = {
            "billingApprovalDateTime": autotask_time(when),
            "billingApprovalLevelMostRecent": 1,
            "billingApprovalResourceID": 29680901,
        }
        _edit_entry(book, entry, when, approval)


def _some_ticket(rng: random.Random, tickets: list[tuple[int, int]], when: int) -> int:
    """A ticket that was opened in the days before."""
    end = bisect.bisect_right(tickets, (when, 0))
    start = bisect.bisect_left(tickets, (when - 9 * DAY, 0))
    return tickets[rng.randrange(min(start, max(end - 1, 0)), max(end, 1))][1]


def _edit_entry(book: Book, entry: int, when: int, change: dict[str, Any]) -> None:
    book.store.change(
        "autotask.timeentries", entry, when, change | {"lastModifiedDateTime": autotask_time(when)}
    )
