"""The serving side: tickets and time entries of Autotask, week by week.

Every week has a plan: tickets opened, closed and closed on the same day in the reactive queue, hours worked
and billable hours. The plans of the golden weeks are fixed, the others drawn. Around what counts there are
tickets of other queues, moved, deleted and reopened ones, time off, internal time, entries typed in days
late. `RESTATEMENTS` says what changes in week 43 after the demo's clock.
"""

from __future__ import annotations

import bisect
import random
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from sandbox.companies import names
from sandbox.companies.account import (
    COMPLETE,
    DOCUMENTATION,
    HOLIDAY,
    IN_PROGRESS,
    INTERNAL,
    NEW,
    OLD_ALERTS,
    ONSITE,
    PROACTIVE,
    PROJECT_WORK,
    PROJECTS,
    REACTIVE,
    REMOTE,
    SICK,
    TIME_OFF,
    UNBILLED,
    WAITING_CUSTOMER,
)
from sandbox.companies.base import (
    DAY,
    DEMO_CLOCK,
    GOLDEN_MONDAYS,
    HOLIDAYS,
    HOUR,
    TECHNICIANS,
    ZONE,
    Book,
    Technician,
    at,
    before_demo,
    mondays,
    season,
    spread,
    vanish,
    work_days,
)
from sandbox.companies.cedar_ridge.directory import CLIENTS, Directory
from sandbox.engine.formats import autotask_time
from sandbox.engine.store import from_ms, parse_ms

RESTATEMENTS = (
    (
        "2025-10-28T15:30:00Z",
        "autotask.timeentries",
        "Ada types 1.5 unbilled hours of Friday in late: total hours 199.2 -> 200.7",
    ),
    (
        "2025-10-28T16:30:00Z",
        "autotask.tickets",
        "a ticket opened and closed in W43, not on one day, is moved to Project Delivery: 69 -> 68, 79 -> 78",
    ),
    (
        "2025-10-29T16:30:00Z",
        "autotask.tickets",
        "a ticket opened in W43 and still open is deleted: opened 68 -> 67",
    ),
)
"""What happens to W43 after the demo's clock on this side: instant, table, what."""

W40, W41, W42, W43 = GOLDEN_MONDAYS


@dataclass(frozen=True)
class Plan:
    """What must count in a week; hours in hundredths."""

    opened: int
    closed: int
    same_day: int
    billable: int
    total: int


_GOLDEN = {
    W40: Plan(80, 84, 53, 11_800, 20_000),
    W41: Plan(79, 82, 53, 11_800, 20_000),
    W42: Plan(78, 59, 29, 11_000, 20_000),
    W43: Plan(69, 79, 42, 12_550, 19_920),
}


def plan(book: Book, monday: date, backlog: int) -> Plan:
    """The plan of a week: fixed for the golden weeks, drawn for all others so that the backlog stays near
    forty tickets."""
    if monday in _GOLDEN:
        return _GOLDEN[monday]
    rng = book.rng("service", monday)
    weeks = (monday - date(2024, 7, 1)).days // 7
    opened = max(round((66 + min(weeks, 80) * 0.18) * season(monday) + rng.uniform(-8, 8)), 14)
    closed = max(opened + round((backlog - 40) * 0.25 + rng.uniform(-5, 5)), 12)
    same_day = min(round(closed * rng.uniform(0.50, 0.72)), opened - 8)
    people = sum(1 for person in TECHNICIANS if person.joined <= monday)
    total = round((26.5 * people + 8 + rng.uniform(-9, 9)) * (0.1 + 0.18 * len(work_days(monday)))) * 100
    return Plan(opened, closed, same_day, round(total * rng.uniform(0.52, 0.66) / 25) * 25, total)


@dataclass
class Ticket:
    """A ticket while its life is invented: local day and instant of opening, where it began and where it is
    now.

    `completed_before`: a first completion, and when the ticket was opened again; its completed date stays on
    the record.
    """

    opened: int
    day: date
    queue: int = REACTIVE
    first_queue: int = REACTIVE
    closed: int | None = None
    deleted: int | None = None
    completed_before: tuple[int, int] | None = None
    title: str | None = None


def write(book: Book, directory: Directory) -> None:
    """The whole life of the serving side."""
    clients = _clients(book, directory)
    # what was open when the history starts
    start = date(2024, 6, 17)
    backlog = [
        Ticket(at(start + timedelta(days=number % 12), 8 + number % 9), start + timedelta(days=number % 12))
        for number in range(45)
    ]
    tickets = list(backlog)
    for monday in mondays():
        week = plan(book, monday, len(backlog))
        tickets += _reactive_week(book.rng("tickets", monday), monday, week, backlog)
        tickets += _other_tickets(book.rng("other tickets", monday), monday)
    tickets.sort(key=lambda ticket: ticket.opened)
    numbers: dict[date, int] = {}
    stored = []
    for ticket in tickets:
        numbers[ticket.day] = numbers.get(ticket.day, 0) + 1
        ticket_id = _store_ticket(book, ticket, f"T{ticket.day:%Y%m%d}.{numbers[ticket.day]:04d}", clients)
        if ticket.deleted is None:
            stored.append((ticket.opened, ticket_id))
    for monday in mondays():
        _week_of_time(book, monday, stored)
    _late_changes(book)


def _clients(book: Book, directory: Directory) -> list[int]:
    """Companies of Autotask: the clients of the CRM by the same names, some prospects, a vendor."""
    rng = book.rng("clients")
    ids = []
    for number, firm in enumerate(directory.firms[: CLIENTS + 16]):
        client = number < CLIENTS
        created = firm.created + DAY
        company = 29_760_100 + number * 3
        props = {
            "companyName": firm.name,
            "companyNumber": f"C{number:04d}",
            "companyType": 1 if client else rng.choice((2, 3, 7)),
            "isActive": rng.random() < 0.97,
            "createDate": autotask_time(created),
            "lastActivityDate": autotask_time(created),
            "ownerResourceID": TECHNICIANS[0].id,
            "webAddress": f"https://{firm.domain}",
        }
        book.store.add("autotask.companies", company, created, props)
        if client:
            ids.append(company)
    return ids


# ------------------------------------------------------------------ tickets


def _opening(rng: random.Random, monday: date) -> tuple[date, float]:
    """Day and hour at which a ticket comes in: office hours mostly, some early, late or at the weekend."""
    if rng.random() < 0.05:
        return monday + timedelta(days=rng.choice((5, 6))), rng.uniform(8, 20)
    hours = (rng.uniform(8, 12), rng.uniform(12.5, 17), rng.uniform(6.4, 8), rng.uniform(17, 20.5))
    return rng.choice(work_days(monday)), rng.choices(hours, (48, 40, 6, 6))[0]


_LAST_HOUR = {W40: 1, W41: 2, W42: 1, W43: 2}
"""Tickets opened, and tickets closed, late on Sunday: Monday in UTC. Never as many as the week before, or
nobody would notice."""


def _reactive_week(rng: random.Random, monday: date, week: Plan, backlog: list[Ticket]) -> list[Ticket]:
    """Open a week's tickets of the reactive queue, close some of them on the same day, and close older ones
    of the backlog.

    Every week has cases that days in UTC would misplace: opened and closed in one evening, opened in the
    evening and closed the next morning; the golden weeks have tickets opened half an hour before the week
    ends and closed on Sunday evening, too.
    """
    days = work_days(monday)
    opened: list[Ticket] = []

    def open_ticket(day: date, hour: float) -> Ticket:
        ticket = Ticket(at(day, hour), day)
        opened.append(ticket)
        return ticket

    for number in range(week.same_day):
        day, hour = (rng.choice(days), rng.uniform(18.1, 18.9)) if number < 2 else _opening(rng, monday)
        closing = rng.uniform(19.6, 22.5) if number < 2 else min(hour + rng.uniform(0.2, 5), 23.4)
        open_ticket(day, hour).closed = at(day, closing)

    others = week.closed - week.same_day
    overnight = [day for day in days if day + timedelta(days=1) in days][:2]
    for day in overnight:
        open_ticket(day, rng.uniform(19.3, 20.5)).closed = at(day + timedelta(days=1), rng.uniform(8.2, 9.5))
    sunday, last_hour = monday + timedelta(days=6), _LAST_HOUR.get(monday, 0)
    for _ in range(last_hour):
        open_ticket(sunday, 23.5)
    while len(opened) < week.opened:
        open_ticket(*_opening(rng, monday))

    waiting = backlog + [ticket for ticket in opened if ticket.closed is None]
    per_day = spread(rng, others - len(overnight) - last_hour, [1.0] * len(days))
    for day, count in [*zip(days, per_day, strict=True), (sunday, last_hour)]:
        ready = sorted(
            (ticket for ticket in waiting if ticket.closed is None and ticket.day < day),
            key=lambda ticket: ticket.opened,
        )
        for ticket in rng.sample(ready[: max(count * 2, 20)], count):
            ticket.closed = at(day, 22.25 if day.weekday() == 6 else rng.uniform(8, 17.8))
    backlog[:] = [ticket for ticket in waiting if ticket.closed is None]

    for ticket in rng.sample(opened, 3):
        ticket.first_queue = PROACTIVE  # came in elsewhere, belongs here now
    if monday == W43:
        for ticket, text in zip(opened[2:], names.UNUSUAL_TEXTS, strict=False):
            ticket.title = text
    return opened


def _other_tickets(rng: random.Random, monday: date) -> list[Ticket]:
    """Tickets that the reactive queue must not count: other queues, moved away, deleted."""
    found = []
    queues = [(PROACTIVE, 17), (PROJECTS, 11), (OLD_ALERTS, 6 if monday < date(2024, 12, 2) else 0)]
    for queue, often in queues:
        for _ in range(round(often * season(monday) + rng.uniform(-2, 3)) if often else 0):
            day, hour = _opening(rng, monday)
            opened = at(day, hour)
            closed = opened + round(rng.uniform(0.02, 9) * DAY) if rng.random() < 0.97 else None
            found.append(Ticket(opened, day, queue, queue, closed))
    if monday == W40 - timedelta(days=7):
        # completed in W42 and opened again in W43: at the demo's clock it is open, with a completed date
        twice = (at(W42 + timedelta(days=2), 14), at(W43 + timedelta(days=1), 9))
        found.append(
            Ticket(at(monday, 11), monday, closed=at(W43 + timedelta(days=15), 10), completed_before=twice)
        )
    for _ in range(2):
        day, hour = rng.choice(work_days(monday)), rng.uniform(8, 16)
        found.append(Ticket(at(day, hour), day, PROJECTS, REACTIVE, at(day, hour + 6)))
    for _ in range(rng.choice((1, 2))):
        day, hour = work_days(monday)[0], rng.uniform(8, 16)
        opened = at(day, hour)
        closed = at(day, hour + 2) if rng.random() < 0.5 else None
        found.append(Ticket(opened, day, closed=closed, deleted=opened + round(rng.uniform(0.2, 2) * DAY)))
    return found


def _store_ticket(book: Book, ticket: Ticket, number: str, clients: list[int]) -> int:
    rng = book.rng("ticket", number)
    ticket_id = book.new_id("tickets", 510_001)
    opened, closed = ticket.opened, ticket.closed
    technician = rng.choice(TECHNICIANS[:5])
    # people type at any millisecond
    opened += rng.choice((0, 470, 130, 200, 903))
    created = autotask_time(opened)
    props: dict[str, Any] = {
        "ticketNumber": number,
        "title": ticket.title or rng.choice(names.TICKET_TITLES),
        "companyID": rng.choice(clients) if rng.random() < 0.97 else 0,
        "queueID": ticket.first_queue,
        "status": NEW,
        "priority": rng.choices((1, 2, 3, 4), (15, 55, 25, 5))[0],
        "issueType": rng.randrange(10, 15),
        "ticketType": rng.choices((1, 2, 5), (45, 45, 10))[0],
        "source": rng.choice((2, 4, 6, 8)),
        "creatorResourceID": technician.id,
        "createDate": created,
        "lastActivityDate": created,
        "lastTrackedModificationDateTime": created,
        "dueDateTime": autotask_time(opened + 2 * DAY),
        "estimatedHours": Decimal("1.25") if rng.random() < 0.2 else None,
    }
    book.store.add("autotask.tickets", ticket_id, opened, props)

    def change(when: int, change: dict[str, Any]) -> None:
        moment = autotask_time(when)
        book.store.change(
            "autotask.tickets",
            ticket_id,
            when,
            {"lastActivityDate": moment, "lastTrackedModificationDateTime": moment} | change,
        )

    ends = closed if closed is not None else opened + 20 * HOUR
    answered = opened + min(round(rng.uniform(0.05, 1.5) * HOUR), (ends - opened) // 3)
    change(
        answered,
        {
            "status": IN_PROGRESS,
            "assignedResourceID": technician.id,
            "firstResponseDateTime": autotask_time(answered),
        },
    )
    if ticket.queue != ticket.first_queue:
        change(opened + min((ends - opened) // 2, HOUR // 3), {"queueID": ticket.queue})
    if closed is not None:
        twice = ticket.completed_before
        # never drawn so that the demo's clock falls in between: the golden weeks close exactly as many as
        # planned
        if (
            twice is None
            and closed - opened > 2 * DAY
            and not opened < DEMO_CLOCK < closed
            and rng.random() < 0.12
        ):
            twice = opened + (closed - opened) * 2 // 5, opened + (closed - opened) * 7 // 10
        if twice is not None:
            change(
                twice[0],
                {
                    "status": COMPLETE,
                    "completedDate": autotask_time(twice[0]),
                    "completedByResourceID": technician.id,
                },
            )
            change(twice[1], {"status": IN_PROGRESS})
        elif closed - opened > 6 * HOUR and rng.random() < 0.3:
            change(opened + (closed - opened) // 2 + 1, {"status": WAITING_CUSTOMER})
        final = {
            "status": COMPLETE,
            "completedDate": autotask_time(closed),
            "completedByResourceID": technician.id,
        }
        change(closed, final | {"resolvedDateTime": autotask_time(closed)})
    if ticket.deleted is not None:
        vanish(book, "autotask.tickets", ticket_id, ticket.deleted)
    return ticket_id


# ------------------------------------------------------------------ time


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


def _week_of_time(book: Book, monday: date, tickets: list[tuple[int, int]]) -> None:
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


def _add_entry(book: Book, created: int, props: dict[str, Any], rng: random.Random) -> int:
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
    props = _internal(person, day, hours, code) | {"isNonBillable": True}
    _add_entry(book, created, props, rng)


def _internal(person: Technician, day: date, hours: Decimal, code: int) -> dict[str, Any]:
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
        props = _internal(slot.person, slot.day, hours, rng.choice(INTERNAL))
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
    entry = _add_entry(
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


# ------------------------------------------------------------------ after the demo's clock


def _late_changes(book: Book) -> None:
    """What `RESTATEMENTS` says, and nothing else, happens to golden week 43 on this side."""
    rng = book.rng("service restatements")
    ada = next(person for person in TECHNICIANS if person.first == "Ada")
    props = _internal(ada, W43 + timedelta(days=4), Decimal("1.5"), DOCUMENTATION)
    _add_entry(book, at(date(2025, 10, 28), 10.5), props, rng)

    week = (at(W43, 0), at(W43 + timedelta(days=7), 0))
    moved = gone = False
    for ticket, versions in book.store.tables["autotask.tickets"].items():
        state = {key: value for version in versions for key, value in version.props.items()}
        if (
            state["queueID"] != REACTIVE
            or not week[0] <= versions[0].at < week[1]
            or any(version.state for version in versions)
        ):
            continue
        closed = state.get("completedDate")
        if (
            closed
            and not moved
            and parse_ms(closed) < week[1]
            and _local(parse_ms(closed)) != _local(versions[0].at)
        ):
            when = at(date(2025, 10, 28), 11.5)
            change = {
                "queueID": PROJECTS,
                "lastActivityDate": autotask_time(when),
                "lastTrackedModificationDateTime": autotask_time(when),
            }
            book.store.change("autotask.tickets", ticket, when, change)
            moved = True
        elif not gone and (not closed or parse_ms(closed) > at(date(2025, 10, 31), 0)):
            vanish(book, "autotask.tickets", ticket, at(date(2025, 10, 29), 11.5))
            gone = True


def _local(instant: int) -> date:
    return from_ms(instant).astimezone(ZONE).date()
