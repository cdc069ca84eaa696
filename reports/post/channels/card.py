"""What a message into a channel says, whatever the channel."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any


@dataclass(frozen=True)
class Item:
    """A line of the scorecard, or another thing to say. Texts are plain: nothing in them is markup."""

    text: str
    """`▼ Dials: 101, goal 125, 24 short`"""
    details: str = ""
    link: str = ""
    """Where its text leads."""
    answers: Sequence[str] = ()
    """Its note and what is still to be done."""
    ask: str = ""
    """Where its owner writes the note that is missing."""


ASK = "Write why, and what comes next"


@dataclass(frozen=True)
class Part:
    """Things that belong together."""

    heading: str
    items: Sequence[Item]
    more: int = 0
    """How many further ones only the page has."""


@dataclass(frozen=True)
class Picture:
    """A drawing that the channel fetches by its address."""

    address: str
    alt: str


@dataclass(frozen=True)
class Card:
    """The message."""

    subject: str
    """What a notification says."""
    heading: str
    under: str = ""
    headline: str = ""
    warnings: Sequence[str] = ()
    parts: Sequence[Part] = ()
    picture: Picture | None = None
    link: str = ""
    footer: Sequence[str] = ()


@dataclass(frozen=True)
class Post:
    """A message as its webhook takes it."""

    subject: str
    payload: dict[str, Any]

    def __bytes__(self) -> bytes:
        return json.dumps(self.payload, ensure_ascii=False, separators=(",", ":")).encode()


MOST_ITEMS = 100
"""Of a part; no channel takes more."""


def shorter(card: Card) -> Iterator[Card]:
    """The card, then the same with fewer and fewer items: a channel takes the first that fits. The end of the
    longest part goes first, because the most telling items begin it."""
    parts = [_cut(part, MOST_ITEMS) for part in card.parts]
    yield replace(card, parts=tuple(parts))
    while any(part.items for part in parts):
        place = max(range(len(parts)), key=lambda n: len(parts[n].items))
        count = len(parts[place].items)
        parts[place] = _cut(parts[place], count - max(1, count // 10))
        yield replace(card, parts=tuple(parts))


def _cut(part: Part, most: int) -> Part:
    return replace(part, items=part.items[:most], more=part.more + max(0, len(part.items) - most))
