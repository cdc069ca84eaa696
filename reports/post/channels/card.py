"""The content of a message into a channel, for any channel."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any


@dataclass(frozen=True)
class Item:
    """A line of the scorecard, or another item. Texts are plain: nothing in them is markup."""

    text: str
    """`▼ Dials: 101, goal 125, 24 short`"""
    details: str = ""
    link: str = ""
    """The address that its text links to."""
    answers: Sequence[str] = ()
    """Its note and its open actions."""
    ask: str = ""
    """The address where its owner writes the missing note."""


ASK = "Write why, and what comes next"


@dataclass(frozen=True)
class Part:
    """Items that belong together, under a heading."""

    heading: str
    items: Sequence[Item]
    more: int = 0
    """How many more items only the page has."""


@dataclass(frozen=True)
class Picture:
    """A drawing that the channel fetches by address."""

    address: str
    alt: str


@dataclass(frozen=True)
class Card:
    """The message."""

    subject: str
    """The text of a notification."""
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
    """The request to a webhook."""

    subject: str
    payload: dict[str, Any]

    def __bytes__(self) -> bytes:
        return json.dumps(self.payload, ensure_ascii=False, separators=(",", ":")).encode()


MOST_ITEMS = 100
"""The most items of a part; no channel takes more."""


def shorter(card: Card) -> Iterator[Card]:
    """Yield the card, then the same card with fewer and fewer items, so that a channel can take the first
    that fits. Drops the end of the longest part first, because the most telling items come first."""
    parts = [_cut(part, MOST_ITEMS) for part in card.parts]
    yield replace(card, parts=tuple(parts))
    while any(part.items for part in parts):
        place = max(range(len(parts)), key=lambda n: len(parts[n].items))
        count = len(parts[place].items)
        parts[place] = _cut(parts[place], count - max(1, count // 10))
        yield replace(card, parts=tuple(parts))


def _cut(part: Part, most: int) -> Part:
    return replace(part, items=part.items[:most], more=part.more + max(0, len(part.items) - most))
