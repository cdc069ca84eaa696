"""Clients and tickets of Autotask."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from sandbox.companies import names
from sandbox.companies.account import (
    COMPLETE,
    IN_PROGRESS,
    NEW,
    OLD_ALERTS,
    PROACTIVE,
    PROJECTS,
    REACTIVE,
    WAITING_CUSTOMER,
)
from sandbox.companies.base import (
    DAY,
    DEMO_CLOCK,
    HOUR,
    TECHNICIANS,
    Book,
    at,
    season,
    spread,
    vanish,
    work_days,
)
from sandbox.companies.cedar_ridge.directory import CLIENTS, Directory
from sandbox.companies.cedar_ridge.service.plans import W40, W41, W42, W43, Plan
from sandbox.engine.formats import autotask_time


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


def write_clients(book: Book, directory: Directory) -> list[int]:
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


def _opening(rng: random.Random, monday: date) -> tuple[date, float]:
    """Day and hour at which a ticket comes in: office hours mostly, some early, late or at the weekend."""
    if rng.random() < 0.05:
        return monday + timedelta(days=rng.choice((5, 6))), rng.uniform(8, 20)
    hours = (rng.uniform(8, 12), rng.uniform(12.5, 17), rng.uniform(6.4, 8), rng.uniform(17, 20.5))
    return rng.choice(work_days(monday)), rng.choices(hours, (48, 40, 6, 6))[0]


_LAST_HOUR = {W40: 1, W41: 2, W42: 1, W43: 2}
"""Tickets opened, and tickets closed, late on Sunday: Monday in UTC. Never as many as the week before, or
nobody would notice."""


def reactive_week(rng: random.Random, monday: date, week: Plan, backlog: list[Ticket]) -> list[Ticket]:
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


def other_tickets(rng: random.Random, monday: date) -> list[Ticket]:
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


def store_ticket(book: Book, ticket: Ticket, number: str, clients: list[int]) -> int:
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
