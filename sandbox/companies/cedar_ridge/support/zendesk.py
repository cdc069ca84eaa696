"""The mailbox for the clients' users, in Zendesk."""

from __future__ import annotations

import math
import random
from datetime import date
from typing import Any

from sandbox.companies import names
from sandbox.companies.base import DAY, DEMO_CLOCK, HOUR, Book, at
from sandbox.companies.cedar_ridge.directory import CLIENTS
from sandbox.companies.cedar_ridge.support.agents import AGENTS, THEO, Agent, answered_by
from sandbox.companies.cedar_ridge.support.hours import MINUTE, business_minutes, later
from sandbox.engine.formats import zendesk_time
from sandbox.vendors import zendesk

_USER, _GROUP, _CLIENT = 26_363_656_426_200, 26_363_700_000_100, 26_363_800_000_000
"""Ids of Zendesk exceed 32 bits."""
GROUPS = ((1, "End-client support"), (2, "Billing and onboarding"))
_SUBJECTS = (
    *names.TICKET_TITLES,
    "Invoice question",
    "Please add a user",
    "Who do I call after hours?",
    "Quote for a new desk",
    "Thank you",
)
_API_USER = 99


def agent_user_id(agent: Agent) -> int:
    """The Zendesk user of an agent."""
    return _USER + agent.number * 59


def write_account(book: Book) -> None:
    opened = at(date(2024, 1, 8), 9)
    for number, name in GROUPS:
        stamp = zendesk_time(opened)
        props = {
            "name": name,
            "description": "",
            "default": number == 1,
            "deleted": False,
            "created_at": stamp,
            "updated_at": stamp,
        }
        book.store.add("zendesk.groups", _GROUP + number, opened, props)
    login = Agent(_API_USER, "Scoreline", zendesk.CREDENTIALS["ZENDESK_EMAIL"], "admin", 0)
    for agent in (*AGENTS, login):
        joined = max(opened, at(agent.joined, 9))
        stamp = zendesk_time(joined)
        props = {
            "name": agent.name,
            "email": agent.email,
            "role": agent.role,
            "active": True,
            "suspended": False,
            "default_group_id": _GROUP + 1,
            "time_zone": "America/Chicago",
            "phone": "+1 312 555 0100",
            "created_at": stamp,
            "updated_at": stamp,
        }
        book.store.add("zendesk.users", agent_user_id(agent), joined, props)
        if agent.left:
            book.store.change(
                "zendesk.users",
                agent_user_id(agent),
                at(agent.left, 18),
                {"role": "end-user", "updated_at": zendesk_time(at(agent.left, 18))},
            )
    rng = book.rng("zendesk users")
    for number in range(CLIENTS * 2):
        first, last = rng.choice(names.FIRST), rng.choice(names.LAST)
        props = {
            "name": f"{first} {last}",
            "email": f"{first}.{last}{number}@client.example".lower(),
            "role": "end-user",
            "active": True,
            "suspended": False,
            "default_group_id": None,
            "created_at": zendesk_time(opened),
            "updated_at": zendesk_time(opened),
        }
        book.store.add("zendesk.users", _CLIENT + number, opened + number, props)


_NO_METRICS: dict[str, Any] = {
    "reopens": 0,
    "replies": 0,
    "group_stations": 1,
    "assignee_stations": 0,
    **dict.fromkeys(zendesk.DURATIONS, {"calendar": None, "business": None}),
    "on_hold_time_in_minutes": {"calendar": 0, "business": 0},
}


class _Ticket:
    """A ticket while its life is told: every step moves `generated_timestamp`, and what people do moves
    `updated_at` too."""

    def __init__(self, book: Book, rng: random.Random, opened: int) -> None:
        self.book, self.opened = book, opened
        self.id = book.new_id("zendesk.tickets", 40_001)
        self.metrics = dict(_NO_METRICS, created_at=zendesk_time(opened))
        client = rng.randrange(CLIENTS)
        channel = rng.choices(("email", "web", "api", "voice"), (74, 16, 6, 4))[0]
        props = {
            "status": "new",
            "priority": rng.choice((None, "low", "normal", "normal", "high", "urgent")),
            "type": rng.choice((None, "question", "incident", "problem", "task")),
            "subject": rng.choice(_SUBJECTS) if rng.random() < 0.985 else None,
            "description": "body-of-a-ticket",
            "requester_id": _CLIENT + client * 2 + rng.randrange(2),
            # now and then the company writes first
            **({"submitter_id": agent_user_id(AGENTS[0])} if self.id % 40 == 0 else {}),
            "assignee_id": None,
            "group_id": _GROUP + 1,
            "organization_id": None if rng.random() < 0.04 else _CLIENT + 500_000 + client,
            "custom_status_id": None,
            "via": {"channel": channel, "source": {"from": {}, "to": {}, "rel": None}},
            "satisfaction_rating": {"score": "unoffered"},
            "created_at": zendesk_time(opened),
        }
        book.store.add("zendesk.tickets", self.id, opened, self._stamped(opened, props))

    def step(
        self,
        when: int,
        change: dict[str, Any],
        metrics: dict[str, Any] | None = None,
        *,
        silent: bool = False,
    ) -> None:
        """A later version. `silent`: the system did it, `updated_at` stays."""
        if metrics:
            self.metrics |= metrics
        self.book.store.change("zendesk.tickets", self.id, when, self._stamped(when, change, silent=silent))

    def _stamped(self, when: int, props: dict[str, Any], *, silent: bool = False) -> dict[str, Any]:
        stamps = {"generated_timestamp": when // 1000} | (
            {} if silent else {"updated_at": zendesk_time(when)}
        )
        return props | stamps | {"metric_set": dict(self.metrics, updated_at=zendesk_time(when))}

    def minutes(self, until: int) -> dict[str, int]:
        """From opening until an instant."""
        return {"calendar": (until - self.opened) // MINUTE, "business": business_minutes(self.opened, until)}


def write_ticket(book: Book, rng: random.Random, opened: int, mood: float) -> None:
    ticket = _Ticket(book, rng, opened)
    if rng.random() < 0.04:
        # spam and thank-yous: closed without a word; the reply times stay null
        done = later(opened, rng.uniform(5, 300))
        ticket.step(done, {"status": "solved"}, {"solved_at": zendesk_time(done), **_resolved(ticket, done)})
        ticket.step(done + 4 * DAY, {"status": "closed"}, silent=True)
        return
    answered = later(opened, min(math.exp(rng.gauss(math.log(95), 1.15)) * mood, 2_400) + 2)
    agent = answered_by(rng, answered)
    assigned = opened + (answered - opened) // 3 // 1000 * 1000
    ticket.step(
        assigned,
        {"status": "open", "assignee_id": agent_user_id(agent)},
        {
            "assigned_at": zendesk_time(assigned),
            "initially_assigned_at": zendesk_time(assigned),
            "assignee_stations": 1,
        },
    )
    waits = rng.random() < 0.55
    ticket.step(
        answered,
        {"status": "pending" if waits else "open"},
        {
            "replies": 1,
            "reply_time_in_minutes": ticket.minutes(answered),
            "latest_comment_added_at": zendesk_time(answered),
        },
    )
    if rng.random() < 0.05:
        handed = later(answered, rng.uniform(10, 90))
        ticket.step(handed, {"group_id": _GROUP + 2}, {"group_stations": 2})
        answered = handed
    if rng.random() < 0.08:
        held = later(answered, rng.uniform(10, 120))
        ticket.step(held, {"status": "hold"})
        answered = later(held, rng.uniform(200, 2_000))
    if rng.random() < 0.007:
        return  # nobody ever comes back to it
    done = later(answered, min(math.exp(rng.gauss(math.log(420), 1.2)), 6_000) + 3)
    done = _solve(ticket, rng, done)
    if rng.random() < 0.06:
        again = done + round(rng.uniform(0.5, 60) * HOUR) // 1000 * 1000
        # opened again: the last solving no longer holds
        ticket.metrics.pop("solved_at", None)
        ticket.step(
            again,
            {"status": "open"},
            {"reopens": 1, "full_resolution_time_in_minutes": {"calendar": None, "business": None}},
        )
        done = _solve(ticket, rng, later(again, rng.uniform(30, 900)))
    if rng.random() < 0.022:
        _delete(ticket, rng, done)
        return
    ticket.step(done + 4 * DAY, {"status": "closed"}, silent=True)


def _resolved(ticket: _Ticket, done: int) -> dict[str, Any]:
    minutes = ticket.minutes(done)
    first = ticket.metrics["first_resolution_time_in_minutes"]
    return {
        "full_resolution_time_in_minutes": minutes,
        "first_resolution_time_in_minutes": minutes if first["calendar"] is None else first,
    }


def _solve(ticket: _Ticket, rng: random.Random, done: int) -> int:
    ticket.step(
        done,
        {"status": "solved"},
        {
            "solved_at": zendesk_time(done),
            "replies": ticket.metrics["replies"] + 1,
            **_resolved(ticket, done),
        },
    )
    if rng.random() < 0.35:
        asked = done + DAY
        ticket.step(asked, {"satisfaction_rating": {"score": "offered"}})
        if rng.random() < 0.7:
            said = asked + round(rng.uniform(0.2, 20) * HOUR) // 1000 * 1000
            score = "good" if rng.random() < 0.9 else "bad"
            ticket.step(
                said,
                {"satisfaction_rating": {"score": score, "id": ticket.id, "comment": "body-of-a-comment"}},
            )
            return said
        return asked
    return done


def _delete(ticket: _Ticket, rng: random.Random, after: int) -> None:
    """Deleted by an agent, erased for good a month later; one in four is restored before that."""
    gone = after + round(rng.uniform(0.1, 3) * DAY) // 1000 * 1000
    ticket.step(gone, {"status": "deleted"})
    if rng.random() < 0.25:
        ticket.step(gone + 5 * HOUR, {"status": "open"})
        _solve(ticket, rng, later(gone + 5 * HOUR, 60))
        return
    ticket.step(gone + 30 * DAY, {"erased": True}, silent=True)


def write_odd_tickets(book: Book) -> None:
    """A sample ticket from the first day, unusual subjects in the newest golden week, and an archived ticket
    without its metrics."""
    rng = book.rng("zendesk oddities")
    sample = _Ticket(book, rng, at(date(2024, 7, 1), 9))
    sample.step(
        sample.opened,
        {"subject": "SAMPLE TICKET: Meet the ticket", "via": {"channel": "sample_ticket", "source": {}}},
    )
    for number, text in enumerate(names.UNUSUAL_TEXTS):
        ticket = _Ticket(book, rng, at(date(2025, 10, 21), 9 + number * 0.25))
        ticket.step(ticket.opened, {"subject": text, "priority": None})
        answered = later(ticket.opened, 60)
        ticket.step(
            answered,
            {"status": "open", "assignee_id": agent_user_id(THEO), "via": None, "satisfaction_rating": None},
            {"replies": 1, "reply_time_in_minutes": ticket.minutes(answered)},
        )
    old = next(iter(book.store.tables["zendesk.tickets"]))
    book.store.change(
        "zendesk.tickets",
        old,
        DEMO_CLOCK + 5 * HOUR,
        {"generated_timestamp": (DEMO_CLOCK + 5 * HOUR) // 1000, "metric_set": None},
    )
