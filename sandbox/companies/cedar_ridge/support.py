"""The support side: the mailbox for the clients' users in Zendesk, and the chat on the website in Intercom.

Both are worked by the same people in office hours. Delays are drawn in business minutes and walked over
nights, weekends and holidays, so that calendar and business figures tell different stories; a week's mood
makes some weeks miss the goal of 16 hours.
"""

from __future__ import annotations

import functools
import math
import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sandbox.companies import names
from sandbox.companies.base import (
    DAY,
    DEMO_CLOCK,
    HOLIDAYS,
    HOUR,
    MAIL,
    TECHNICIANS,
    ZONE,
    Book,
    at,
    mondays,
    season,
    vanish,
)
from sandbox.companies.cedar_ridge.directory import CLIENTS
from sandbox.engine.formats import zendesk_time
from sandbox.engine.store import from_ms
from sandbox.vendors import intercom, zendesk

MINUTE = 60_000
OPENS, CLOSES = 8.0, 17.0


@dataclass(frozen=True)
class Agent:
    """Someone who answers in Zendesk, Intercom or both. `weight`: share of the work."""

    number: int
    name: str
    email: str
    role: str
    weight: float
    joined: date = date(2024, 1, 8)
    left: date | None = None
    chats: bool = True


_BY_NAME = {person.last: person for person in TECHNICIANS}
THEO = Agent(1, "Theo Marsh", f"theo.marsh@{MAIL}", "admin", 4)
"""Leads support; he works in no other tool."""
GWEN = Agent(5, "Gwen Pratt", f"gwen.pratt@{MAIL}", "agent", 3, left=date(2025, 5, 16))
"""Left; her tickets stay hers, but no list of agents names her any more."""
AGENTS = (
    THEO,
    Agent(2, "Ada Kowalski", _BY_NAME["Kowalski"].email, "agent", 3),
    Agent(3, "Tom Reyes", _BY_NAME["Reyes"].email, "agent", 2, joined=_BY_NAME["Reyes"].joined, chats=False),
    Agent(4, "Sam Okafor", _BY_NAME["Okafor"].email, "admin", 0.4),
    GWEN,
)


def write_zendesk(book: Book) -> None:
    """Agents, groups and the tickets of the support mailbox."""
    _zendesk_account(book)
    for monday in mondays():
        rng = book.rng("zendesk", monday)
        mood = _mood(book, monday)
        for opened in _arrivals(rng, monday, 29):
            _ticket(book, rng, opened, mood)
    _odd_tickets(book)


def write_intercom(book: Book) -> None:
    """Admins, teams and the conversations of the website's chat."""
    _intercom_account(book)
    for monday in mondays():
        rng = book.rng("intercom", monday)
        mood = _mood(book, monday)
        for started in _arrivals(rng, monday, 17):
            _conversation(book, rng, started, mood)


# ------------------------------------------------------------------ time


def _mood(book: Book, monday: date) -> float:
    """How slow a week is: 1 on average, above 1.6 in one week of six."""
    return math.exp(book.rng("support mood", monday).gauss(-0.05, 0.5))


def _arrivals(rng: random.Random, monday: date, often: float) -> list[int]:
    """Instants at which something comes in: office hours mostly, some evenings, nights and weekends."""
    found = []
    for _ in range(max(round(often * season(monday) + rng.uniform(-4, 4)), 3)):
        hours = (rng.uniform(8, 12), rng.uniform(12, 17), rng.uniform(17, 23.9), rng.uniform(0, 8))
        day = monday + timedelta(days=rng.choices(range(7), (22, 20, 19, 18, 15, 3, 3))[0])
        found.append(at(day, rng.choices(hours, (42, 40, 12, 6))[0]) // 1000 * 1000)
    return sorted(found)


@functools.cache
def _shift(day: date) -> tuple[int, int] | None:
    return (at(day, OPENS), at(day, CLOSES)) if day.weekday() < 5 and day not in HOLIDAYS else None


def _shifts(after: int) -> Iterator[tuple[int, int]]:
    """Office hours from an instant on, as (from, until)."""
    day = from_ms(after).astimezone(ZONE).date()
    while True:
        shift = _shift(day)
        if shift and shift[1] > after:
            yield max(shift[0], after), shift[1]
        day += timedelta(days=1)


def _later(after: int, minutes: float) -> int:
    """The instant at which so many business minutes have passed, to the second."""
    left = minutes * MINUTE
    for begins, ends in _shifts(after):
        if left <= ends - begins:
            return int(begins + left) // 1000 * 1000
        left -= ends - begins
    raise AssertionError("there is always another shift")


def business_minutes(since: int, until: int) -> int:
    """Minutes of office hours between two instants."""
    total = 0
    for begins, ends in _shifts(since):
        if begins >= until:
            break
        total += min(ends, until) - begins
    return total // MINUTE


def _answered_by(rng: random.Random, when: int, *, chats: bool = False) -> Agent:
    day = from_ms(when).astimezone(ZONE).date()
    there = [
        agent
        for agent in AGENTS
        if agent.joined <= day and (agent.left is None or agent.left > day) and (agent.chats or not chats)
    ]
    return rng.choices(there, [agent.weight for agent in there])[0]


# ------------------------------------------------------------------ Zendesk

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


def _zendesk_account(book: Book) -> None:
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


def _ticket(book: Book, rng: random.Random, opened: int, mood: float) -> None:
    ticket = _Ticket(book, rng, opened)
    if rng.random() < 0.04:
        # spam and thank-yous: closed without a word; the reply times stay null
        done = _later(opened, rng.uniform(5, 300))
        ticket.step(done, {"status": "solved"}, {"solved_at": zendesk_time(done), **_resolved(ticket, done)})
        ticket.step(done + 4 * DAY, {"status": "closed"}, silent=True)
        return
    answered = _later(opened, min(math.exp(rng.gauss(math.log(95), 1.15)) * mood, 2_400) + 2)
    agent = _answered_by(rng, answered)
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
        handed = _later(answered, rng.uniform(10, 90))
        ticket.step(handed, {"group_id": _GROUP + 2}, {"group_stations": 2})
        answered = handed
    if rng.random() < 0.08:
        held = _later(answered, rng.uniform(10, 120))
        ticket.step(held, {"status": "hold"})
        answered = _later(held, rng.uniform(200, 2_000))
    if rng.random() < 0.007:
        return  # nobody ever comes back to it
    done = _later(answered, min(math.exp(rng.gauss(math.log(420), 1.2)), 6_000) + 3)
    done = _solve(ticket, rng, done)
    if rng.random() < 0.06:
        again = done + round(rng.uniform(0.5, 60) * HOUR) // 1000 * 1000
        # opened again: the last solving no longer stands
        ticket.metrics.pop("solved_at", None)
        ticket.step(
            again,
            {"status": "open"},
            {"reopens": 1, "full_resolution_time_in_minutes": {"calendar": None, "business": None}},
        )
        done = _solve(ticket, rng, _later(again, rng.uniform(30, 900)))
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
        _solve(ticket, rng, _later(gone + 5 * HOUR, 60))
        return
    ticket.step(gone + 30 * DAY, {"erased": True}, silent=True)


def _odd_tickets(book: Book) -> None:
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
        answered = _later(ticket.opened, 60)
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


# ------------------------------------------------------------------ Intercom

TEAMS = ((9_001, "Website chat"), (9_002, "Sales questions"))
_TITLES = (
    "Pricing",
    "Do you cover our area?",
    "Login to the portal",
    "Outage?",
    "Talk to a person",
    "Partner request",
    "Invoice copy",
    None,
)


def admin_id(agent: Agent) -> int:
    """The Intercom admin of an agent."""
    return 7_387_000 + agent.number


def _intercom_account(book: Book) -> None:
    opened = at(date(2024, 1, 8), 9)
    chatting = [agent for agent in AGENTS if agent.chats]
    for agent in chatting:
        joined = max(opened, at(agent.joined, 9))
        props = {
            "name": agent.name,
            "email": agent.email,
            "away_mode_enabled": False,
            "has_inbox_seat": True,
            "team_ids": [TEAMS[0][0]],
        }
        book.store.add("intercom.admins", admin_id(agent), joined, props)
        if agent.left:
            vanish(book, "intercom.admins", admin_id(agent), at(agent.left, 18))
    for team, name in TEAMS:
        book.store.add(
            "intercom.teams",
            team,
            opened,
            {"name": name, "admin_ids": [admin_id(agent) for agent in chatting]},
        )


_NO_STATISTICS: dict[str, Any] = {
    **dict.fromkeys(intercom.STATISTICS),
    "count_reopens": 0,
    "count_assignments": 0,
    "count_conversation_parts": 1,
}


class _Conversation:
    """A conversation while its life is told."""

    def __init__(self, book: Book, rng: random.Random, started: int, delivered_as: str) -> None:
        self.book, self.started = book, started
        self.id = book.new_id("intercom.conversations", 215_001)
        self.statistics: dict[str, Any] | None = None
        if delivered_as == "customer_initiated":
            self.statistics = dict(
                _NO_STATISTICS, first_contact_reply_at=started // 1000, last_contact_reply_at=started // 1000
            )
        text = rng.choice(_TITLES)
        props = {
            "title": text,
            "created_at": started // 1000,
            "waiting_since": started // 1000,
            "snoozed_until": None,
            "source": {
                "type": rng.choices(("conversation", "email", "facebook", "whatsapp"), (80, 14, 3, 3))[0],
                "delivered_as": delivered_as,
                "subject": "",
                "body": "<p>body-of-a-message</p>",
                "author": {
                    "type": "user",
                    "id": f"66ea{self.id}",
                    "name": "Dee",
                    "email": "visitor@client.example",
                },
                "redacted": False,
            },
            "open": True,
            "state": "open",
            "admin_assignee_id": None,
            "team_assignee_id": TEAMS[0][0],
            "priority": "not_priority",
            "conversation_rating": None,
            "ai_agent_participated": False,
            "ai_agent": None,
        }
        book.store.add("intercom.conversations", self.id, started, self._stamped(started, props))

    def step(self, when: int, change: dict[str, Any], statistics: dict[str, Any] | None = None) -> None:
        if self.statistics is not None and statistics:
            self.statistics |= statistics
        self.book.store.change("intercom.conversations", self.id, when, self._stamped(when, change))

    def _stamped(self, when: int, props: dict[str, Any]) -> dict[str, Any]:
        return props | {
            "updated_at": when // 1000,
            "statistics": None if self.statistics is None else dict(self.statistics),
        }

    def office_seconds(self, until: int) -> int:
        """From the start until an instant, without the hours in which the office is closed."""
        return business_minutes(self.started, until) * 60


def _conversation(book: Book, rng: random.Random, started: int, mood: float) -> None:
    delivered_as = rng.choices(intercom.DELIVERED_AS, (86, 5, 3, 3, 3))[0]
    talk = _Conversation(book, rng, started, delivered_as)
    if delivered_as != "customer_initiated":
        talk.step(started + 2 * DAY, _CLOSED)
        return
    if rng.random() < 0.07:
        # the AI agent settles it alone; no human reply, ever
        talk.step(
            started + 90_000,
            _CLOSED
            | {
                "ai_agent_participated": True,
                "ai_agent": {"resolution_state": "assumed_resolution", "source_type": "workflow"},
            },
            {"first_close_at": (started + 90_000) // 1000, "last_close_at": (started + 90_000) // 1000},
        )
        return
    if rng.random() < 0.03:
        talk.step(
            started + 3 * DAY, _CLOSED, {"last_close_at": (started + 3 * DAY) // 1000}
        )  # the visitor left, nobody answered
        return
    answered = _later(started, min(math.exp(rng.gauss(math.log(9), 1.3)) * mood, 900) + 0.3)
    agent = _answered_by(rng, answered, chats=True)
    seconds = talk.office_seconds(answered)
    talk.step(
        answered,
        {"admin_assignee_id": admin_id(agent), "waiting_since": None},
        {
            "first_admin_reply_at": answered // 1000,
            "last_admin_reply_at": answered // 1000,
            "time_to_admin_reply": seconds,
            "median_time_to_reply": seconds,
            "first_assignment_at": answered // 1000,
            "time_to_assignment": seconds,
            "count_assignments": 1,
            "count_conversation_parts": 3,
        },
    )
    if rng.random() < 0.016:
        # stays open; some of them are deleted one day, which leaves no trace in any answer
        if rng.random() < 0.5:
            vanish(book, "intercom.conversations", talk.id, answered + round(rng.uniform(3, 60) * DAY))
        return
    if rng.random() < 0.1:
        snoozed = _later(answered, rng.uniform(2, 40))
        wakes = snoozed + round(rng.uniform(1, 9) * DAY)
        talk.step(snoozed, {"state": "snoozed", "snoozed_until": wakes // 1000})
        talk.step(wakes // 1000 * 1000, {"state": "open", "snoozed_until": None})
        answered = wakes // 1000 * 1000
    if rng.random() < 0.012:
        vanish(book, "intercom.conversations", talk.id, answered + round(rng.uniform(0.2, 12) * DAY))
    closed = _later(answered, min(math.exp(rng.gauss(math.log(70), 1.1)), 3_000) + 1)
    _close(talk, closed)
    if rng.random() < 0.07:
        again = closed + round(rng.uniform(0.2, 50) * HOUR) // 1000 * 1000
        talk.step(
            again,
            {"open": True, "state": "open"},
            {"count_reopens": 1, "last_contact_reply_at": again // 1000},
        )
        closed = _later(again, rng.uniform(5, 400))
        _close(talk, closed)
    if rng.random() < 0.2:
        said = closed + 3 * HOUR
        rating = {
            "rating": rng.choices((5, 4, 3, 2, 1), (60, 22, 8, 5, 5))[0],
            "remark": "body-of-a-remark",
            "created_at": said // 1000,
        }
        talk.step(said, {"conversation_rating": rating})
    if rng.random() < 0.005:
        talk.step(
            closed + DAY,
            {
                "title": None,
                "source": {"type": "conversation", "delivered_as": delivered_as, "redacted": True},
            },
        )


_CLOSED = {"open": False, "state": "closed", "waiting_since": None}


def _close(talk: _Conversation, closed: int) -> None:
    assert talk.statistics is not None
    first = talk.statistics["first_close_at"] is None
    seconds = talk.office_seconds(closed)
    talk.step(
        closed,
        _CLOSED,
        {
            "last_close_at": closed // 1000,
            "time_to_last_close": seconds,
            "last_closed_by_id": None,
            "handling_time": min(seconds, 2_400),
        }
        | ({"first_close_at": closed // 1000, "time_to_first_close": seconds} if first else {}),
    )
