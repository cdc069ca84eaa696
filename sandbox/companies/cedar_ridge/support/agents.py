"""Who answers in Zendesk and Intercom."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import date

from sandbox.companies.base import MAIL, TECHNICIANS, ZONE
from sandbox.engine.store import from_ms


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


def answered_by(rng: random.Random, when: int, *, chats: bool = False) -> Agent:
    day = from_ms(when).astimezone(ZONE).date()
    there = [
        agent
        for agent in AGENTS
        if agent.joined <= day and (agent.left is None or agent.left > day) and (agent.chats or not chats)
    ]
    return rng.choices(there, [agent.weight for agent in there])[0]
