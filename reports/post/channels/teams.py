"""A card as an Adaptive Card, in the envelope of a Teams workflow. https://learn.microsoft.com/adaptive-cards

Texts are in text runs, which ignore Markdown: they cannot link, mention or format.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from reports.engine.markup import plain
from reports.post.channels.card import ASK, Card, Item, Part, Post, shorter
from reports.words.answers import LONGEST

LARGEST = 28_000
"""The most bytes of a message."""
_SPACED = {"spacing": "Medium"}


def payload(card: Card) -> dict[str, Any]:
    """Return the largest form of the card that fits Teams' limit."""
    made: dict[str, Any] = {}
    for one in shorter(card):
        made = _message(one)
        if len(bytes(Post("", made))) <= LARGEST:
            break
    return made


def _message(card: Card) -> dict[str, Any]:
    content: dict[str, Any] = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "fallbackText": plain(card.subject, 300),
        "msteams": {"width": "Full"},
        "body": list(_body(card)),
    }
    if card.link:
        content["actions"] = [
            {"type": "Action.OpenUrl", "title": "Open the scorecard", "url": card.link},
        ]
    kind = "application/vnd.microsoft.card.adaptive"
    attachment = {"contentType": kind, "contentUrl": None, "content": content}
    return {"type": "message", "summary": plain(card.subject, 300), "attachments": [attachment]}


def _body(card: Card) -> Iterator[dict[str, Any]]:
    yield _row(_run(card.heading, 150, size="Large", weight="Bolder"))
    if card.under:
        yield _row(_run(card.under, 200, isSubtle=True))
    if card.headline:
        yield _row(_run(card.headline, 200, weight="Bolder"), **_SPACED)
    if card.warnings:
        yield _row(_run("Sent with gaps", 40, weight="Bolder", color="Warning"), **_SPACED)
        for text in card.warnings[:10]:
            yield _row(_run(f"! {plain(text, 500)}", 510))
    for part in card.parts:
        if part.items or part.more:
            yield from _part(part)
    if card.picture:
        alt = plain(card.picture.alt, 500)
        yield {"type": "Image", "url": card.picture.address, "altText": alt, "size": "Stretch", **_SPACED}
    for place, text in enumerate(card.footer[:10]):
        yield _row(_run(text, 500, size="Small", isSubtle=True), **({} if place else _SPACED))


def _part(part: Part) -> Iterator[dict[str, Any]]:
    if part.heading:
        yield _row(_run(part.heading, 200, weight="Bolder"), **_SPACED)
    for item in part.items:
        yield _row(*_item(item), spacing="Small")
    if part.more:
        yield _row(_run(f"and {part.more} more", 40, isSubtle=True), spacing="Small")


def _item(item: Item) -> Iterator[dict[str, Any]]:
    yield _run(item.text, 1200, **_leads_to(item.link))
    if item.details:
        yield _run(f"\n{plain(item.details, 600)}", 610, size="Small", isSubtle=True)
    for text in item.answers:
        yield _run(f"\n{plain(text, LONGEST + 100)}", LONGEST + 110, size="Small")
    if item.ask:
        yield _run(f"\n{ASK}", 100, size="Small", **_leads_to(item.ask))


def _leads_to(address: str) -> dict[str, Any]:
    return {"selectAction": {"type": "Action.OpenUrl", "url": address}} if address else {}


def _row(*runs: dict[str, Any], **looks: str) -> dict[str, Any]:
    return {"type": "RichTextBlock", "inlines": list(runs), **looks}


def _run(text: str, most: int, **looks: Any) -> dict[str, Any]:
    line_break = "\n" if text.startswith("\n") else ""
    return {"type": "TextRun", "text": line_break + plain(text, most), **looks}
