"""The serving side: tickets and time entries of Autotask, week by week.

Every week has a plan: tickets opened, closed and closed on the same day in the reactive queue, hours worked
and billable hours. The plans of the golden weeks are fixed, the others drawn. Around what counts there are
tickets of other queues, moved, deleted and reopened ones, time off, internal time, entries typed in days
late. `RESTATEMENTS` says what changes in week 43 after the demo's clock.
"""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

from sandbox.companies.account import DOCUMENTATION, PROJECTS, REACTIVE
from sandbox.companies.base import TECHNICIANS, ZONE, Book, at, mondays, vanish
from sandbox.companies.cedar_ridge.directory import Directory
from sandbox.companies.cedar_ridge.service.hours import add_entry, internal_work, write_time
from sandbox.companies.cedar_ridge.service.plans import W43, plan
from sandbox.companies.cedar_ridge.service.tickets import (
    Ticket,
    other_tickets,
    reactive_week,
    store_ticket,
    write_clients,
)
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


def write(book: Book, directory: Directory) -> None:
    """The whole life of the serving side."""
    clients = write_clients(book, directory)
    # what was open when the history starts
    start = date(2024, 6, 17)
    backlog = [
        Ticket(at(start + timedelta(days=number % 12), 8 + number % 9), start + timedelta(days=number % 12))
        for number in range(45)
    ]
    tickets = list(backlog)
    for monday in mondays():
        week = plan(book, monday, len(backlog))
        tickets += reactive_week(book.rng("tickets", monday), monday, week, backlog)
        tickets += other_tickets(book.rng("other tickets", monday), monday)
    tickets.sort(key=lambda ticket: ticket.opened)
    numbers: dict[date, int] = {}
    stored = []
    for ticket in tickets:
        numbers[ticket.day] = numbers.get(ticket.day, 0) + 1
        ticket_id = store_ticket(book, ticket, f"T{ticket.day:%Y%m%d}.{numbers[ticket.day]:04d}", clients)
        if ticket.deleted is None:
            stored.append((ticket.opened, ticket_id))
    for monday in mondays():
        write_time(book, monday, stored)
    _late_changes(book)


def _late_changes(book: Book) -> None:
    """What `RESTATEMENTS` says, and nothing else, happens to golden week 43 on this side."""
    rng = book.rng("service restatements")
    ada = next(person for person in TECHNICIANS if person.first == "Ada")
    props = internal_work(ada, W43 + timedelta(days=4), Decimal("1.5"), DOCUMENTATION)
    add_entry(book, at(date(2025, 10, 28), 10.5), props, rng)

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
