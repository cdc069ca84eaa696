"""The chat on the website, in Intercom."""

from __future__ import annotations

import math
import random
from datetime import date
from typing import Any

from sandbox.companies.base import DAY, HOUR, Book, at, vanish
from sandbox.companies.cedar_ridge.support.agents import AGENTS, Agent, answered_by
from sandbox.companies.cedar_ridge.support.hours import business_minutes, later
from sandbox.vendors import intercom

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


def write_workspace(book: Book) -> None:
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


def write_conversation(book: Book, rng: random.Random, started: int, mood: float) -> None:
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
    answered = later(started, min(math.exp(rng.gauss(math.log(9), 1.3)) * mood, 900) + 0.3)
    agent = answered_by(rng, answered, chats=True)
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
        snoozed = later(answered, rng.uniform(2, 40))
        wakes = snoozed + round(rng.uniform(1, 9) * DAY)
        talk.step(snoozed, {"state": "snoozed", "snoozed_until": wakes // 1000})
        talk.step(wakes // 1000 * 1000, {"state": "open", "snoozed_until": None})
        answered = wakes // 1000 * 1000
    if rng.random() < 0.012:
        vanish(book, "intercom.conversations", talk.id, answered + round(rng.uniform(0.2, 12) * DAY))
    closed = later(answered, min(math.exp(rng.gauss(math.log(70), 1.1)), 3_000) + 1)
    _close(talk, closed)
    if rng.random() < 0.07:
        again = closed + round(rng.uniform(0.2, 50) * HOUR) // 1000 * 1000
        talk.step(
            again,
            {"open": True, "state": "open"},
            {"count_reopens": 1, "last_contact_reply_at": again // 1000},
        )
        closed = later(again, rng.uniform(5, 400))
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
