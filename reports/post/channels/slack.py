"""A card in Slack's Block Kit. https://docs.slack.dev/reference/block-kit

Texts of vendors and people are escaped, so that they cannot link or mention anyone (`<!channel>`). `verbatim`
stops Slack from turning links and names in them into markup.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from reports.engine.markup import plain
from reports.post.channels.card import ASK, Card, Item, Part, shorter
from reports.words.answers import LONGEST

MOST_BLOCKS = 50
LONGEST_TEXT = 3000
LONGEST_HEADER = 150
_LONGEST_ITEM = 500
"""The most characters of an item's text, so that an item with note and actions fits into a block."""
_ENTITY = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
_LOOKALIKE = {"*": "∗", "~": "∼", "`": "ʹ"}
"""mrkdwn has no escape for its formatting characters."""


def payload(card: Card) -> dict[str, Any]:
    """Return the largest form of the card that fits Slack's limits."""
    blocks: list[dict[str, Any]] = []
    for one in shorter(card):
        blocks = list(_blocks(one))
        if len(blocks) <= MOST_BLOCKS:
            break
    return {"text": escaped(card.subject, 300), "blocks": blocks[:MOST_BLOCKS], "unfurl_links": False}


def escaped(text: str, most: int) -> str:
    """Return a text on one line, escaped for mrkdwn, of at most `most` characters including entities."""
    size = most
    while len(found := _escaped(plain(text, size))) > most:
        size -= max(1, (len(found) - most) // len("&amp;"))
    return found


def _escaped(text: str) -> str:
    text = re.sub(r"[&<>]", lambda sign: _ENTITY[sign[0]], text)
    text = re.sub(r"[*~`]", lambda sign: _LOOKALIKE[sign[0]], text)
    return re.sub(r"(?<!\w)_|_(?!\w)", "＿", text)


def _blocks(card: Card) -> Iterator[dict[str, Any]]:
    yield {"type": "header", "text": _plain_text(card.heading)}
    if card.under or card.headline:
        headline = f"*{escaped(card.headline, 200)}*" if card.headline else ""
        yield _section("\n".join(filter(None, (headline, escaped(card.under, 200)))))
    if card.warnings:
        yield from _texts("*Sent with gaps*", [f"! {escaped(text, 500)}" for text in card.warnings])
    for part in card.parts:
        if part.items or part.more:
            yield from _part(part)
    if card.picture:
        alt = plain(card.picture.alt, 1900)
        yield {"type": "image", "image_url": card.picture.address, "alt_text": alt}
    if card.link:
        button = {"type": "button", "text": _plain_text("Open the scorecard"), "url": card.link}
        yield {"type": "actions", "elements": [button]}
    if card.footer:
        elements = [_text(escaped(text, 500)) for text in card.footer[:10]]
        yield {"type": "context", "elements": elements}


def _part(part: Part) -> Iterator[dict[str, Any]]:
    rows = [_item(item) for item in part.items]
    if part.more:
        rows.append(f"and {part.more} more")
    return _texts(f"*{escaped(part.heading, 200)}*" if part.heading else "", rows)


def _item(item: Item) -> str:
    below = [escaped(item.details, 600), *(escaped(text, LONGEST + 100) for text in item.answers)]
    if item.ask:
        below.append(_linked(ASK, item.ask))
    texts = [_linked(escaped(item.text, _LONGEST_ITEM), item.link), *filter(None, below)]
    return "\n    ".join(texts)


def _linked(text: str, address: str) -> str:
    # an address with one of these would end the link
    return f"<{address}|{text}>" if address and not re.search(r"[<>|\s]", address) else text


def _texts(heading: str, rows: list[str]) -> Iterator[dict[str, Any]]:
    """Return rows as few sections, each within Slack's limit."""
    held = heading
    for row in rows:
        if len(held) + 1 + len(row) > LONGEST_TEXT:
            yield _section(held)
            held = row
        else:
            held = f"{held}\n{row}" if held else row
    if held:
        yield _section(held)


def _section(text: str) -> dict[str, Any]:
    return {"type": "section", "text": _text(text)}


def _text(text: str) -> dict[str, Any]:
    return {"type": "mrkdwn", "text": text[:LONGEST_TEXT], "verbatim": True}


def _plain_text(text: str) -> dict[str, Any]:
    return {"type": "plain_text", "text": plain(text, LONGEST_HEADER), "emoji": False}
